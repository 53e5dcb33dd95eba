//! A forge that says no: one clear error each, with what to do.

use super::fake::Answer;
use super::{Lab, report};

/// The answer to the first reading request, the words that say it, and what helps.
const READING: [(u16, &str, &str); 6] = [
    (401, "the token is not taken (401)", "${{ github.token }}"),
    (
        403,
        "this token may not do that (403)",
        "pull-requests: write",
    ),
    (
        404,
        "not found (404), or this token may not see it",
        "--repository and --number",
    ),
    (410, "not found (410)", "--repository and --number"),
    (422, "the request was refused as it is (422)", ""),
    (418, "an answer with status 418", "GITHUB_API_URL"),
];

#[test]
fn each_status_has_its_words() {
    let Some(lab) = Lab::github() else { return };
    for (status, words, help) in READING {
        lab.fake
            .refuse("GET", "/comments", 1, &Answer::error(status, "c4nary"));
        lab.post("1 change.")
            .exits(1)
            .says("error: cannot list the comments of pull request 7 of o/r on GitHub")
            .says(words)
            .says(help);
        assert_eq!(
            lab.asked().len(),
            1,
            "{status} is not tried again, and nothing is posted"
        );
    }
    assert_eq!(lab.bodies(), [""; 0]);
}

#[test]
fn a_refused_post_is_not_repeated() {
    let Some(lab) = Lab::github() else { return };
    for (status, words) in [
        (401, "(401)"),
        (404, "(404)"),
        (422, "(422)"),
        (403, "(403)"),
    ] {
        lab.fake
            .refuse("POST", "/comments", 1, &Answer::error(status, "c4nary"));
        lab.post("1 change.")
            .exits(1)
            .says("cannot post the comment of pull request 7 of o/r on GitHub")
            .says(words);
        assert_eq!(lab.asked().len(), 2, "{status}");
    }
}

#[test]
fn a_locked_conversation_is_said() {
    let Some(lab) = Lab::github() else { return };
    lab.fake.with(|github| github.locked = true);
    lab.post("1 change.")
        .exits(1)
        .says("the conversation is locked (403)")
        .says("unlock");
}

#[test]
fn a_token_that_is_taken_for_nothing_is_said() {
    let Some(mut lab) = Lab::github() else { return };
    lab.set("GITHUB_TOKEN", "c4nary-expired");
    lab.post("1 change.")
        .exits(1)
        .says("the token is not taken (401)");
    lab.set("GITHUB_TOKEN", "c4nary\nwith a line");
    lab.post("1 change.")
        .exits(1)
        .says("the token given for GitHub cannot be one");
    lab.set("GITHUB_TOKEN", "  ");
    lab.post("1 change.")
        .exits(1)
        .says("there is no token for GitHub: neither GITHUB_TOKEN nor GH_TOKEN is set")
        .says("permissions: pull-requests: write");
    assert_eq!(lab.asked().len(), 1);
}

#[test]
fn who_we_are_must_be_known_before_anything_is_updated() {
    let Some(lab) = Lab::github() else { return };
    lab.post("1 change.").success();
    lab.asked();
    lab.fake
        .refuse("POST", "/graphql", 1, &Answer::error(403, "c4nary"));
    lab.post("2 changes.")
        .exits(1)
        .says("cannot ask whose token it is on GitHub");
    let nothing = serde_json::json!({ "data": null, "errors": [{ "message": "c4nary" }] });
    lab.fake
        .refuse("POST", "/graphql", 1, &Answer::new(200, nothing));
    lab.post("2 changes.")
        .exits(1)
        .says("the answer cannot be used: it holds no data");
    assert_eq!(
        lab.bodies(),
        [report("1 change.").trim_end()],
        "no second comment, no update"
    );
}

#[test]
fn a_pull_request_that_is_not_there() {
    let Some(lab) = Lab::github() else { return };
    lab.run("comment --number 8", &report("x"))
        .exits(1)
        .says("pull request 8 of o/r")
        .says("not found (404)");
}
