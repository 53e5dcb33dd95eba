//! Requests and documents: sections 1, 8 and 9 of the facts.

use std::sync::Arc;

use serde_json::{Value, json};

use super::http::{post, receive, send};
use super::{Auth, FakeRailway, Lab, schema};

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap()
}

#[test]
fn a_document_that_the_schema_refuses_is_a_400() {
    let Some(lab) = Lab::open() else { return };
    let cases = [
        (
            "{ projectToken { nope } }",
            json!(null),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "query($a: Nope!) { projectToken { id } }",
            json!(null),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "mutation($e: String!) { environmentPatchCommit(environmentId: $e, skipDeploys: true) }",
            json!({ "e": lab.production.id }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ projectToken { id }", json!(null), "GRAPHQL_PARSE_FAILED"),
        (
            "query($id: String!) { project(id: $id) { id } }",
            json!({ "id": 4711 }),
            "BAD_USER_INPUT",
        ),
        (
            "query($id: String!) { project(id: $id) { id } }",
            json!(null),
            "BAD_USER_INPUT",
        ),
    ];
    for (query, variables, expected) in cases {
        let answer = lab.send(
            &lab.auth,
            &json!({ "query": query, "variables": variables }),
        );
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(code(&answer.json()), expected, "{query}");
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("application/json")
        );
    }
    let quoted = lab.send(
        &lab.auth,
        &json!({ "query": "query($id: String!) { project(id: $id) { id } }",
                 "variables": { "id": ["canary"] } }),
    );
    assert!(quoted.body.contains("canary"), "the real server quotes too");
}

#[test]
fn a_body_that_is_no_request_is_refused() {
    let Some(lab) = Lab::open() else { return };
    let url = lab.fake.url();
    assert_eq!(post(&url, &lab.auth, "no json").unwrap().status, 400);
    assert_eq!(post(&url, &lab.auth, "{}").unwrap().status, 400);
    let elsewhere = url.replace("/v2", "/v1");
    assert_eq!(post(&elsewhere, &lab.auth, "{}").unwrap().status, 404);
}

/// The CLI's habits: `"variables": null`, explicit null for what is optional, no `operationName`.
#[test]
fn nulls_and_a_missing_operation_name_are_accepted() {
    let Some(lab) = Lab::open() else { return };
    let query =
        "query ProjectToken { projectToken { project { id name } environment { id name } } }";
    for body in [
        json!({ "query": query, "variables": null, "operationName": "ProjectToken" }),
        json!({ "query": query, "variables": null }),
        json!({ "query": query }),
    ] {
        let answer = lab.send(&lab.auth, &body).json();
        assert_eq!(
            answer["data"]["projectToken"]["environment"]["name"],
            "production"
        );
    }
    let upsert = "mutation VariableCollectionUpsert($projectId: String!, $serviceId: String!,
        $environmentId: String!, $variables: EnvironmentVariables!, $skipDeploys: Boolean) {
        variableCollectionUpsert(input: { projectId: $projectId, environmentId: $environmentId,
            serviceId: $serviceId, variables: $variables, skipDeploys: $skipDeploys }) }";
    let variables = json!({
        "projectId": lab.project.id, "environmentId": lab.production.id, "serviceId": lab.api.id(),
        "variables": { "A": "1" }, "skipDeploys": null,
    });
    assert_eq!(
        lab.ask(upsert, &variables)["variableCollectionUpsert"],
        true
    );
    assert_eq!(lab.api.value("A").as_deref(), Some("1"));
    assert_eq!(lab.api.deploys().len(), 1);
    let shared = lab.view(&lab.shared, false);
    assert_eq!(
        shared,
        json!({}),
        "an explicit null service id means the shared variables"
    );
}

#[test]
fn fragments_aliases_and_directives_are_executed() {
    let Some(lab) = Lab::open() else { return };
    let query = "query Two($yes: Boolean!) {
            first: projectToken { ...named @include(if: $yes) project @skip(if: $yes) { id } }
            second: projectToken { __typename ... on ProjectToken { environmentId } }
        }
        fragment named on ProjectToken { project { name } }
        query Other { projectToken { id } }";
    let body = json!({ "query": query, "variables": { "yes": true }, "operationName": "Two" });
    let answer = lab.send(&lab.auth, &body).json();
    assert_eq!(
        answer["data"]["first"],
        json!({ "project": { "name": "aurora" } })
    );
    assert_eq!(answer["data"]["second"]["__typename"], "ProjectToken");
    assert_eq!(
        answer["data"]["second"]["environmentId"],
        json!(lab.production.id)
    );
}

/// A null climbs to the nearest place that may be null, and no further.
#[test]
fn an_error_below_something_nullable_leaves_the_rest() {
    let Some(lab) = Lab::open() else { return };
    let query = "{ projectToken { project { name workspace { name members { id } } } } }";
    let answer = lab.answer(&lab.auth, query, &json!(null));
    let project = json!({ "name": "aurora", "workspace": null });
    assert_eq!(answer["data"]["projectToken"]["project"], project);
    let path = json!(["projectToken", "project", "workspace", "members"]);
    assert_eq!(answer["errors"][0]["path"], path);
    let deep = "query($e: String!) { environment(id: $e) { variables(first: 9) { edges { node {
        name plugin { id } } } } } }";
    let _api = lab.api.clone().set("A", "1");
    let answer = lab.answer(&lab.auth, deep, &json!({ "e": lab.production.id }));
    assert_eq!(answer["data"], Value::Null);
    let path = json!(["environment", "variables", "edges", 0, "node", "plugin"]);
    assert_eq!(answer["errors"][0]["path"], path);
}

#[test]
fn a_token_without_bearer_is_no_token() {
    let Some(lab) = Lab::open() else { return };
    let odd = Auth::Bearer(format!(" {}", lab.fake.account_token()));
    assert_eq!(
        lab.refusal_of(&odd, "{ me { id } }", &json!(null)),
        "Not Authorized"
    );
}

#[test]
fn introspection_shows_the_argument_that_newer_servers_have() {
    let Some(lab) = Lab::open() else { return };
    let query = r#"{ __type(name: "Mutation") { fields { name args { name } } } }"#;
    let takes_skip = |lab: &Lab| {
        let data = lab.answer(&Auth::Nobody, query, &json!(null));
        let fields = data["data"]["__type"]["fields"].as_array().unwrap().clone();
        let commit = fields
            .iter()
            .find(|field| field["name"] == "environmentPatchCommit");
        let arguments = commit.unwrap()["args"].as_array().unwrap();
        arguments
            .iter()
            .any(|argument| argument["name"] == "skipDeploys")
    };
    assert!(!takes_skip(&lab));
    lab.fake.switches(|switches| switches.skip_on_commit = true);
    assert!(takes_skip(&lab));
}

#[test]
fn what_it_does_not_know_is_an_error_and_noted() {
    let Some(lab) = Lab::open() else { return };
    assert!(
        lab.refusal(
            "{ projectToken { project { members { id } } } }",
            &json!(null)
        )
        .contains("members")
    );
    assert!(
        lab.refusal("mutation { projectLeave(id: \"x\") }", &json!(null))
            .contains("projectLeave")
    );
    assert_eq!(
        lab.fake.unexpected(),
        ["Project.members", "Mutation.projectLeave"]
    );
}

#[test]
fn every_request_is_recorded() {
    let Some(lab) = Lab::open() else { return };
    let query = "query Q($id: String!) { one: environment(id: $id) { name } projectToken { id } }";
    lab.ask(query, &json!({ "id": lab.production.id }));
    lab.upsert(&lab.api, &json!({ "A": "canary" }), true);
    let requests = lab.fake.requests();
    let [read, write] = &requests[..] else {
        panic!("two requests, not {}", requests.len())
    };
    assert_eq!(
        (read.number, read.status, read.mutation),
        (1, Some(200), false)
    );
    assert_eq!(read.query_string.as_deref(), Some("source=tests"));
    assert_eq!(read.headers["x-source"], "CLI 5.71.0");
    assert!(read.token.project.is_some() && read.token.bearer.is_none());
    assert_eq!(read.roots[0].key, "one");
    assert_eq!(read.roots[0].arguments["id"], json!(lab.production.id));
    assert!(read.asks_for("name") && !read.asks_for("variables"));
    assert!(write.mutation && write.body_bytes > 100);
    assert_eq!(
        write.roots[0].arguments["input"]["variables"],
        json!({ "A": "canary" })
    );
    assert_eq!(write.variables["i"]["skipDeploys"], true);
    assert_eq!(read.operation_name, None);
    assert_eq!(read.document.as_ref(), query);
    let counters = lab.fake.counters();
    assert_eq!(
        (
            counters.requests,
            counters.query_fields,
            counters.mutation_fields
        ),
        (2, 2, 1)
    );
    lab.fake.clear_record();
    assert_eq!(lab.fake.requests().len(), 0);
    assert_eq!(lab.fake.counters().requests, 0);
}

/// The same over TLS, with a certificate of the test's.
#[test]
fn it_speaks_tls() {
    let Some(sdl) = schema() else { return };
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&ring))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let fake = FakeRailway::start_tls(sdl, Arc::new(server));
    assert!(
        fake.url().starts_with("https://localhost:"),
        "{}",
        fake.url()
    );

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let session = rustls::ClientConnection::new(Arc::new(client), name).unwrap();
    let plain = fake.url().replace("https://localhost", "http://127.0.0.1");
    let tcp = super::http::open(&plain, std::time::Duration::from_secs(10)).unwrap();
    let mut stream = rustls::StreamOwned::new(session, tcp);
    let auth = Auth::Bearer(fake.account_token());
    send(
        &mut stream,
        &plain,
        &auth,
        r#"{"query":"{ me { name } }"}"#,
        "close",
    )
    .unwrap();
    assert_eq!(
        receive(&mut stream).unwrap().json()["data"]["me"]["name"],
        "Ada"
    );
}
