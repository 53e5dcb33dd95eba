//! Pull requests from forks, whose jobs have no token that writes.

use super::fake::github::JOB;
use super::{Lab, report};

fn fork() -> Option<Lab<super::GitHub>> {
    let mut lab = Lab::github()?;
    lab.event("stranger/r");
    let summary = lab.world.write("summary.md", "earlier");
    lab.set("GITHUB_STEP_SUMMARY", &summary.display().to_string());
    lab.fake.with(|github| {
        for account in github.accounts.values_mut() {
            (account.comments, account.statuses) = (false, false);
        }
    });
    Some(lab)
}

#[test]
fn the_text_goes_to_the_jobs_summary() {
    let Some(lab) = fork() else { return };
    lab.run("comment --status failure", &report("1 change."))
        .success()
        .says("warning: the pull request comes from a fork, and this job's token may not comment on it: the text is in the job's summary instead");
    assert_eq!(
        lab.world.read("summary.md"),
        format!("earlier\n\n{}", report("1 change."))
    );
    assert_eq!(lab.bodies(), [""; 0]);
    assert_eq!(lab.asked().len(), 2, "no status is tried after that");
}

#[test]
fn so_it_does_where_there_is_no_token_at_all() {
    let Some(mut lab) = fork() else { return };
    lab.set("GITHUB_TOKEN", "");
    lab.post("1 change.").success().says("in the job's summary");
    assert_eq!(lab.asked().len(), 0);
    lab.set("GITHUB_TOKEN", "c4nary-no-such-token");
    lab.post("1 change.").success().says("in the job's summary");
}

#[test]
fn without_a_summary_the_warning_says_so() {
    let Some(mut lab) = fork() else { return };
    lab.set("GITHUB_STEP_SUMMARY", "");
    lab.post("1 change.")
        .success()
        .says("the text was not posted");
    // a folder is no file, and a summary that is too long is not shown
    lab.set("GITHUB_STEP_SUMMARY", ".");
    lab.post("1 change.")
        .success()
        .says("summary cannot be written");
    lab.set("GITHUB_STEP_SUMMARY", "summary.md");
    lab.world.write("summary.md", "x".repeat(1024 * 1024 - 50));
    lab.post("1 change.")
        .success()
        .says("summary cannot be written");
    assert_eq!(
        lab.world.read("summary.md").len(),
        1024 * 1024 - 50,
        "whole or not at all"
    );
}

#[test]
fn a_fork_whose_token_writes_gets_its_comment() {
    let Some(lab) = fork() else { return };
    lab.fake.with(|github| {
        github
            .accounts
            .values_mut()
            .for_each(|account| *account = JOB);
    });
    lab.post("1 change.").success().says("comment created");
    assert_eq!(lab.world.read("summary.md"), "earlier");
}

#[test]
fn other_trouble_is_trouble_for_forks_too() {
    let Some(lab) = fork() else { return };
    let garbage = super::fake::Answer::error(400, "c4nary");
    lab.fake.refuse("GET", "/comments", 1, &garbage);
    lab.post("1 change.")
        .exits(1)
        .says("the request was refused as it is (400)");
    assert_eq!(lab.world.read("summary.md"), "earlier");
}

#[test]
fn who_is_no_fork_fails() {
    let Some(lab) = fork() else { return };
    lab.event("o/r");
    lab.post("1 change.")
        .exits(1)
        .says("cannot post the comment of pull request 7 of o/r on GitHub: this token may not do that (403)")
        .says("permissions: pull-requests: write");
    assert_eq!(lab.world.read("summary.md"), "earlier");
}
