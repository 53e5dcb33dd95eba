//! A pull request is reviewed: checked and shown, without an identity or a token of a platform.

use super::WORKFLOWS;
use super::lab::{Lab, hides_secrets};
use super::runner::{Github, Job};

fn review(github: &Github<'_>) -> Job {
    github.run(WORKFLOWS[0]).remove("review").unwrap()
}

#[test]
fn a_pull_request_is_checked_and_shown_without_any_secret() {
    let Some(lab) = Lab::new() else { return };
    lab.branch("feature");
    lab.set("c4naryTwoLong");
    let base = lab.world.git("rev-parse origin/main").stdout;
    let github = Github::pull_request(&lab, "feature");
    lab.calls();
    let job = review(&github);
    assert!(job.ran && !job.failed, "{job:?}");
    let calls = lab.calls();
    let [check, diff, comment] = &calls[..] else {
        panic!("{calls:?}")
    };
    // nothing after the last word: no secret could be seen
    assert!(
        check.starts_with("[check] [--report] [annotations="),
        "{check}"
    );
    assert!(check.ends_with("[--report] [summary] [--]"), "{check}");
    let range = format!("{}...HEAD", base.trim());
    assert_eq!(*diff, format!("[diff] [{range}] [--markdown] [--]"));
    assert!(comment.starts_with("[comment] [/"), "{comment}");
    assert!(
        comment.ends_with("driftlock/report.md] GITHUB_TOKEN"),
        "{comment}"
    );
    assert!(job.summary.contains("driftlock:diff "), "{job:?}");
    assert!(lab.comments().starts_with("<!-- driftlock:diff "));
    for text in [&job.log, &job.summary, &lab.comments()] {
        hides_secrets(text);
    }
    // the live value is nobody's business here
    assert_eq!(lab.live(), "TOKEN=c4naryOneLong\nLOG=x\n");
}

#[test]
fn a_broken_manifest_is_annotated_and_fails_the_review() {
    let Some(lab) = Lab::new() else { return };
    lab.branch("feature");
    lab.world
        .write("manifests/other.yaml", "driftlock: 1\nname: [\n");
    lab.world.git("add -A");
    lab.world.git("commit -qm broken");
    let github = Github::pull_request(&lab, "feature");
    let job = review(&github);
    assert!(job.failed, "{job:?}");
    let error = |line: &String| line.starts_with("error ");
    assert!(job.obeyed.iter().any(error), "{job:?}");
}

#[test]
fn a_comment_can_be_left_out() {
    let Some(lab) = Lab::new() else { return };
    lab.branch("feature");
    lab.set("c4naryTwoLong");
    let mut github = Github::pull_request(&lab, "feature");
    github.inputs =
        serde_json::json!({ "comment": false, "manifests": "manifests/dev.yaml\nmanifests" });
    lab.calls();
    let job = review(&github);
    assert!(!job.failed, "{job:?}");
    let calls = lab.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    for call in calls {
        assert!(
            call.ends_with("[--] [manifests/dev.yaml] [manifests]"),
            "{call}"
        );
    }
    assert!(job.summary.contains("driftlock:diff "));
}

#[test]
fn a_server_that_does_not_say_which_driftlock_is_refused() {
    let Some(lab) = Lab::new() else { return };
    for commit in ["", "main", "refs/pull/1/merge", "0123456789ABCDEF"] {
        let mut github = Github::pull_request(&lab, "feature");
        github.workflow_commit = commit;
        lab.calls();
        let job = review(&github);
        assert!(job.failed, "{job:?}");
        assert!(job.used.is_empty(), "{job:?}");
        assert!(
            job.obeyed[0].contains("set driftlock-revision to a commit"),
            "{job:?}"
        );
        assert!(lab.calls().is_empty());
    }
    // a copy of the workflow says it itself
    let mut github = Github::pull_request(&lab, "feature");
    github.workflow_commit = "";
    github.inputs = serde_json::json!({
        "driftlock-repository": "example/driftlock",
        "driftlock-revision": super::runner::DRIFTLOCK,
    });
    assert!(!review(&github).failed);
}
