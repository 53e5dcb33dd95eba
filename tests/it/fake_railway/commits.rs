//! Commits and their workflows: sections 4 and 5 of the facts.

use serde_json::{Value, json};

use super::Lab;
use crate::support::fake_railway::switches::{Lag, Outcome};

const COMMIT: &str = "mutation($e: String!, $p: EnvironmentConfig, $m: String) {
    environmentPatchCommit(environmentId: $e, patch: $p, commitMessage: $m) }";
const COMMIT_STAGED: &str = "mutation($e: String!, $s: Boolean) {
    environmentPatchCommitStaged(environmentId: $e, skipDeploys: $s) }";
const STATUS: &str = "query($w: String!) { workflowStatus(workflowId: $w) { status error } }";

fn commit(lab: &Lab, patch: &Value) -> Value {
    let ids = json!({ "e": lab.production.id, "p": patch, "m": "rotate" });
    lab.ask(COMMIT, &ids)["environmentPatchCommit"].clone()
}

fn commit_staged(lab: &Lab, skip: Value) -> Value {
    let ids = json!({ "e": lab.production.id, "s": skip });
    lab.ask(COMMIT_STAGED, &ids)["environmentPatchCommitStaged"].clone()
}

fn status(lab: &Lab, workflow: &Value) -> Value {
    lab.ask(STATUS, &json!({ "w": workflow }))["workflowStatus"].clone()
}

fn complete() -> Value {
    json!({ "status": "Complete", "error": null })
}

#[test]
fn one_patch_sets_deletes_and_seals_with_one_deployment_each() {
    let Some(lab) = Lab::open() else { return };
    let api = lab
        .api
        .clone()
        .set("GONE", "1")
        .set("KEY", "canary")
        .set("KEEP", "1");
    let worker = lab.worker.clone().set("API", "${{api.A}}");
    let workflow = commit(
        &lab,
        &json!({
            "services": {
                (worker.id()): { "variables": { "B": { "value": "2" } } },
                (api.id()): { "variables": {
                    "A": { "value": "1" }, "GONE": null, "KEY": { "isSealed": true },
                    "NEW": { "value": "s", "isSealed": true }, "NEVER": { "isSealed": true } } },
            },
            "sharedVariables": { "REGION": { "value": "eu" } },
        }),
    );
    assert_eq!(status(&lab, &workflow), complete());
    assert_eq!(
        lab.raw(&api),
        json!({ "A": "1", "KEEP": "1", "KEY": null, "NEW": null })
    );
    assert_eq!(api.value("KEY").as_deref(), Some("canary"));
    assert_eq!(lab.raw(&lab.shared), json!({ "REGION": "eu" }));
    assert_eq!(
        lab.production.deployed(),
        ["api", "worker"],
        "what is referred to comes first"
    );
    assert_eq!(worker.running()["API"], "1");
    assert_eq!(lab.production.commits(), [Some("rotate".to_owned())]);
    // a shared variable moves those that refer to it
    lab.fake.clear_record();
    let _worker = worker.set("WHERE", "${{shared.REGION}}");
    commit(&lab, &json!({ "sharedVariables": { "REGION": null } }));
    assert_eq!(lab.production.deployed(), ["worker"]);
    // there is no way back from a seal
    commit(
        &lab,
        &json!({ "services": { (api.id()): { "variables": {
        "KEY": { "isSealed": false } } } } }),
    );
    assert!(api.is_sealed("KEY"));
}

#[test]
fn unknown_services_in_a_patch_are_ignored_or_refused() {
    let Some(lab) = Lab::open() else { return };
    let patch = json!({ "services": { "api": { "variables": { "A": { "value": "1" } } } } });
    commit(&lab, &patch);
    assert_eq!(lab.raw(&lab.api), json!({}), "names are no ids");
    assert_eq!(lab.production.deployed(), [""; 0]);
    lab.fake
        .switches(|switches| switches.unknown_services_fail = true);
    let ids = json!({ "e": lab.production.id, "p": patch });
    assert_eq!(lab.refusal(COMMIT, &ids), "Service not found");
}

#[test]
fn a_commit_takes_everything_that_is_staged() {
    let Some(lab) = Lab::open() else { return };
    let gone = lab.production.service("gone");
    lab.production.stage(&json!({ "services": {
        (lab.api.id()): { "variables": { "A": { "value": "1" } } },
        (gone.id()): { "isDeleted": true } } }));
    assert!(commit_staged(&lab, json!(true)).is_string());
    assert_eq!(lab.raw(&lab.api), json!({ "A": "1" }));
    assert_eq!(lab.production.staged(), None);
    assert_eq!(lab.production.deployed(), [""; 0]);
    let lives = lab
        .fake
        .world(|world| world.lives_in(&lab.production.id, &gone.id()));
    assert!(!lives, "the colleague's deletion went along");
    let ids = json!({ "e": lab.production.id, "s": null });
    assert!(
        lab.refusal(COMMIT_STAGED, &ids)
            .contains("no staged changes")
    );

    lab.production.stage(&json!({ "services": {
        (lab.worker.id()): { "deploy": { "startCommand": "run" } } } }));
    commit_staged(&lab, json!(null));
    assert_eq!(lab.production.deployed(), ["worker"]);
}

#[test]
fn a_patch_leaves_a_draft_alone_or_swallows_it() {
    let Some(lab) = Lab::open() else { return };
    let draft = json!({ "sharedVariables": { "DRAFT": { "value": "1" } } });
    let patch = json!({ "sharedVariables": { "A": { "value": "1" } } });
    lab.production.stage(&draft);
    commit(&lab, &patch);
    assert_eq!(lab.raw(&lab.shared), json!({ "A": "1" }));
    assert_eq!(lab.production.staged(), Some(draft));
    lab.fake
        .switches(|switches| switches.commit_swallows_staged = true);
    commit(&lab, &patch);
    assert_eq!(lab.raw(&lab.shared), json!({ "A": "1", "DRAFT": "1" }));
    assert_eq!(lab.production.staged(), None);
}

#[test]
fn newer_servers_skip_deployments_of_a_patch_too() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| switches.skip_on_commit = true);
    let query = "mutation($e: String!, $p: EnvironmentConfig) {
        environmentPatchCommit(environmentId: $e, patch: $p, skipDeploys: true) }";
    let patch =
        json!({ "services": { (lab.api.id()): { "variables": { "A": { "value": "1" } } } } });
    lab.ask(query, &json!({ "e": lab.production.id, "p": patch }));
    assert_eq!(lab.raw(&lab.api), json!({ "A": "1" }));
    assert_eq!(lab.api.deploys().len(), 0);
}

#[test]
fn a_workflow_is_not_found_then_running_then_complete() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| {
        switches.workflow_not_found = 1;
        switches.workflow_running = 2;
        switches.applies_late = true;
    });
    lab.production
        .stage(&json!({ "sharedVariables": { "A": { "value": "1" } } }));
    let workflow = commit_staged(&lab, json!(null));
    let query = "query($e: String!) { environmentStagedChanges(environmentId: $e) { status } }";
    let seen = lab.ask(query, &json!({ "e": lab.production.id }));
    assert_eq!(seen["environmentStagedChanges"]["status"], "APPLYING");
    for expected in ["NotFound", "Running", "Running"] {
        assert_eq!(status(&lab, &workflow)["status"], expected);
        assert_eq!(lab.raw(&lab.shared), json!({}));
    }
    assert_eq!(status(&lab, &workflow), complete());
    assert_eq!(lab.raw(&lab.shared), json!({ "A": "1" }));
    assert_eq!(status(&lab, &workflow), complete(), "and it stays so");

    // a draft that appears meanwhile is not part of it
    let late = json!({ "sharedVariables": { "LATE": { "value": "1" } } });
    lab.production
        .stage(&json!({ "sharedVariables": { "C": { "value": "1" } } }));
    let workflow = commit_staged(&lab, json!(null));
    lab.production.stage(&late);
    for _ in 0..4 {
        status(&lab, &workflow);
    }
    assert_eq!(lab.raw(&lab.shared), json!({ "A": "1", "C": "1" }));
    assert_eq!(lab.production.staged(), Some(late));

    // the work goes on without anybody looking
    commit(
        &lab,
        &json!({ "sharedVariables": { "B": { "value": "2" } } }),
    );
    assert_eq!(lab.shared.value("B"), None);
    lab.fake.finish_workflows();
    assert_eq!(lab.shared.value("B").as_deref(), Some("2"));
}

#[test]
fn a_workflow_may_fail_with_or_without_an_effect() {
    let Some(lab) = Lab::open() else { return };
    for applied in [false, true] {
        lab.fake
            .switches(|switches| switches.outcome = Outcome::Error { applied });
        lab.production
            .stage(&json!({ "sharedVariables": { "A": { "value": "1" } } }));
        let workflow = commit_staged(&lab, json!(null));
        let seen = status(&lab, &workflow);
        assert_eq!(seen["status"], "Error");
        assert!(seen["error"].is_string());
        assert_eq!(lab.shared.value("A").is_some(), applied);
        assert_eq!(lab.production.staged().is_some(), !applied);
    }
}

#[test]
fn a_workflow_may_be_unknown_or_closed_to_the_caller() {
    let Some(lab) = Lab::open() else { return };
    lab.fake
        .switches(|switches| switches.unknown_workflow_ids = true);
    let workflow = commit(
        &lab,
        &json!({ "sharedVariables": { "A": { "value": "1" } } }),
    );
    assert_eq!(status(&lab, &workflow)["status"], "NotFound");
    assert_eq!(status(&lab, &workflow)["status"], "NotFound");
    assert_eq!(lab.shared.value("A").as_deref(), Some("1"));
    lab.fake
        .switches(|switches| switches.workflow_forbidden = true);
    assert_eq!(
        lab.refusal(STATUS, &json!({ "w": workflow })),
        "Not Authorized"
    );
}

#[test]
fn the_history_tells_who_and_when() {
    let Some(lab) = Lab::open() else { return };
    commit(
        &lab,
        &json!({ "sharedVariables": { "A": { "value": "canary" } } }),
    );
    let auth = super::Auth::Bearer(lab.fake.account_token());
    let ids = json!({ "e": lab.production.id, "p": {}, "m": null });
    lab.answer(&auth, COMMIT, &ids);
    let query =
        "query($e: String!) { environmentPatches(environmentId: $e, first: 9) { edges { node {
        id status message appliedAt appliedBy { name email } createdAt patch } } } }";
    let found = lab.ask(query, &json!({ "e": lab.production.id }));
    let edges = found["environmentPatches"]["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 2, "newest first");
    assert_eq!(edges[0]["node"]["appliedBy"]["name"], "Ada");
    assert_eq!(edges[1]["node"]["appliedBy"], Value::Null);
    assert_eq!(edges[1]["node"]["message"], "rotate");
    assert_eq!(edges[1]["node"]["status"], "COMMITTED");
    assert!(edges[1]["node"]["appliedAt"].is_string());
    assert!(!found.to_string().contains("canary"));
}

#[test]
fn a_staged_patch_may_lag_too() {
    let Some(lab) = Lab::open() else { return };
    let lag = Lag {
        reads: 1,
        staged_too: true,
        ..Lag::default()
    };
    lab.production
        .stage(&json!({ "sharedVariables": { "A": { "value": "1" } } }));
    lab.fake.switches(|switches| switches.lag = lag);
    commit_staged(&lab, json!(true));
    assert_eq!(lab.production.staged(), None);
    let query = "query($e: String!) { environmentStagedChanges(environmentId: $e) { patch } }";
    let patch = || lab.ask(query, &json!({ "e": lab.production.id }));
    assert_ne!(patch()["environmentStagedChanges"]["patch"], json!({}));
    assert_eq!(lab.raw(&lab.shared), json!({}));
    assert_eq!(patch()["environmentStagedChanges"]["patch"], json!({}));
}
