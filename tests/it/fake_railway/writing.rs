//! Upserts and deletes: sections 4 and 6 of the facts.

use serde_json::{Value, json};

use super::{Lab, input};
use crate::support::fake_railway::switches::{SharedAffects, Switches};

const UPSERT: &str =
    "mutation($i: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $i) }";
const ONE: &str = "mutation($i: VariableUpsertInput!) { variableUpsert(input: $i) }";
const DELETE: &str = "mutation($i: VariableDeleteInput!) { variableDelete(input: $i) }";

#[test]
fn a_collection_is_one_change_and_leaves_the_others() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone().set("KEEP", "1").set("A", "old");
    lab.upsert(
        &api,
        &json!({ "A": "new", "EMPTY": "", "LINES": "a\nb" }),
        false,
    );
    let stored = json!({ "KEEP": "1", "A": "new", "EMPTY": "", "LINES": "a\nb" });
    assert_eq!(lab.raw(&api), stored);
    assert_eq!(api.deploys().len(), 1);
    assert_eq!(api.running()["A"], "new");
    lab.upsert(&api, &json!({ "A": "newer" }), true);
    assert_eq!(api.deploys().len(), 1);
    assert_eq!(api.running()["A"], "new", "stored, not running");
}

#[test]
fn replacing_loses_what_is_not_sent_sealed_ones_too() {
    let Some(lab) = Lab::open() else { return };
    let api = lab
        .api
        .clone()
        .set("KEY", "canary")
        .seal("KEY")
        .set("B", "1");
    let mut input = input(&api, &json!({ "A": "1" }), true);
    input["replace"] = json!(true);
    lab.ask(UPSERT, &json!({ "i": input }));
    assert_eq!(lab.raw(&api), json!({ "A": "1" }));
    assert_eq!(api.value("KEY"), None);
}

#[test]
fn one_variable_is_written_and_deleted_with_a_deployment_each() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone();
    let one = |extra: Value| {
        let mut input = json!({ "projectId": api.project, "environmentId": api.environment,
                                "serviceId": api.service, "name": "A" });
        let more = extra.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(more);
        json!({ "i": input })
    };
    lab.ask(ONE, &one(json!({ "value": "1" })));
    lab.ask(ONE, &one(json!({ "value": "2", "skipDeploys": true })));
    assert_eq!(
        (api.value("A").as_deref(), api.deploys().len()),
        (Some("2"), 1)
    );
    assert_eq!(lab.ask(DELETE, &one(json!({})))["variableDelete"], true);
    assert_eq!((api.value("A"), api.deploys().len()), (None, 2));
    lab.ask(DELETE, &one(json!({})));
    assert_eq!(
        api.deploys().len(),
        2,
        "nothing to delete, nothing to deploy"
    );
    lab.fake
        .switches(|switches| switches.deleting_absent_fails = true);
    assert_eq!(lab.refusal(DELETE, &one(json!({}))), "Variable not found");
    let variables = one(json!({ "skipDeploys": true }));
    let skip = lab.send(
        &lab.auth,
        &json!({ "query": DELETE, "variables": variables }),
    );
    assert_eq!(skip.status, 400, "a delete cannot skip deployments");
}

#[test]
fn writing_a_sealed_variable_keeps_the_seal_or_not() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone().set("KEY", "old").seal("KEY");
    lab.upsert(&api, &json!({ "KEY": "new" }), true);
    assert_eq!(api.value("KEY").as_deref(), Some("new"));
    assert!(api.is_sealed("KEY"));
    lab.fake
        .switches(|switches| switches.writing_keeps_the_seal = false);
    lab.upsert(&api, &json!({ "KEY": "newer" }), true);
    assert!(!api.is_sealed("KEY"));
}

#[test]
fn empty_values_may_be_dropped() {
    let Some(lab) = Lab::open() else { return };
    lab.fake
        .switches(|switches| switches.drops_empty_values = true);
    let api = lab.api.clone().set("A", "1");
    lab.upsert(&api, &json!({ "A": "", "B": "" }), true);
    assert_eq!(lab.raw(&api), json!({}));
}

#[test]
fn refused_names_and_values_are_quoted_back() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| {
        switches.refused_names.insert("BAD".to_owned());
        switches.refused_values.insert("canary".to_owned());
    });
    for values in [
        json!({ "GOOD": "1", "BAD": "1" }),
        json!({ "A": "canary" }),
        json!({ "A=B": "1" }),
        json!({ "A": null }),
        json!({ "A": 7 }),
    ] {
        let variables = json!({ "i": input(&lab.api, &values, true) });
        let answer = lab.send(
            &lab.auth,
            &json!({ "query": UPSERT, "variables": variables }),
        );
        assert_eq!(answer.status, 400, "{values}");
        assert_eq!(
            answer.json()["errors"][0]["extensions"]["code"],
            "BAD_USER_INPUT"
        );
    }
    let patch = "mutation($e: String!, $p: EnvironmentConfig) {
        environmentPatchCommit(environmentId: $e, patch: $p) }";
    let services = json!({ (lab.api.id()): { "variables": { "A": { "value": "canary" } } } });
    let variables = json!({ "e": lab.production.id, "p": { "services": services } });
    let answer = lab.send(
        &lab.auth,
        &json!({ "query": patch, "variables": variables }),
    );
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("canary"));

    lab.fake
        .switches(|switches| switches.refusals_in_band = true);
    let variables = json!({ "i": input(&lab.api, &json!({ "A": "canary" }), true) });
    assert!(lab.refusal(UPSERT, &variables).contains("canary"));
    assert_eq!(
        lab.raw(&lab.api),
        json!({}),
        "nothing of a refused collection is stored"
    );
}

#[test]
fn a_shared_variable_affects_those_that_refer_to_it() {
    let Some(lab) = Lab::open() else { return };
    let _api = lab.api.clone().set("WHERE", "${{shared.REGION}}");
    let affects = |affects| {
        let switch = |switches: &mut Switches| switches.shared_affects = affects;
        lab.fake.switches(switch);
    };
    lab.upsert(&lab.shared, &json!({ "REGION": "eu" }), false);
    assert_eq!(lab.production.deployed(), ["api"]);
    affects(SharedAffects::None);
    lab.upsert(&lab.shared, &json!({ "REGION": "us" }), false);
    assert_eq!(lab.production.deployed(), ["api"]);
    affects(SharedAffects::Every);
    lab.upsert(&lab.shared, &json!({ "REGION": "ap" }), false);
    let mut deployed = lab.production.deployed();
    deployed.sort();
    assert_eq!(deployed, ["api", "api", "worker"]);
    assert_eq!(lab.shared.values().len(), 1);
}

#[test]
fn a_service_that_is_not_here_cannot_be_written() {
    let Some(lab) = Lab::open() else { return };
    let gone = lab.production.service("gone");
    gone.delete();
    let variables = json!({ "i": input(&gone, &json!({ "A": "1" }), true) });
    assert_eq!(lab.refusal(UPSERT, &variables), "ServiceInstance not found");
    let forbidden = lab.worker.id();
    lab.fake.switches(|switches| {
        switches.forbidden_services.insert(forbidden);
    });
    let variables = json!({ "i": input(&lab.worker, &json!({ "A": "1" }), true) });
    assert_eq!(lab.refusal(UPSERT, &variables), "Not Authorized");
}

/// Mutation fields run in order; the first that fails ends the run, and what went before stays.
#[test]
fn a_document_of_writes_is_not_atomic() {
    let Some(lab) = Lab::open() else { return };
    let forbidden = lab.worker.id();
    lab.fake.switches(|switches| {
        switches.forbidden_services.insert(forbidden);
    });
    let query = "mutation($a: VariableCollectionUpsertInput!, $b: VariableCollectionUpsertInput!,
            $c: VariableCollectionUpsertInput!) {
        a: variableCollectionUpsert(input: $a)
        b: variableCollectionUpsert(input: $b)
        c: variableCollectionUpsert(input: $c) }";
    let values = json!({ "A": "1" });
    let input = |place| input(place, &values, true);
    let variables =
        json!({ "a": input(&lab.api), "b": input(&lab.worker), "c": input(&lab.shared) });
    let answer = lab.answer(&lab.auth, query, &variables);
    assert_eq!(answer["errors"][0]["path"], json!(["b"]));
    assert_eq!(lab.api.values().len(), 1);
    assert_eq!(
        (lab.worker.values().len(), lab.shared.values().len()),
        (0, 0)
    );
    assert_eq!(lab.fake.counters().mutation_fields, 3);
}

#[test]
fn quick_deploying_writes_are_limited_in_band() {
    let Some(lab) = Lab::open() else { return };
    lab.fake
        .switches(|switches| switches.deployments_allowed = Some(2));
    for value in ["1", "2"] {
        lab.upsert(&lab.api, &json!({ "A": value }), false);
    }
    let third = json!({ "i": input(&lab.api, &json!({ "A": "3" }), false) });
    assert_eq!(
        lab.refusal(UPSERT, &third),
        "Service deployment rate limit exceeded"
    );
    assert_eq!(lab.api.value("A").as_deref(), Some("2"));
    lab.upsert(&lab.api, &json!({ "A": "4" }), true);
}
