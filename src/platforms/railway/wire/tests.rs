//! Answers into shapes.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::SecretValue;

fn read<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> Result<T, String> {
    serde_json::from_str(&value.to_string()).map_err(|error| error.to_string())
}

#[test]
fn values_come_by_alias_and_null_is_sealed() {
    let answer: VariablesAnswer = read(&json!({
        "shared": { "A": "1", "EMPTY": "", "SEALED": null },
        "s0": {},
        "s1": null,
        "staged": { "id": "<empty>", "status": "STAGED", "patch": {} },
    }))
    .unwrap();
    let shared = &answer.scopes["shared"];
    assert_eq!(shared["A"], Some(SecretValue::new("1")));
    assert_eq!(shared["EMPTY"], Some(SecretValue::new("")));
    assert_eq!(shared["SEALED"], None);
    assert!(answer.scopes["s0"].is_empty());
    assert!(!answer.scopes.contains_key("s1"), "unreadable is not empty");
    assert!(answer.staged.unwrap().patch.is_empty());
}

#[test]
fn a_value_that_is_no_text_or_a_name_twice_is_an_error() {
    for bad in [
        r#"{"shared": {"A": 1}}"#,
        r#"{"shared": {"A": true}}"#,
        r#"{"shared": {"A": {"value": "x"}}}"#,
        r#"{"shared": ["A"]}"#,
        r#"{"shared": "hunter2"}"#,
        r#"{"shared": {"A": "1", "A": "2"}}"#,
        r#"["shared"]"#,
    ] {
        assert!(
            serde_json::from_str::<VariablesAnswer>(bad).is_err(),
            "{bad}"
        );
    }
}

proptest! {
    #[test]
    fn every_text_survives(values in prop::collection::btree_map(".*", prop::option::of(".*"), 0..8)) {
        let answer: VariablesAnswer = read(&json!({ "s0": values })).unwrap();
        let read: Values = values
            .into_iter()
            .map(|(name, value)| (name, value.map(SecretValue::new)))
            .collect();
        prop_assert_eq!(&answer.scopes["s0"], &read);
    }

    #[test]
    fn every_text_goes_out_whole(text in ".*") {
        let sent = serde_json::to_string(&Exposed(&SecretValue::new(text.as_str()))).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(&sent).unwrap(), text);
    }
}

fn patch(value: &serde_json::Value) -> Patch {
    let staged: Staged = read(&json!({ "id": "1", "status": "STAGED", "patch": value })).unwrap();
    staged.patch
}

#[test]
fn nothing_is_staged_where_nothing_is_said() {
    for empty in [
        json!(null),
        json!({}),
        json!({ "services": {}, "sharedVariables": null, "volumes": {} }),
        json!({ "services": { "s1": {} } }),
        json!({ "services": { "s1": { "variables": {}, "deploy": null } } }),
    ] {
        assert!(patch(&empty).is_empty(), "{empty}");
    }
}

#[test]
fn anything_else_is_something() {
    for full in [
        json!({ "services": { "s1": { "variables": { "A": null } } } }),
        json!({ "services": { "s1": { "isDeleted": true } } }),
        json!({ "services": { "s1": { "isDeleted": false } } }),
        json!({ "services": { "s1": { "deploy": { "numReplicas": 2 } } } }),
        json!({ "services": { "s1": null } }),
        json!({ "sharedVariables": { "A": { "value": "1" } } }),
        json!({ "privateNetworkDisabled": true }),
        json!({ "volumes": { "v": {} } }),
        json!({ "aSectionOfTomorrow": "x" }),
        json!({ "aSectionOfTomorrow": 7.5 }),
        json!({ "aSectionOfTomorrow": [{}] }),
    ] {
        assert!(!patch(&full).is_empty(), "{full}");
    }
}

#[test]
fn edits_are_told_apart() {
    let patch = patch(&json!({
        "services": { "s1": {
            "variables": {
                "GONE": null,
                "SET": { "value": "x", "description": "…" },
                "SEALED": { "isSealed": true },
                "MASKED": { "value": null, "isSealed": false },
            },
            "build": { "builder": "RAILPACK" },
        } },
        "sharedVariables": { "S": { "value": "y", "isSealed": true } },
        "buckets": { "b": {} },
    }));
    let service = &patch.services["s1"];
    assert_eq!(service.variables["GONE"], VariablePatch::Delete);
    let set = |value: Option<&str>, sealed| VariablePatch::Set {
        value: value.map(SecretValue::new),
        sealed,
    };
    assert_eq!(service.variables["SET"], set(Some("x"), false));
    assert_eq!(service.variables["SEALED"], set(None, true));
    assert_eq!(service.variables["MASKED"], set(None, false));
    assert_eq!(service.others.iter().collect::<Vec<_>>(), ["build"]);
    assert_eq!(patch.shared["S"], set(Some("y"), true));
    assert_eq!(patch.others.iter().collect::<Vec<_>>(), ["buckets"]);
}

#[test]
fn states_and_arguments() {
    let workflow = |value| read::<WorkflowAnswer>(&json!({ "workflowStatus": value })).unwrap();
    let running = workflow(json!({ "status": "Running" })).workflow;
    assert_eq!(
        (running.status, running.has_error),
        (WorkflowStatus::Running, false)
    );
    let failed = workflow(json!({ "status": "Error", "error": "hunter2" })).workflow;
    assert!(failed.has_error && !format!("{failed:?}").contains("hunter2"));
    let later = workflow(json!({ "status": "Paused", "error": null })).workflow;
    assert_eq!(
        (later.status, later.has_error),
        (WorkflowStatus::Unknown, false)
    );

    let arguments: MutationArguments = read(&json!({ "__type": { "fields": [
        { "name": "environmentPatchCommit", "args": [{ "name": "patch" }] },
        { "name": "environmentPatchCommitStaged", "args": [{ "name": "skipDeploys" }] },
    ] } }))
    .unwrap();
    assert!(arguments.has("environmentPatchCommitStaged", "skipDeploys"));
    assert!(!arguments.has("environmentPatchCommit", "skipDeploys"));
    let closed: MutationArguments = read(&json!({ "__type": null })).unwrap();
    assert!(!closed.has("environmentPatchCommit", "patch"));

    for field in ["environmentPatchCommit", "environmentPatchCommitStaged"] {
        let commit: CommitAnswer = read(&json!({ field: "w-1" })).unwrap();
        assert_eq!(commit.workflow_id, "w-1");
    }
}

#[test]
fn a_time_of_another_form_is_unknown_and_no_error() {
    let variable = |time: serde_json::Value| {
        let node = json!({ "name": "A", "serviceId": null, "isSealed": false, "updatedAt": time });
        read::<VariableNode>(&node).unwrap().updated_at
    };
    assert!(variable(json!("2026-08-21T10:00:00.000Z")).is_some());
    assert_eq!(variable(json!("yesterday")), None);
    assert_eq!(variable(json!(null)), None);
}
