//! The status of a commit, beside the comment.

use serde_json::json;

use super::{HEAD, Lab, report};

#[test]
fn a_status_says_what_the_comment_says_first() {
    let Some(lab) = Lab::github() else { return };
    let run = lab.run(
        "comment --status failure",
        &report("1 change, 2 \\(held\\)."),
    );
    run.success()
        .says("comment created")
        .says(&format!("status driftlock set to failure: {HEAD}"));
    let expected = json!({
        "state": "failure",
        "context": "driftlock",
        "description": "1 change, 2 (held).",
        "target_url": "https://github.com/o/r/actions/runs/99",
    });
    assert_eq!(
        lab.fake.with(|github| github.statuses.clone()),
        [(HEAD.to_owned(), expected)]
    );
}

#[test]
fn a_state_may_be_an_exit_code() {
    let Some(lab) = Lab::github() else { return };
    let states = [
        ("success", "success"),
        ("pending", "pending"),
        ("error", "error"),
        ("0", "success"),
        ("1", "error"),
        ("2", "failure"),
        ("3", "failure"),
        ("4", "error"),
    ];
    for (given, _) in states {
        lab.run(
            &format!("comment --status {given} --context a/b"),
            &report("x"),
        )
        .success();
    }
    let set = lab.fake.with(|github| github.statuses.clone());
    let set: Vec<_> = set
        .iter()
        .map(|(_, body)| body["state"].as_str().unwrap())
        .collect();
    assert_eq!(set, states.map(|(_, state)| state));
    lab.run("comment --status maybe", &report("x")).exits(64);
    lab.run("comment --context x", &report("x")).exits(64);
}

#[test]
fn a_long_summary_is_cut() {
    let Some(lab) = Lab::github() else { return };
    let long = "ä".repeat(200);
    lab.run("comment --status success", &report(&long))
        .success();
    let said = lab
        .fake
        .with(|github| github.statuses[0].1["description"].clone());
    assert_eq!(said, format!("{}…", "ä".repeat(139)));
}

#[test]
fn the_commit_is_asked_for_where_the_job_does_not_say_it() {
    let Some(mut lab) = Lab::github() else { return };
    lab.set("GITHUB_EVENT_PATH", "nowhere.json");
    lab.run("comment --status success", &report("x")).success();
    let lines = lab.lines();
    assert_eq!(
        lines[2..],
        [
            "GET /repos/o/r/pulls/7".to_owned(),
            format!("POST /repos/o/r/statuses/{HEAD}")
        ]
    );
    let other = "a".repeat(40);
    lab.run(
        &format!("comment --status success --commit {other}"),
        &report("x"),
    )
    .success();
    assert_eq!(
        lab.lines().last().unwrap(),
        &format!("POST /repos/o/r/statuses/{other}")
    );
}

#[test]
fn a_commit_is_named_whole() {
    let Some(lab) = Lab::github() else { return };
    let letters = "g".repeat(40);
    for odd in ["HEAD", "6dcb09b", "../../../user", &letters] {
        lab.run(
            &format!("comment --status success --commit {odd}"),
            &report("x"),
        )
        .exits(64)
        .says("--commit takes the whole name of a commit");
    }
    assert_eq!(lab.asked().len(), 0);
}

#[test]
fn a_refused_status_is_told_after_the_comment() {
    let Some(lab) = Lab::github() else { return };
    lab.fake.with(|github| {
        github
            .accounts
            .values_mut()
            .for_each(|account| account.statuses = false);
    });
    lab.run("comment --status success", &report("x"))
        .exits(1)
        .says("comment created")
        .says("cannot set the status of commit 6dcb09b5 of o/r on GitHub: this token may not do that (403)")
        .says("statuses: write");
    let gone = format!("dead{}", "0".repeat(36));
    lab.fake.with(|github| {
        github
            .accounts
            .values_mut()
            .for_each(|account| account.statuses = true);
    });
    lab.run(
        &format!("comment --status success --commit {gone}"),
        &report("x"),
    )
    .exits(1)
    .says("refused as it is (422)")
    .says("is it pushed?");
}

#[test]
fn gitlab_has_words_of_its_own() {
    let lab = Lab::gitlab();
    for given in ["success", "failure", "error", "pending", "pending"] {
        lab.run(&format!("comment --status {given}"), &report("1 change."))
            .success()
            .says(&format!("set to {given}"));
    }
    let set = lab.fake.with(|gitlab| gitlab.statuses.clone());
    let states: Vec<_> = set
        .iter()
        .map(|(_, body)| body["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        ["success", "failed", "failed", "pending"],
        "one that waits cannot wait again"
    );
    let expected = json!({
        "state": "success",
        "name": "driftlock",
        "description": "1 change.",
        "target_url": "https://gitlab.example/g/r/-/jobs/3",
    });
    assert_eq!(set[0], (HEAD.to_owned(), expected));
}

#[test]
fn other_refusals_of_gitlab_are_refusals() {
    let lab = Lab::gitlab();
    let other = super::fake::Answer::new(400, json!({ "message": { "state": ["c4nary"] } }));
    lab.fake.refuse("POST", "/statuses", 1, &other);
    lab.run("comment --status pending", &report("x"))
        .exits(1)
        .says("refused as it is (400)");
}
