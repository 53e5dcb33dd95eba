//! The views of variables: sections 4 and 6 of the facts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Lab;
use crate::support::fake_railway::switches::{Absent, Decryption, Lag, Masking, Switches};

const CONFIG: &str = "query($e: String!, $d: Boolean) { environment(id: $e) {
    config(decryptVariables: $d) configEtag } }";
const DEPLOYED: &str = "query($p: String!, $e: String!, $s: String!) {
    variablesForServiceDeployment(projectId: $p, environmentId: $e, serviceId: $s) }";

fn config(lab: &Lab, decrypted: Value) -> Value {
    let ids = json!({ "e": lab.production.id, "d": decrypted });
    lab.ask(CONFIG, &ids)["environment"]["config"].clone()
}

fn etag(lab: &Lab) -> Value {
    let ids = json!({ "e": lab.production.id });
    lab.ask(CONFIG, &ids)["environment"]["configEtag"].clone()
}

#[test]
fn raw_keeps_references_and_rendered_resolves_them() {
    let Some(lab) = Lab::open() else { return };
    let _shared = lab
        .shared
        .clone()
        .set("REGION", "eu")
        .set("LOOP", "${{LOOP}}");
    let _worker = lab
        .worker
        .clone()
        .set("PORT", "1")
        .set("URL", "http://w:${{PORT}}");
    let api = lab
        .api
        .clone()
        .set("WHERE", "in ${{ shared.REGION }}!")
        .set("WORKER", "${{worker.URL}}/${{worker.RAILWAY_SERVICE_NAME}}")
        .set("CASE", "${{Worker.URL}}")
        .set("OPEN", "a ${{ b")
        .set("LINES", "a\nb");
    assert_eq!(
        lab.raw(&api),
        json!({ "WHERE": "in ${{ shared.REGION }}!", "CASE": "${{Worker.URL}}", "OPEN": "a ${{ b",
                "WORKER": "${{worker.URL}}/${{worker.RAILWAY_SERVICE_NAME}}", "LINES": "a\nb" })
    );
    assert_eq!(
        lab.view(&api, false),
        json!({ "WHERE": "in eu!", "CASE": "", "OPEN": "a ${{ b",
                "WORKER": "http://w:1/worker", "LINES": "a\nb" })
    );
    assert_eq!(
        lab.view(&lab.shared, false),
        json!({ "REGION": "eu", "LOOP": "" })
    );
}

#[test]
fn provided_variables_show_in_the_deployment_view() {
    let Some(lab) = Lab::open() else { return };
    let api = lab
        .api
        .clone()
        .set("RAILWAY_SERVICE_NAME", "shadow")
        .set("A", "1");
    let deployed = lab.ask(DEPLOYED, &lab.ids(&api))["variablesForServiceDeployment"].clone();
    assert_eq!(
        deployed["RAILWAY_SERVICE_NAME"], "api",
        "the provided one wins"
    );
    assert_eq!(deployed["RAILWAY_ENVIRONMENT_ID"], json!(lab.production.id));
    assert_eq!(deployed["A"], "1");
    assert_eq!(
        lab.raw(&api),
        json!({ "A": "1", "RAILWAY_SERVICE_NAME": "shadow" })
    );
    lab.fake
        .switches(|switches| switches.provided_in_raw = true);
    assert_eq!(lab.raw(&api)["RAILWAY_PROJECT_NAME"], "aurora");
}

#[test]
fn sealed_is_null_everywhere() {
    let Some(lab) = Lab::open() else { return };
    let api = lab
        .api
        .clone()
        .set("KEY", "canary")
        .set("A", "1")
        .seal("KEY");
    assert_eq!(lab.raw(&api), json!({ "A": "1", "KEY": null }));
    assert_eq!(lab.view(&api, false), json!({ "A": "1", "KEY": null }));
    let deployed = lab.ask(DEPLOYED, &lab.ids(&api))["variablesForServiceDeployment"].clone();
    assert_eq!(deployed.as_object().unwrap().get("KEY"), Some(&Value::Null));
    let shown = config(&lab, json!(true));
    let key = &shown["services"][api.id()]["variables"]["KEY"];
    assert_eq!(*key, json!({ "value": null, "isSealed": true }));
    assert_eq!(
        api.value("KEY").as_deref(),
        Some("canary"),
        "the service still gets it"
    );
    assert_eq!(api.running()["KEY"], "canary");
    let worker = lab.worker.clone().set("COPY", "<${{api.KEY}}>");
    assert_eq!(lab.view(&worker, false), json!({ "COPY": "<>" }));
    lab.fake.settle();
    assert_eq!(worker.running()["COPY"], "<canary>");
}

#[test]
fn a_fresh_seal_may_stay_readable_until_the_deployment() {
    let Some(lab) = Lab::open() else { return };
    lab.fake
        .switches(|switches| switches.fresh_seals_are_readable = true);
    let api = lab.api.clone().set("KEY", "canary").seal("KEY");
    assert_eq!(lab.raw(&api)["KEY"], "canary");
    lab.upsert(&api, &json!({ "A": "1" }), false);
    assert_eq!(lab.raw(&api)["KEY"], Value::Null);
}

#[test]
fn values_may_be_null_without_a_seal() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| {
        switches.null_values.insert("ODD".to_owned());
    });
    let api = lab.api.clone().set("ODD", "1");
    assert_eq!(lab.raw(&api), json!({ "ODD": null }));
}

#[test]
fn variables_have_names_owners_seals_and_times() {
    let Some(lab) = Lab::open() else { return };
    let _shared = lab.shared.clone().set("REGION", "eu");
    let api = lab
        .api
        .clone()
        .set("WHERE", "${{shared.REGION}}")
        .seal("WHERE");
    let query =
        "query($e: String!) { environment(id: $e) { variables(first: 10000) { edges { node {
        id name serviceId environmentId isSealed references createdAt updatedAt } } } } }";
    let id = json!({ "e": lab.production.id });
    let nodes = lab.ask(query, &id)["environment"]["variables"]["edges"].clone();
    assert_eq!(nodes[0]["node"]["serviceId"], Value::Null);
    assert_eq!(nodes[0]["node"]["isSealed"], false);
    let own = &nodes[1]["node"];
    assert_eq!(own["serviceId"], json!(api.id()));
    assert_eq!(own["isSealed"], true);
    assert_eq!(own["references"], json!(["shared.REGION"]));
    assert!(own["updatedAt"].as_str() > own["createdAt"].as_str());
}

/// `service` cannot be resolved for a shared variable, and nothing of the answer is left.
#[test]
fn asking_for_the_service_of_a_shared_variable_breaks_the_query() {
    let Some(lab) = Lab::open() else { return };
    let query = "query($e: String!) { environment(id: $e) { name variables(first: 9) {
        edges { node { name service { name } } } } } }";
    let id = json!({ "e": lab.production.id });
    let _api = lab.api.clone().set("A", "1");
    let fine = lab.ask(query, &id);
    let node = &fine["environment"]["variables"]["edges"][0]["node"];
    assert_eq!(node["service"]["name"], "api");
    let _shared = lab.shared.clone().set("REGION", "eu");
    assert_eq!(lab.refusal(query, &id), "Problem processing request");
}

#[test]
fn the_config_is_masked_unless_decryption_is_asked_for_and_allowed() {
    let Some(lab) = Lab::open() else { return };
    let _shared = lab.shared.clone().set("REGION", "eu");
    let api = lab.api.clone().set("A", "1");
    let value =
        |asked: Value| config(&lab, asked)["services"][api.id()]["variables"]["A"]["value"].clone();
    assert_eq!(value(json!(true)), "1");
    let shared = config(&lab, json!(true))["sharedVariables"].clone();
    assert_eq!(shared, json!({ "REGION": { "value": "eu" } }));
    for (masking, mask) in [
        (Masking::Null, json!(null)),
        (Masking::Empty, json!("")),
        (Masking::Stars, json!("*****")),
    ] {
        lab.fake.switches(|switches| switches.masking = masking);
        assert_eq!(value(json!(null)), mask);
        assert_eq!(value(json!(false)), mask);
        assert_eq!(value(json!(true)), "1");
        for decryption in [Decryption::NotProjectTokens, Decryption::Nobody] {
            lab.fake
                .switches(|switches| switches.decryption = decryption);
            assert_eq!(value(json!(true)), mask);
        }
        lab.fake
            .switches(|switches| switches.decryption = Decryption::Everyone);
    }
}

#[test]
fn a_changed_value_alone_may_not_move_the_etag() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone().set("A", "1");
    let before = etag(&lab);
    let api = api.set("A", "2");
    assert_eq!(etag(&lab), before);
    assert!(api.remove("A"));
    assert_ne!(etag(&lab), before);
    let api = api.set("A", "2");
    lab.fake
        .switches(|switches| switches.etag_covers_values = true);
    let before = etag(&lab);
    let _api = api.set("A", "3");
    assert_ne!(etag(&lab), before);
}

#[test]
fn one_failing_alias_turns_all_data_into_null() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone().set("A", "1");
    let query = "query($p: String!, $e: String!, $a: String!, $b: String!) {
        s0: variables(projectId: $p, environmentId: $e, serviceId: $a, unrendered: true)
        s1: variables(projectId: $p, environmentId: $e, serviceId: $b, unrendered: true)
        shared: variables(projectId: $p, environmentId: $e, unrendered: true) }";
    let ids = json!({ "p": lab.project.id, "e": lab.production.id,
                      "a": api.id(), "b": lab.worker.id() });
    assert_eq!(
        lab.ask(query, &ids),
        json!({ "s0": { "A": "1" }, "s1": {}, "shared": {} })
    );
    let worker = lab.worker.id();
    lab.fake.switches(|switches| {
        switches.forbidden_services.insert(worker);
    });
    let answer = lab.answer(&lab.auth, query, &ids);
    assert_eq!(answer["data"], Value::Null);
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["path"], json!(["s1"]));
    assert_eq!(errors[0]["message"], "Not Authorized");
}

#[test]
fn a_service_that_is_not_here_reads_as_empty_or_fails() {
    let Some(lab) = Lab::open() else { return };
    let query = "query($p: String!, $e: String!, $s: String) {
        variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: true) }";
    let idle = lab.project.service_without_instance("idle");
    let gone = lab.production.service("gone").set("A", "1");
    gone.delete();
    let ids = |service: &str| json!({ "p": lab.project.id, "e": lab.production.id, "s": service });
    for service in [&idle, &gone.id()] {
        let reads = |absent| {
            let switch = |switches: &mut Switches| switches.absent_service_reads = absent;
            lab.fake.switches(switch);
        };
        reads(Absent::Empty);
        assert_eq!(lab.ask(query, &ids(service))["variables"], json!({}));
        reads(Absent::NotFound);
        assert_eq!(lab.refusal(query, &ids(service)), "Service not found");
        reads(Absent::NotAuthorized);
        assert_eq!(lab.refusal(query, &ids(service)), "Not Authorized");
    }
    let unknown = ids("11111111-1111-4111-8111-111111111111");
    assert_eq!(lab.refusal(query, &unknown), "Service not found");
}

#[test]
fn reads_may_lag_by_a_number_of_reads() {
    let Some(lab) = Lab::open() else { return };
    let api = lab.api.clone().set("A", "old");
    let lag = Lag {
        reads: 2,
        ..Lag::default()
    };
    lab.fake.switches(|switches| switches.lag = lag);
    lab.upsert(&api, &json!({ "A": "new", "B": "1" }), true);
    assert_eq!(
        api.value("A").as_deref(),
        Some("new"),
        "it is stored at once"
    );
    assert_eq!(lab.raw(&api), json!({ "A": "old" }));
    let shown = config(&lab, json!(true));
    assert_eq!(
        shown["services"][api.id()]["variables"]["A"]["value"],
        "old"
    );
    assert_eq!(lab.raw(&api), json!({ "A": "new", "B": "1" }));
}

#[test]
fn reads_may_lag_by_time() {
    let Some(lab) = Lab::open() else { return };
    let time = Duration::from_millis(150);
    lab.fake.switches(|switches| {
        switches.lag = Lag {
            time,
            ..Lag::default()
        }
    });
    let start = Instant::now();
    lab.upsert(&lab.api, &json!({ "A": "new" }), true);
    let first = lab.raw(&lab.api);
    // on a busy machine the first read may come late
    assert!(first == json!({}) || start.elapsed() >= time, "{first}");
    while lab.raw(&lab.api) != json!({ "A": "new" }) {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "it must show at last"
        );
    }
    assert!(start.elapsed() >= time);
}
