//! Staging and the shape of patches: section 5 of the facts, and drafts of section 6.

use serde_json::{Value, json};

use super::Lab;

const STAGE: &str = "mutation($e: String!, $i: EnvironmentConfig!, $m: Boolean) {
    environmentStageChanges(environmentId: $e, input: $i, merge: $m) {
        id status patch(decryptVariables: true) } }";
const STAGED: &str = "query($e: String!, $d: Boolean) {
    environmentStagedChanges(environmentId: $e) { id status patch(decryptVariables: $d) }
    environment(id: $e) { unmergedChangesCount } }";

fn staged(lab: &Lab, decrypted: bool) -> Value {
    lab.ask(STAGED, &json!({ "e": lab.production.id, "d": decrypted }))
}

#[test]
fn nothing_staged_is_a_placeholder() {
    let Some(lab) = Lab::open() else { return };
    let nothing = staged(&lab, true);
    let expected = json!({ "id": "<empty>", "status": "STAGED", "patch": {} });
    assert_eq!(nothing["environmentStagedChanges"], expected);
    assert_eq!(nothing["environment"]["unmergedChangesCount"], 0);
}

#[test]
fn staging_replaces_or_merges() {
    let Some(lab) = Lab::open() else { return };
    let patch = |name: &str, entry: Value| json!({ "services": { (lab.api.id()): { "variables": { (name): entry } } } });
    let stage = |input: &Value, merge: Value| {
        let ids = json!({ "e": lab.production.id, "i": input, "m": merge });
        lab.ask(STAGE, &ids)["environmentStageChanges"]["patch"].clone()
    };
    let first = patch("A", json!({ "value": "canary" }));
    assert_eq!(stage(&first, json!(null)), first);
    let both = json!({ "services": { (lab.api.id()): {
        "variables": { "A": { "value": "canary" }, "B": null } } } });
    assert_eq!(stage(&patch("B", json!(null)), json!(true)), both);
    assert_eq!(lab.production.staged(), Some(both.clone()));
    assert_eq!(lab.production.staged_by().as_deref(), Some("a token"));

    let masked = staged(&lab, false);
    let shown = &masked["environmentStagedChanges"]["patch"]["services"][lab.api.id()]["variables"];
    assert_eq!(*shown, json!({ "A": { "value": null }, "B": null }));
    assert_eq!(masked["environment"]["unmergedChangesCount"], 2);
    assert_eq!(
        staged(&lab, true)["environmentStagedChanges"]["patch"],
        both
    );
    assert_eq!(lab.raw(&lab.api), json!({}), "a draft is not in effect");

    let only = patch("C", json!({ "value": "1" }));
    assert_eq!(stage(&only, json!(false)), only);
}

#[test]
fn a_colleagues_draft_can_be_there_from_the_start() {
    let Some(lab) = Lab::open() else { return };
    lab.production
        .stage(&json!({ "sharedVariables": { "REGION": { "value": "eu" } } }));
    assert_eq!(lab.production.staged_by().as_deref(), Some("Grace"));
    assert_eq!(staged(&lab, true)["environment"]["unmergedChangesCount"], 1);
    lab.production
        .stage(&json!({ "sharedVariables": { "ZONE": null } }));
    let draft = lab.production.staged().unwrap();
    assert_eq!(
        draft["sharedVariables"],
        json!({ "REGION": { "value": "eu" }, "ZONE": null })
    );
}
