//! The scheduled look: differences are told as alerts and fail nothing, errors fail.

use std::path::Path;

use serde_json::{Value, json};

use super::WORKFLOWS;
use super::lab::{Lab, hides_secrets};
use super::runner::Github;
use crate::probe::server::{Reply, Server};

/// As people paste it into a form.
const ALERTS: &str =
    "driftlock-alerts: 1\r\nsinks:\r\n  ops: { webhook: { url_env: SLACK_URL } }\r\n";

#[test]
fn it_looks_once_with_what_it_needs() {
    let Some(lab) = Lab::new() else { return };
    let run = |inputs, alerts: &str, secrets: &str| {
        let mut github = Github::push(&lab);
        github.name = "schedule";
        github.inputs = inputs;
        github.variables = json!({ "DRIFTLOCK_ALERTS_YAML": alerts });
        github.secrets["DRIFTLOCK_ALERT_SECRETS"] = json!(secrets);
        lab.calls();
        let job = github.run(WORKFLOWS[3]).remove("reconcile").unwrap();
        (job, lab.calls())
    };
    let (job, calls) = run(json!({}), "", "");
    assert!(!job.failed, "{job:?}");
    assert_eq!(
        calls.last().unwrap(),
        "[reconcile] [--once] [--] DRIFTLOCK_AGE_KEY"
    );
    let receiver = Server::start(|_| Reply::status(200));
    let url = format!("http://127.0.0.1:{}/c4narySlack", receiver.port);
    let inputs = json!({
        "manifests": "manifests/dev.yaml", "arguments": "--target\nlocal",
    });
    let secrets = format!("SLACK_URL={url}\r\n");
    let (job, calls) = run(inputs.clone(), ALERTS, &secrets);
    assert!(!job.failed, "{job:?}");
    assert!(receiver.seen().is_empty());
    let call = calls.last().unwrap();
    let told = call
        .strip_prefix("[reconcile] [--once] [--alerts] [")
        .unwrap();
    let (alerts, rest) = told.split_once("] ").unwrap();
    let wanted = "[--target] [local] [--] [manifests/dev.yaml] DRIFTLOCK_AGE_KEY SLACK_URL";
    assert_eq!(rest, wanted);
    assert!(!Path::new(alerts).parent().unwrap().exists(), "{alerts}");
    assert!(
        (job.obeyed.iter()).any(|line| *line == format!("add-mask {url}")),
        "{:?}",
        job.obeyed
    );
    // what differs is no failure, and is told once
    lab.set_live("TOKEN=c4naryThreeLong\nLOG=x\n");
    for _ in 0..2 {
        let (job, _) = run(inputs.clone(), ALERTS, &secrets);
        assert!(!job.failed, "{job:?}");
        hides_secrets(&job.log);
    }
    let told = receiver.seen();
    assert_eq!(told.len(), 1);
    let told: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert_eq!(told["events"][0]["kind"], "opened");
    assert_eq!(told["events"][0]["alert"]["class"], "drift");
    let (job, _) = run(json!({ "manifests": "nowhere" }), "", "");
    assert!(job.failed, "{job:?}");
    for odd in ["PATH=/evil", "SLACK_URL", "SLACK_x=y", "SLACK_URL="] {
        let (job, calls) = run(json!({}), "", odd);
        assert!(job.failed, "{odd}");
        let told = |line: &String| line.contains("entry 1 of DRIFTLOCK_CI_ALERT_SECRETS");
        assert!(job.obeyed.iter().any(told), "{odd}: {job:?}");
        assert!(
            !calls.iter().any(|call| call.starts_with("[reconcile]")),
            "{calls:?}"
        );
    }
}
