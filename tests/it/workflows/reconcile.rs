//! The scheduled look: differences are told as alerts and fail nothing, errors fail.

use serde_json::json;

use super::WORKFLOWS;
use super::lab::{Lab, hides_secrets};
use super::runner::Github;

#[test]
fn it_looks_once_with_what_it_needs() {
    let Some(lab) = Lab::new() else { return };
    let run = |inputs, secrets: &str| {
        let mut github = Github::push(&lab);
        github.name = "schedule";
        github.inputs = inputs;
        github.secrets["DRIFTLOCK_ALERT_SECRETS"] = json!(secrets);
        lab.calls();
        let job = github.run(WORKFLOWS[3]).remove("reconcile").unwrap();
        (job, lab.calls())
    };
    let (job, calls) = run(json!({}), "");
    assert!(!job.failed, "{job:?}");
    assert_eq!(
        calls.last().unwrap(),
        "[reconcile] [--once] [--] DRIFTLOCK_AGE_KEY"
    );
    let inputs = json!({
        "alerts": "alerts.yaml", "manifests": "manifests/dev.yaml", "arguments": "--target\nlocal",
    });
    let (job, calls) = run(inputs, "SLACK_URL=c4narySlack\r\n");
    assert!(!job.failed, "{job:?}");
    let wanted = "[reconcile] [--once] [--alerts] [alerts.yaml] [--target] [local] [--] \
                  [manifests/dev.yaml] DRIFTLOCK_AGE_KEY SLACK_URL";
    assert_eq!(calls.last().unwrap(), wanted);
    assert!(
        job.obeyed.iter().any(|line| line == "add-mask c4narySlack"),
        "{:?}",
        job.obeyed
    );
    // what differs is no failure
    lab.set_live("TOKEN=c4naryThreeLong\nLOG=x\n");
    let (job, _) = run(json!({}), "");
    assert!(!job.failed, "{job:?}");
    hides_secrets(&job.log);
    let (job, _) = run(json!({ "manifests": "nowhere" }), "");
    assert!(job.failed, "{job:?}");
    for odd in ["PATH=/evil", "SLACK_URL", "SLACK_x=y", "SLACK_URL="] {
        let (job, calls) = run(json!({}), odd);
        assert!(job.failed, "{odd}");
        let told = |line: &String| line.contains("entry 1 of DRIFTLOCK_CI_ALERT_SECRETS");
        assert!(job.obeyed.iter().any(told), "{odd}: {job:?}");
        assert!(
            !calls.iter().any(|call| call.starts_with("[reconcile]")),
            "{calls:?}"
        );
    }
}
