"""Uses a GitLab the way its users do, with a client that is not ours: python-gitlab."""

import sys

import gitlab

address, token, head, bot = sys.argv[1:]
forge = gitlab.Gitlab(address, private_token=token, retry_transient_errors=False)
forge.auth()
assert forge.user.id == int(bot), forge.user

project = forge.projects.get(5, lazy=True)
request = project.mergerequests.get(11)
assert (request.iid, request.sha, request.state) == (11, head, "opened"), request

notes = request.notes.list(get_all=True, per_page=100, sort="asc")
assert [note.body for note in notes] == [str(number) for number in range(250)], len(notes)

note = request.notes.create({"body": "by another client"})
note.body = "changed"
note.save()
assert request.notes.list(get_all=True, sort="asc")[-1].body == "changed"

try:
    stranger = notes[0]
    stranger.body = "mine"
    stranger.save()
    raise SystemExit("somebody else's note was changed")
except gitlab.GitlabUpdateError as error:
    assert error.response_code == 403, error

commit = project.commits.get(head, lazy=True)
assert [one["iid"] for one in commit.merge_requests()] == [11]
status = commit.statuses.create({"state": "success", "name": "other", "description": "x"})
assert status.status == "success", status

try:
    project.mergerequests.get(12)
    raise SystemExit("a merge request that is not there")
except gitlab.GitlabGetError as error:
    assert error.response_code == 404, error
print("ok")
