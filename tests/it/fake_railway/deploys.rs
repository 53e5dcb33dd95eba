//! Deployments: sections 4, 6 and 8 of the facts.

use serde_json::{Value, json};

use super::Lab;

const DEPLOY: &str = "mutation($e: String!, $s: String!, $c: String, $l: Boolean) {
    serviceInstanceDeploy(environmentId: $e, serviceId: $s, commitSha: $c, latestCommit: $l) }";
const DEPLOY_2: &str = "mutation($e: String!, $s: String!) {
    serviceInstanceDeployV2(environmentId: $e, serviceId: $s) }";
const REDEPLOY: &str = "mutation($e: String!, $s: String!) {
    serviceInstanceRedeploy(environmentId: $e, serviceId: $s) }";
const AGAIN: &str = "mutation($id: String!) { deploymentRedeploy(id: $id) { id status } }";
const RESTART: &str = "mutation($id: String!) { deploymentRestart(id: $id) }";
const LATEST: &str = "query($e: String!, $s: String!) {
    serviceInstance(environmentId: $e, serviceId: $s) { latestDeployment { id status canRedeploy } } }";

fn latest(lab: &Lab) -> Value {
    lab.ask(LATEST, &lab.ids(&lab.api))["serviceInstance"]["latestDeployment"].clone()
}

/// Runs a mutation on the service `api`.
fn on_api(lab: &Lab, query: &str, more: &Value) -> Value {
    let mut ids = lab.ids(&lab.api);
    ids.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    lab.ask(query, &ids)
}

#[test]
fn writes_build_the_head_and_redeployments_what_runs() {
    let Some(lab) = Lab::open() else { return };
    // deployed at `one`, the branch has moved on since
    let api = lab.api.clone().head("one");
    on_api(&lab, DEPLOY_2, &json!({}));
    let api = api.head("two").set("A", "1");
    on_api(&lab, REDEPLOY, &json!({}));
    let id = latest(&lab)["id"].clone();
    lab.ask(AGAIN, &json!({ "id": id }));
    on_api(&lab, DEPLOY, &json!({ "l": false }));
    on_api(&lab, DEPLOY, &json!({ "c": "zero" }));
    on_api(&lab, DEPLOY, &json!({ "l": true }));
    let api = api.head("three");
    lab.upsert(&api, &json!({ "A": "2" }), false);
    lab.fake
        .switches(|switches| switches.writes_build_the_head = false);
    let api = api.head("four");
    lab.upsert(&api, &json!({ "A": "3" }), false);
    let deploys = api.deploys();
    let built: Vec<&str> = deploys
        .iter()
        .filter_map(|made| made.commit.as_deref())
        .collect();
    assert_eq!(
        built,
        ["one", "one", "one", "one", "zero", "two", "three", "three"]
    );
    let causes: Vec<&str> = deploys.iter().map(|made| made.cause).collect();
    assert_eq!(
        causes[1..3],
        ["serviceInstanceRedeploy", "deploymentRedeploy"]
    );
    assert_eq!(causes[6], "variableCollectionUpsert");
    assert_eq!(
        deploys[1].variables["A"], "1",
        "a redeployment picks up what is stored"
    );
    let of_service = |service: &str| {
        lab.fake.world(|world| {
            world
                .deployments
                .iter()
                .filter(|made| made.service == service)
                .count()
        })
    };
    assert_eq!(of_service(&lab.worker.id()), 1, "that of the beginning");
}

#[test]
fn a_restart_keeps_the_configuration() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone().set("A", "1");
    let id = latest(&lab)["id"].clone();
    let api = api.set("A", "2");
    assert_eq!(
        lab.ask(RESTART, &json!({ "id": id }))["deploymentRestart"],
        true
    );
    assert_eq!(api.running()["A"], "1");
    assert_eq!(api.deploys().len(), 0);
    lab.fake.settle();
    assert_eq!(api.running()["A"], "2", "a test may declare that it runs");
}

#[test]
fn a_deployment_takes_its_course() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| {
        switches.deployment_course = vec!["BUILDING", "DEPLOYING", "FAILED"];
    });
    lab.upsert(&lab.api, &json!({ "A": "1" }), false);
    let looks: Vec<Value> = (0..4).map(|_| latest(&lab)["status"].clone()).collect();
    assert_eq!(looks, ["BUILDING", "DEPLOYING", "FAILED", "FAILED"]);
    let id = latest(&lab)["id"].clone();
    let query = "query($id: String!) { deployment(id: $id) { status canRedeploy serviceId } }";
    let found = lab.ask(query, &json!({ "id": id }))["deployment"].clone();
    assert_eq!(found["canRedeploy"], false);
    assert_eq!(found["serviceId"], json!(lab.api.id()));
}

#[test]
fn nothing_can_be_redeployed_while_building_or_without_a_snapshot() {
    let Some(lab) = Lab::open() else { return };
    let ids = lab.ids(&lab.api);
    let id = latest(&lab)["id"].clone();
    let again = json!({ "id": id });
    for state in ["BUILDING", "DEPLOYING", "QUEUED", "INITIALIZING", "WAITING"] {
        lab.api.status(&[state]);
        assert!(
            lab.refusal(REDEPLOY, &ids)
                .starts_with("Cannot redeploy yet"),
            "{state}"
        );
        assert!(
            lab.refusal(AGAIN, &again)
                .starts_with("Cannot redeploy yet"),
            "{state}"
        );
        assert_eq!(latest(&lab)["canRedeploy"], false);
    }
    for state in ["NEEDS_APPROVAL", "SKIPPED", "FAILED", "REMOVED", "REMOVING"] {
        lab.api.status(&[state]);
        assert_eq!(
            lab.refusal(REDEPLOY, &ids),
            "Cannot redeploy without a snapshot"
        );
    }
    for state in ["CRASHED", "SLEEPING", "SUCCESS"] {
        lab.api.status(&[state]);
        assert_eq!(latest(&lab)["canRedeploy"], true, "{state}");
    }
    let _api = lab.api.clone().never_deployed();
    assert_eq!(latest(&lab), Value::Null);
    assert_eq!(
        lab.refusal(REDEPLOY, &ids),
        "Cannot redeploy without a snapshot"
    );
    on_api(&lab, DEPLOY_2, &json!({}));
    assert_eq!(latest(&lab)["status"], "SUCCESS");
}
