//! The review's comment, posted by the binary itself to a forge that keeps to what GitHub publishes.

use serde_json::json;

use super::WORKFLOWS;
use super::lab::{Lab, hides_secrets};
use super::runner::Github;
use crate::forge::HEAD;
use crate::forge::fake::github::{GitHub, JOB};

#[test]
fn a_review_is_one_comment_that_is_kept_up_to_date() {
    let Some(forge) = GitHub::start("ghs_token") else {
        return;
    };
    let Some(lab) = Lab::new() else { return };
    lab.branch("feature");
    lab.set("c4naryTwoLong");
    let review = |commit: &str, edits: usize| {
        let mut github = Github::push(&lab);
        github.name = "pull_request";
        github.base = "main";
        github.secrets = json!({});
        github.commit = commit.to_owned();
        github.forge = Some(forge.address());
        github.event = event("o/r");
        let job = github.run(WORKFLOWS[0]).remove("review").unwrap();
        assert!(!job.failed, "{job:?}");
        hides_secrets(&job.log);
        let comments = forge.with(|github| github.comments.get(&7).cloned().unwrap_or_default());
        let [comment] = &comments[..] else {
            panic!("{comments:?}")
        };
        assert!(
            comment.body.starts_with("<!-- driftlock:diff "),
            "{comment:?}"
        );
        assert!(job.summary.contains(comment.body.trim()), "{job:?}");
        assert_eq!(comment.edits, edits);
        hides_secrets(&comment.body);
    };
    let feature = lab.head();
    let merged = lab.pull_request();
    review(&merged, 0);
    review(&merged, 0);
    lab.world.git(&format!("checkout -q {feature}"));
    lab.world.run_with("set LOG", "debug").success();
    lab.world.git("commit -qam more");
    review(&lab.pull_request(), 1);
    assert_eq!(forge.wrong(), Vec::<String>::new());
}

#[test]
fn of_a_fork_the_summary_has_the_text() {
    let Some(forge) = GitHub::start("ghs_token") else {
        return;
    };
    let Some(lab) = Lab::new() else { return };
    forge.with(|github| {
        github.forks.insert(7);
        let mut reads = JOB;
        reads.comments = false;
        github.accounts.insert("ghs_token".to_owned(), reads);
    });
    lab.branch("feature");
    lab.set("c4naryTwoLong");
    let mut github = Github::pull_request(&lab, "feature");
    github.forge = Some(forge.address());
    github.event = event("stranger/r");
    let job = github.run(WORKFLOWS[0]).remove("review").unwrap();
    assert!(!job.failed, "{job:?}");
    let times = job.summary.matches("<!-- driftlock:diff ").count();
    assert_eq!(times, 1, "{job:?}");
    assert!(forge.with(|github| github.bodies(7).is_empty()));
}

fn event(head: &str) -> serde_json::Value {
    json!({
        "number": 7,
        "pull_request": {
            "number": 7,
            "head": { "sha": HEAD, "repo": { "full_name": head } },
            "base": { "sha": "b", "repo": { "full_name": "o/r" } },
        },
    })
}
