//! The same on GitLab.

use super::fake::gitlab::{Account, BOT};
use super::fake::{Answer, Rule};
use super::{HEAD, LAB_TOKEN, Lab, report};
use crate::probe::server::Reply;

const LIST: &str =
    "GET /projects/5/merge_requests/11/notes?sort=asc&order_by=created_at&per_page=100&page=1";
const POST: &str = "POST /projects/5/merge_requests/11/notes";
const WHO: &str = "GET /user";

#[test]
fn written_once_and_kept_up_to_date() {
    let lab = Lab::gitlab();
    lab.post("1 change.")
        .success()
        .says("comment created: https://gitlab.example/g/r/-/merge_requests/11#note_301");
    assert_eq!(lab.lines(), [LIST, POST]);
    lab.post("2 changes.")
        .success()
        .says("comment updated: https://gitlab.example/g/r/-/merge_requests/11#note_301");
    let update = "PUT /projects/5/merge_requests/11/notes/301";
    assert_eq!(lab.lines(), [LIST, WHO, update]);
    lab.post("2 changes.").success().says("comment unchanged");
    assert_eq!(lab.lines(), [LIST, WHO]);
    assert_eq!(lab.bodies(), [report("2 changes.").trim_end()]);
}

#[test]
fn only_ours_among_three_hundred() {
    let lab = Lab::gitlab();
    lab.fake.with(|gitlab| {
        for number in 0..299 {
            gitlab.write(7, &report("a stranger's"));
            gitlab.notes[number].system = number % 2 == 0;
        }
        gitlab.write(BOT, &report("old."));
    });
    lab.post("new.")
        .success()
        .says("comment updated")
        .says("#note_600");
    let lines = lab.lines();
    assert_eq!(lines.len(), 5, "three pages, who we are, one update");
    assert_eq!(lines[2], LIST.replace("&page=1", "&page=3"));
    lab.fake.with(|gitlab| {
        assert!(gitlab.notes[..299].iter().all(|note| note.edits == 0));
        assert_eq!(gitlab.notes.len(), 300);
    });
}

#[test]
fn a_page_that_does_not_name_its_successor_is_an_error() {
    let lab = Lab::gitlab();
    for next in [
        None,
        Some("1"),
        Some("0"),
        Some("x"),
        Some("https://evil.example/?page=2"),
    ] {
        let answer = Answer::new(200, serde_json::json!([]));
        let answer = match next {
            Some(next) => answer.with("x-next-page", next),
            None => answer,
        };
        lab.fake.refuse("GET", "/notes", 1, &answer);
        lab.post("x")
            .exits(1)
            .says("it does not say which page is the next one");
        assert_eq!(lab.lines(), [LIST], "{next:?}");
    }
}

#[test]
fn no_line_of_a_text_is_an_order_to_gitlab() {
    let lab = Lab::gitlab();
    let text = report("1 change.") + "\n/merge\n  /approve\n- /x\n";
    for outcome in ["created", "unchanged"] {
        lab.run("comment", &text)
            .success()
            .says(&format!("comment {outcome}"));
    }
    let body = &lab.bodies()[0];
    assert!(body.ends_with("\n\\/merge\n  \\/approve\n- /x"), "{body}");
}

#[test]
fn refusals_say_what_is_needed() {
    let mut lab = Lab::gitlab();
    lab.fake.with(|gitlab| {
        let reader = Account {
            id: BOT,
            writes: false,
        };
        gitlab.accounts.insert(LAB_TOKEN.to_owned(), reader);
    });
    lab.post("x")
        .exits(1)
        .says("cannot post the comment of merge request 11 of project 5 on GitLab: this token may not do that (403)")
        .says("the scope api");
    lab.run("comment --number 12", &report("x"))
        .exits(1)
        .says("merge request 12 of project 5")
        .says("not found (404)");
    lab.set("DRIFTLOCK_GITLAB_TOKEN", "")
        .set("GITLAB_TOKEN", "c4nary-old");
    lab.post("x")
        .exits(1)
        .says("the token is not taken (401)")
        .says("project access token");
    lab.set("GITLAB_TOKEN", "");
    lab.asked();
    lab.post("x")
        .exits(1)
        .says("there is no token for GitLab")
        .says("CI_JOB_TOKEN may read comments, and not write them");
    assert_eq!(lab.asked().len(), 0, "the job's token is sent nowhere");
}

#[test]
fn the_merge_request_of_a_fork() {
    let mut lab = Lab::gitlab();
    lab.set("CI_PROJECT_ID", "99")
        .set("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "99")
        .set("DRIFTLOCK_GITLAB_TOKEN", "");
    lab.post("x")
        .success()
        .says("comes from a fork")
        .says("the text was not posted");
    assert_eq!(lab.asked().len(), 0);
    lab.set("DRIFTLOCK_GITLAB_TOKEN", LAB_TOKEN);
    lab.post("x").success().says("comment created");
    assert_eq!(
        lab.lines(),
        [LIST, POST],
        "in the project that it is to go into"
    );
}

#[test]
fn a_push_belongs_to_its_merge_request() {
    let mut lab = Lab::gitlab();
    lab.set("CI_MERGE_REQUEST_IID", "")
        .set("CI_PIPELINE_SOURCE", "push");
    lab.post("x").success().says("comment created");
    let merged = "2222222222222222222222222222222222222222";
    lab.set("CI_COMMIT_SHA", merged);
    lab.post("x")
        .exits(1)
        .says("commit 22222222 of project 5 came in by no merge request");
    lab.fake.with(|gitlab| gitlab.merged = Some(merged));
    lab.run("comment --status success", &report("x"))
        .success()
        .says("comment unchanged");
    assert_eq!(
        lab.lines().last().unwrap(),
        &format!("POST /projects/5/statuses/{merged}")
    );
    lab.set("CI_PIPELINE_SOURCE", "schedule");
    lab.post("x")
        .exits(1)
        .says("this job was started by `schedule`");
}

#[test]
fn flags_may_name_the_project_by_its_path() {
    let mut lab = Lab::gitlab();
    lab.set("GITLAB_CI", "");
    lab.run(
        "comment --forge gitlab --repository g/r --number 11 --status success",
        &report("x"),
    )
    .success()
    .says("comment created: 301 on merge request 11");
    let lines = lab.lines();
    assert_eq!(lines[1], "POST /projects/g%2Fr/merge_requests/11/notes");
    assert_eq!(
        lines[2..],
        [
            "GET /projects/g%2Fr/merge_requests/11".to_owned(),
            format!("POST /projects/g%2Fr/statuses/{HEAD}")
        ]
    );
}

#[test]
fn a_note_without_an_answer_is_found_and_not_repeated() {
    let lab = Lab::gitlab();
    lab.fake.rule(Rule {
        method: "POST",
        part: "/notes",
        acts: true,
        reply: Reply::Raw(""),
        times: 1,
    });
    lab.post("1 change.").success().says("comment created");
    assert_eq!(lab.lines(), [LIST, POST, LIST, WHO]);
    assert_eq!(lab.bodies().len(), 1);
}

/// What we are tested against is a GitLab to a client that is not ours, too.
#[test]
fn a_client_of_others_understands_this_gitlab() {
    let Some(python) = crate::support::peers::installed("venv/bin/python") else {
        return;
    };
    let lab = Lab::gitlab();
    lab.fake.with(|gitlab| {
        for number in 0..250 {
            gitlab.write(7, &number.to_string());
        }
    });
    let output = std::process::Command::new(python)
        .args(["-c", include_str!("strangers.py")])
        .args([&lab.fake.address(), LAB_TOKEN, HEAD, &BOT.to_string()])
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(lab.fake.wrong(), [""; 0]);
}
