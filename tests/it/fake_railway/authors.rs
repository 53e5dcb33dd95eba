//! Who changed what: section 12 of the facts.

use serde_json::{Value, json};

use super::{Auth, Lab};
use crate::support::fake_railway::switches::Shown;

const PATCHES: &str = "query($e: String!, $n: Int, $a: String) {
    environmentPatches(environmentId: $e, first: $n, after: $a) {
        edges { node { status message appliedAt appliedBy { name email } } }
        pageInfo { hasNextPage endCursor } } }";
const AUDIT: &str = "query($w: String!, $f: AuditLogFilterInput, $s: SortOrder) {
    auditLogs(workspaceId: $w, filter: $f, sort: $s) {
        edges { node { createdAt eventType context } } pageInfo { hasNextPage } } }";
const UPSERT: &str = "mutation($i: VariableUpsertInput!) { variableUpsert(input: $i) }";
const DELETE: &str = "mutation($i: VariableDeleteInput!) { variableDelete(input: $i) }";
const COMMIT: &str = "mutation($e: String!, $p: EnvironmentConfig, $m: String) {
    environmentPatchCommit(environmentId: $e, patch: $p, commitMessage: $m) }";

/// Three mutations of three kinds by an account, and one edit of a colleague.
fn lived() -> Option<Lab> {
    let mut lab = Lab::open()?;
    lab.auth = Auth::Bearer(lab.fake.account_token());
    let input = |more: Value| {
        let mut input = json!({
            "projectId": lab.production.project, "environmentId": lab.production.id,
            "serviceId": lab.api.id(), "name": "A",
        });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    lab.ask(UPSERT, &input(json!({ "value": "1" })));
    lab.ask(DELETE, &input(json!({})));
    let patch = json!({ "sharedVariables": { "R": { "value": "eu" } } });
    lab.ask(
        COMMIT,
        &json!({ "e": lab.production.id, "p": patch, "m": "why not" }),
    );
    lab.api.edited(Some("Grace"), "B", Some("2"));
    Some(lab)
}

fn patches(lab: &Lab, more: Value) -> Value {
    let mut variables = json!({ "e": lab.production.id, "n": 10 });
    variables
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    lab.ask(PATCHES, &variables)["environmentPatches"].clone()
}

fn nodes(connection: &Value) -> Vec<Value> {
    let edges = connection["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

#[test]
fn every_write_leaves_its_author() {
    let Some(lab) = lived() else { return };
    let all = nodes(&patches(&lab, json!({})));
    let said: Vec<(Option<&str>, Option<&str>)> = all
        .iter()
        .map(|node| (node["appliedBy"]["name"].as_str(), node["message"].as_str()))
        .collect();
    let ada = Some("Ada");
    assert_eq!(
        said,
        [
            (Some("Grace"), None),
            (ada, Some("why not")),
            (ada, None),
            (ada, None)
        ],
        "newest first"
    );
    let first = patches(&lab, json!({ "n": 3 }));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let rest = patches(&lab, json!({ "a": first["pageInfo"]["endCursor"] }));
    assert_eq!(nodes(&rest), all[3..]);
    lab.fake.switches(|switches| {
        switches.writes_are_patches = false;
        switches.patches_ascend = true;
    });
    assert_eq!(nodes(&patches(&lab, json!({}))).len(), 1, "only commits");
    assert_eq!(lab.production.commits(), [Some("why not".to_owned())]);
}

#[test]
fn the_audit_log_is_a_workspaces_and_can_be_filtered() {
    let Some(lab) = lived() else { return };
    let workspace = lab.fake.workspace("Acme").id;
    let audit = |filter: Value, sort: &str| {
        nodes(&lab.ask(AUDIT, &json!({ "w": workspace, "f": filter, "s": sort }))["auditLogs"])
    };
    let all = audit(json!({ "environmentId": lab.production.id }), "desc");
    assert_eq!(all.len(), 4);
    assert_eq!(all[0]["context"]["actor"]["name"], "Grace");
    assert_eq!(all[1]["eventType"], "environment.patch.committed");
    let mut back = audit(Value::Null, "asc");
    back.reverse();
    assert_eq!(back, all);
    let since = json!({ "startDate": all[1]["createdAt"] });
    assert_eq!(audit(since, "desc"), all[..2]);
    let staging = lab.project.environment("staging");
    assert!(audit(json!({ "environmentId": staging.id }), "desc").is_empty());
    lab.fake.switches(|switches| switches.audit_empty = true);
    assert!(audit(Value::Null, "desc").is_empty());
}

#[test]
fn who_is_not_shown_them_is_not_authorized() {
    let Some(lab) = lived() else { return };
    let workspace = lab.fake.workspace("Acme").id;
    let project = Auth::Project(lab.production.token());
    let refused = |auth: &Auth, query: &str, variables: &Value| {
        let answer = lab.answer(auth, query, variables);
        answer["errors"][0]["message"] == "Not Authorized" && answer["data"].is_null()
    };
    let commits = json!({ "e": lab.production.id });
    let audit = json!({ "w": workspace });
    assert!(refused(&project, AUDIT, &audit), "a workspace is beyond it");
    assert!(!refused(&project, PATCHES, &commits));
    lab.fake.switches(|switches| {
        switches.patches_shown = Shown::NotProjectTokens;
        switches.audit_shown = Shown::Nobody;
    });
    assert!(refused(&project, PATCHES, &commits));
    assert!(!refused(&lab.auth, PATCHES, &commits));
    assert!(refused(&lab.auth, AUDIT, &audit));
}
