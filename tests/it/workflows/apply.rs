//! What was planned is approved and applied by its id, and nothing else is.

use std::fs;
use std::path::Path;

use super::WORKFLOWS;
use super::lab::{Lab, hides_secrets};
use super::runner::Github;

const BEFORE: &str = "TOKEN=c4naryOneLong\nLOG=x\n";
const AFTER: &str = "TOKEN=c4naryTwoLong\nLOG=x\n";

#[test]
fn what_was_planned_is_applied_by_its_id() {
    let Some(lab) = Lab::new() else { return };
    lab.set("c4naryTwoLong");
    let keeps = |artifacts: &Path| {
        assert_eq!(lab.live(), BEFORE, "written before anybody approved");
        hides_secrets(&fs::read_to_string(artifacts.join("plan.json")).unwrap());
    };
    let mut github = Github::push(&lab);
    github.waiting = Some(&keeps);
    lab.calls();
    let jobs = github.run(WORKFLOWS[1]);
    let (plan, apply) = (&jobs["plan"], &jobs["apply"]);
    assert!(!plan.failed && apply.ran && !apply.failed, "{jobs:?}");
    assert_eq!(lab.live(), AFTER);
    assert_eq!(plan.outputs["exit-code"], "2");
    let id = plan.outputs["plan-id"].as_str().unwrap();
    assert_eq!(id.len(), 64);
    assert!(plan.summary.contains(id), "{}", plan.summary);
    assert_eq!(apply.summary, format!("**Applied** the plan `{id}`.\n"));
    let calls = lab.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    let secrets = "] DRIFTLOCK_AGE_KEY";
    assert!(calls[0].starts_with("[plan] [--markdown] [--detailed-exitcode] [--out] [/"));
    assert!(calls[1].contains(&format!("plan.json] [--id] [{id}] [--lock-timeout] [10m")));
    assert!(
        calls.iter().all(|call| call.ends_with(secrets)),
        "{calls:?}"
    );
    for job in jobs.values() {
        hides_secrets(&job.log);
        hides_secrets(&job.summary);
    }
    // the next push has nothing to approve
    let jobs = Github::push(&lab).run(WORKFLOWS[1]);
    assert!(!jobs["plan"].failed, "{jobs:?}");
    assert_eq!(jobs["plan"].outputs["exit-code"], "0");
    assert!(!jobs["apply"].ran, "{jobs:?}");
}

#[test]
fn a_plan_that_went_stale_is_not_applied_and_a_new_one_is_shown() {
    let Some(lab) = Lab::new() else { return };
    lab.set("c4naryTwoLong");
    let moved = "TOKEN=c4naryThreeLong\nLOG=x\n";
    let drifts = |_: &Path| lab.set_live(moved);
    let mut github = Github::push(&lab);
    github.waiting = Some(&drifts);
    let jobs = github.run(WORKFLOWS[1]);
    let (plan, apply) = (&jobs["plan"], &jobs["apply"]);
    assert!(!plan.failed && apply.failed, "{jobs:?}");
    assert_eq!(lab.live(), moved);
    assert!(apply.log.contains("held by stale"), "{}", apply.log);
    assert!(
        apply.summary.contains("<!-- driftlock:plan dev -->"),
        "{}",
        apply.summary
    );
    assert!(apply.summary.contains("conflict"), "{}", apply.summary);
    let id = plan.outputs["plan-id"].as_str().unwrap();
    assert!(!apply.summary.contains(&id[..12]), "{}", apply.summary);
    let said = apply.obeyed.last().unwrap();
    assert!(
        said.starts_with("error ") && said.contains("nothing was applied"),
        "{said}"
    );
    for text in [&apply.log, &apply.summary] {
        assert!(!text.contains("c4naryThreeLong"), "{text}");
    }
}

#[test]
fn a_plan_file_that_was_exchanged_is_not_applied() {
    let Some(lab) = Lab::new() else { return };
    lab.set("c4naryTwoLong");
    let edits = |artifacts: &Path| {
        let path = artifacts.join("plan.json");
        let text = fs::read_to_string(&path).unwrap();
        let changed = text.replace("\"id\": \"", "\"id\": \"00");
        assert_ne!(text, changed);
        fs::write(path, changed).unwrap();
    };
    let mut github = Github::push(&lab);
    github.waiting = Some(&edits);
    let jobs = github.run(WORKFLOWS[1]);
    assert!(jobs["apply"].failed, "{jobs:?}");
    assert_eq!(lab.live(), BEFORE);
}

#[test]
fn without_an_identity_nothing_is_planned_and_nothing_applied() {
    let Some(lab) = Lab::new() else { return };
    lab.set("c4naryTwoLong");
    let other = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    for key in ["", other, "no key at all c4naryKey"] {
        let mut github = Github::push(&lab);
        github.secrets = serde_json::json!({ "DRIFTLOCK_AGE_KEY": key });
        let jobs = github.run(WORKFLOWS[1]);
        let (plan, apply) = (&jobs["plan"], &jobs["apply"]);
        assert!(plan.failed && !apply.ran, "{jobs:?}");
        assert_eq!(plan.outputs["exit-code"], "1");
        let said = plan.obeyed.last().unwrap();
        assert!(said.contains("there is no plan to approve"), "{said}");
        hides_secrets(&plan.log);
        assert!(!plan.log.contains("c4naryKey"), "{}", plan.log);
    }
    assert_eq!(lab.live(), BEFORE);
}

#[test]
fn a_pull_request_plans_and_applies_nothing() {
    let Some(lab) = Lab::new() else { return };
    lab.branch("feature");
    lab.set("c4naryTwoLong");
    for name in ["pull_request", "pull_request_target"] {
        let mut github = Github::pull_request(&lab, "feature");
        github.name = name;
        github.secrets = serde_json::json!({ "DRIFTLOCK_AGE_KEY": lab.identity() });
        lab.calls();
        let jobs = github.run(WORKFLOWS[1]);
        assert!(jobs["plan"].failed && !jobs["apply"].ran, "{jobs:?}");
        assert!(lab.calls().is_empty());
    }
    assert_eq!(lab.live(), BEFORE);
}

#[test]
fn tokens_have_names_of_tokens() {
    let Some(lab) = Lab::new() else { return };
    lab.set("c4naryTwoLong");
    let mut github = Github::push(&lab);
    let key = lab.identity();
    let tokens = "RAILWAY_TOKEN_TWO=c4naryTok%=en\r\n\nRAILWAY_API_TOKEN=c4naryOther";
    github.secrets = serde_json::json!({ "DRIFTLOCK_AGE_KEY": key, "DRIFTLOCK_TOKENS": tokens });
    lab.calls();
    let jobs = github.run(WORKFLOWS[1]);
    assert!(!jobs["apply"].failed, "{jobs:?}");
    let seen = "] DRIFTLOCK_AGE_KEY RAILWAY_API_TOKEN RAILWAY_TOKEN_TWO";
    let calls = lab.calls();
    assert!(calls.iter().all(|call| call.ends_with(seen)), "{calls:?}");
    let obeyed = &jobs["plan"].obeyed;
    assert_eq!(
        *obeyed,
        ["add-mask c4naryTok%25=en", "add-mask c4naryOther"]
    );
    for wrong in [
        "PATH=/c4nary",
        "RAILWAY_TOKEN_TWO",
        "RAILWAY_TOKEN_TWO=",
        "RAILWAY_X;TOKEN=c4nary",
        "LD_PRELOAD=c4naryRAILWAY_TOKEN",
        "RAILWAY_TOKEN=good\nRAILWAY_NAME=c4nary",
    ] {
        let mut github = Github::push(&lab);
        github.secrets = serde_json::json!({ "DRIFTLOCK_AGE_KEY": key, "DRIFTLOCK_TOKENS": wrong });
        let jobs = github.run(WORKFLOWS[1]);
        let plan = &jobs["plan"];
        assert!(plan.failed && !jobs["apply"].ran, "{wrong}: {jobs:?}");
        let said = plan.obeyed.last().unwrap();
        assert!(
            said.contains("of DRIFTLOCK_CI_TOKENS is not a line"),
            "{said}"
        );
        assert!(
            !format!("{} {said}", plan.log).contains("c4nary"),
            "{plan:?}"
        );
    }
}
