//! Answers that nobody should send: nothing panics, and nothing of them is ever shown.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::answer::{self, BadBody};
use super::super::{ErrorKind, Fault};
use crate::platforms::railway::wire::{
    EnvironmentAnswer, ProjectTokenAnswer, StagedAnswer, VariablesAnswer,
};

const SECRET: &str = "s3cr3t-canary";

/// Any JSON, with a secret in many places, under names that answers have.
fn forged() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(SECRET)),
        Just(Value::from("Not Authorized")),
        Just(Value::from("INTERNAL_SERVER_ERROR")),
    ];
    let name = prop::sample::select(vec![
        "data",
        "errors",
        "message",
        "path",
        "extensions",
        "code",
        "traceId",
        "shared",
        "s0",
        "staged",
        "id",
        "status",
        "patch",
        "services",
        "variables",
        "sharedVariables",
        "value",
        "projectToken",
        "environment",
        "edges",
        "node",
        "pageInfo",
        SECRET,
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// All that is ever said of an answer.
fn said<T>(body: &[u8]) -> String
where
    T: serde::de::DeserializeOwned,
{
    match answer::parse::<T>(body, Some(Duration::from_secs(1))) {
        Ok(answer) => {
            let fault = Fault::Errors(answer.errors);
            format!("{fault} {fault:?} {:?}", fault.help())
        }
        Err(BadBody::Shape { line, column }) => {
            let fault = Fault::Shape { line, column };
            format!("{fault} {fault:?}")
        }
        Err(BadBody::Nothing) => Fault::Nothing.to_string(),
    }
}

fn all_said(body: &[u8]) -> [String; 4] {
    [
        said::<VariablesAnswer>(body),
        said::<ProjectTokenAnswer>(body),
        said::<EnvironmentAnswer>(body),
        said::<StagedAnswer>(body),
    ]
}

proptest! {
    #[test]
    fn nothing_of_a_forged_answer_is_shown(data in forged(), error in forged(), more in forged()) {
        let bodies = [
            json!({ "data": data, "errors": [error, more] }),
            json!({ "data": data, "errors": error }),
            json!({ "errors": [{ "message": SECRET, "path": error, "extensions": more }] }),
            json!({ "errors": [{ "message": "x", "path": [SECRET], "traceId": SECRET,
                                 "extensions": { "code": SECRET, "traceId": SECRET } }] }),
            data,
        ];
        for body in bodies {
            for said in all_said(body.to_string().as_bytes()) {
                prop_assert!(!said.contains("canary"), "{said}");
            }
        }
    }

    #[test]
    fn bytes_are_no_answer_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        all_said(&bytes);
    }

    #[test]
    fn half_an_answer_is_none(cut in 0_usize..80) {
        let body = json!({ "data": { "shared": { "A": SECRET, "B": SECRET }, "s0": { "C": SECRET } } });
        let body = body.to_string();
        let cut = cut.min(body.len() - 1);
        let answer = answer::parse::<VariablesAnswer>(&body.as_bytes()[..cut], None);
        let refused = matches!(answer, Err(BadBody::Shape { .. }));
        prop_assert!(refused);
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    let deep = format!(
        "{{\"data\":{}{}}}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    all_said(deep.as_bytes());
    let patch = format!(
        "{{\"data\":{{\"environmentStagedChanges\":{{\"id\":\"1\",\"status\":\"STAGED\",\"patch\":{{\"x\":{}{}}}}}}}}}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    all_said(patch.as_bytes());
}

#[test]
fn messages_are_told_apart_whatever_their_case() {
    let kind = |message: &str, code: Value| {
        let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
        let body = body.to_string();
        let answer = answer::parse::<Value>(body.as_bytes(), Some(Duration::from_secs(9)));
        answer
            .map(|answer| answer.errors[0].kind.clone())
            .ok()
            .unwrap()
    };
    let limited = ErrorKind::RateLimited {
        after: Some(Duration::from_secs(9)),
    };
    for (message, code, expected) in [
        ("not authorized", Value::Null, ErrorKind::NotAuthorized),
        (
            "Project Token not found",
            Value::Null,
            ErrorKind::ProjectTokenNotFound,
        ),
        (
            "PROJECT NOT FOUND",
            Value::Null,
            ErrorKind::NotFound("project"),
        ),
        (
            "Environment not found: e1",
            Value::Null,
            ErrorKind::NotFound("environment"),
        ),
        (
            "ServiceInstance not found",
            Value::Null,
            ErrorKind::NotFound("something"),
        ),
        (
            "Problem processing request",
            Value::Null,
            ErrorKind::ProblemProcessing,
        ),
        (
            "Two Factor Authentication Required",
            Value::Null,
            ErrorKind::TwoFactor,
        ),
        (
            "Service deployment Rate Limit exceeded",
            Value::Null,
            limited.clone(),
        ),
        ("Whoa there pal! … too quickly", Value::Null, limited),
        (
            "Cannot redeploy yet, please wait for the original deployment to finish building",
            Value::Null,
            ErrorKind::RedeployWhileBuilding,
        ),
        (
            "Cannot redeploy without a snapshot",
            Value::Null,
            ErrorKind::NoSnapshot,
        ),
        ("x", json!("STALE_ENVIRONMENT_BASE"), ErrorKind::StaleBase),
        (
            "Not Authorized field",
            json!("GRAPHQL_VALIDATION_FAILED"),
            ErrorKind::Validation,
        ),
        ("x", json!("BAD_USER_INPUT"), ErrorKind::BadInput),
        ("Not Authorized", json!(7), ErrorKind::NotAuthorized),
        (
            "Not Authorized",
            json!({ "a": [] }),
            ErrorKind::NotAuthorized,
        ),
        ("", Value::Null, ErrorKind::Other),
    ] {
        assert_eq!(kind(message, code), expected, "{message}");
    }
}
