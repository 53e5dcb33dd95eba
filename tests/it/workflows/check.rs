//! The scheduled check fails where something moved, and is quiet where nothing did.

use super::WORKFLOWS;
use super::lab::{Lab, hides_secrets};
use super::runner::Github;

#[test]
fn drift_fails_the_scheduled_check() {
    let Some(lab) = Lab::new() else { return };
    lab.calls();
    let run = || {
        let mut github = Github::push(&lab);
        github.name = "schedule";
        github.run(WORKFLOWS[2]).remove("check").unwrap()
    };
    let job = run();
    assert!(!job.failed, "{job:?}");
    let calls = lab.calls();
    let asked = "[check] [--drift] [--strict] [--require-identity] [--report] [annotations=";
    assert!(calls[0].starts_with(asked), "{calls:?}");
    assert!(
        calls[0].ends_with("[summary] [--] DRIFTLOCK_AGE_KEY"),
        "{calls:?}"
    );
    lab.set_live("TOKEN=c4naryThreeLong\nLOG=x\n");
    let job = run();
    assert!(job.failed, "{job:?}");
    assert!(
        job.obeyed
            .iter()
            .any(|line| line.starts_with("error ") || line.starts_with("warning "))
    );
    for text in [&job.log, &job.summary] {
        hides_secrets(text);
        assert!(!text.contains("c4naryThreeLong"), "{text}");
    }
}

#[test]
fn a_check_can_ask_for_less() {
    let Some(lab) = Lab::new() else { return };
    let mut github = Github::push(&lab);
    github.inputs =
        serde_json::json!({ "arguments": "--strict", "manifests": "manifests/dev.yaml" });
    lab.calls();
    let jobs = github.run(WORKFLOWS[2]);
    assert!(!jobs["check"].failed, "{jobs:?}");
    let calls = lab.calls();
    assert!(
        calls[0].starts_with("[check] [--strict] [--report]"),
        "{calls:?}"
    );
    assert!(calls[0].contains("[--] [manifests/dev.yaml]"), "{calls:?}");
}
