//! Which pull request it is: what the job says, and what the flags say.

use super::{HEAD, Lab, report};
use crate::support::world::World;

const MERGED: &str = "1111111111111111111111111111111111111111";

#[test]
fn outside_of_ci_everything_has_to_be_named() {
    let world = World::new();
    let run = |line: &str| world.run_with(line, &report("x"));
    run("comment")
        .exits(64)
        .says("this is no job of GitHub Actions or GitLab CI")
        .says("--number N");
    run("comment --forge github")
        .exits(64)
        .says("nothing says which repository");
    run("comment --forge github --repository o/r")
        .exits(1)
        .says("nothing says which pull request");
    for odd in ["o", "o/r/x", "https://github.com/o/r", "o/..", "o/r?x=y"] {
        run(&format!(
            "comment --forge github --repository {odd} --number 7"
        ))
        .exits(64)
        .says("a repository on GitHub is named OWNER/NAME");
    }
    run("comment --forge gitlab --repository name --number 7")
        .exits(64)
        .says("a project on GitLab is named by");
    for odd in ["0", "-1", "x", "18446744073709551616"] {
        run(&format!(
            "comment --forge github --repository o/r --number={odd}"
        ))
        .exits(64);
    }
    run("comment --forge other --repository o/r --number 7").exits(64);
    run("comment --forge github --repository o/r --number 7")
        .exits(1)
        .says("there is no token for GitHub");
    run("comment --forge gitlab --repository g/r --number 7")
        .exits(1)
        .says("there is no token for GitLab");
}

#[test]
fn flags_are_enough() {
    let Some(mut lab) = Lab::github() else { return };
    for name in [
        "GITHUB_ACTIONS",
        "GITHUB_REPOSITORY",
        "GITHUB_EVENT_PATH",
        "GITHUB_REF",
    ] {
        lab.set(name, "");
    }
    lab.run(
        "comment --forge github --repository o/r --number 7",
        &report("x"),
    )
    .success()
    .says("comment created");
    assert_eq!(lab.bodies().len(), 1);
}

#[test]
fn flags_stand_above_the_job() {
    let Some(lab) = Lab::github() else { return };
    lab.fake
        .with(|github| github.pulls.push((9, "head-of-nine", None)));
    lab.run("comment --number 9 --status success", &report("x"))
        .success();
    let lines = lab.lines();
    assert_eq!(lines[1], "POST /repos/o/r/issues/9/comments");
    assert_eq!(
        lines[3], "POST /repos/o/r/statuses/head-of-nine",
        "the job's commit is that of another one"
    );
    // what the job says of its repository is nothing to another one
    lab.run("comment --repository other/r", &report("x"))
        .exits(1)
        .says("nothing says which pull request it is")
        .says("--number");
    lab.run("comment --forge gitlab --repository g/r", &report("x"))
        .exits(1)
        .says("nothing says which pull request it is");
    assert_eq!(lab.lines().len(), 0);
}

#[test]
fn a_push_belongs_to_the_pull_request_that_it_came_in_by() {
    let Some(mut lab) = Lab::github() else { return };
    lab.world
        .write("event.json", "{\"ref\": \"refs/heads/main\"}");
    lab.set("GITHUB_EVENT_NAME", "push")
        .set("GITHUB_REF", "refs/heads/main")
        .set("GITHUB_SHA", MERGED);
    lab.post("x")
        .exits(1)
        .says("commit 11111111 of o/r came in by no pull request")
        .says("--number");
    lab.fake
        .with(|github| github.pulls = vec![(6, HEAD, None), (7, HEAD, Some(MERGED))]);
    lab.run("comment --status success", &report("x"))
        .success()
        .says("/pull/7#");
    assert_eq!(
        lab.lines().last().unwrap(),
        &format!("POST /repos/o/r/statuses/{MERGED}")
    );
}

#[test]
fn a_push_to_a_branch_belongs_to_its_own_pull_request_only() {
    let Some(mut lab) = Lab::github() else { return };
    lab.world.write("event.json", "{}");
    lab.set("GITHUB_EVENT_NAME", "push")
        .set("GITHUB_REF", "refs/heads/topic")
        .set("GITHUB_SHA", HEAD);
    // a fork's pull request may end in any commit that is public
    lab.fake.with(|github| github.forks.insert(7));
    lab.post("x").exits(1).says("came in by no pull request");
    lab.fake.with(|github| github.forks.clear());
    lab.post("x").success().says("/pull/7#");
}

#[test]
fn other_events_need_a_number() {
    let Some(mut lab) = Lab::github() else { return };
    lab.world.write("event.json", "{}");
    lab.set("GITHUB_REF", "refs/heads/main")
        .set("GITHUB_EVENT_NAME", "schedule");
    lab.post("x")
        .exits(1)
        .says("this job was started by `schedule`, not by a pull request")
        .says("--number");
    lab.world.write(
        "event.json",
        "{\"issue\": {\"number\": 3}, \"comment\": {}}",
    );
    lab.set("GITHUB_EVENT_NAME", "issue_comment");
    lab.post("x").exits(1).says("a comment on an issue");
    lab.world.write(
        "event.json",
        "{\"issue\": {\"number\": 7, \"pull_request\": {}}, \"comment\": {}}",
    );
    lab.run("comment --status success", &report("x"))
        .success()
        .says("/pull/7#");
    assert_eq!(lab.lines()[2], "GET /repos/o/r/pulls/7");
}

#[test]
fn a_job_without_its_variables_says_what_is_missing() {
    let Some(mut lab) = Lab::github() else { return };
    lab.set("GITHUB_REPOSITORY", "");
    lab.post("x")
        .exits(64)
        .says("nothing says which repository the pull request is in");
    lab.set("GITHUB_REPOSITORY", "o/r")
        .set("GITHUB_REF", "")
        .set("GITHUB_EVENT_PATH", "")
        .set("GITHUB_EVENT_NAME", "");
    lab.post("x")
        .exits(1)
        .says("this job does not say what started it");
    lab.set("GITHUB_EVENT_NAME", "push").set("GITHUB_SHA", "");
    lab.post("x")
        .exits(1)
        .says("this job does not say which commit was pushed");
    assert_eq!(lab.asked().len(), 0);
}

#[test]
fn a_token_goes_nowhere_in_clear() {
    let Some(mut lab) = Lab::github() else { return };
    for (address, words) in [
        (
            "http://github.example/api/v3",
            "must be https, or http on this machine",
        ),
        ("http://localhost.evil.example", "must be https"),
        (
            "https://me:c4nary@github.example",
            "must not hold credentials",
        ),
        ("github.example", "is not a URL"),
    ] {
        lab.set("GITHUB_API_URL", address);
        lab.post("x")
            .exits(1)
            .says("the address given for GitHub's API")
            .says(words);
    }
    assert_eq!(lab.asked().len(), 0);
}
