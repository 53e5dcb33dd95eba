//! Writing: never sent twice unless that is known to be right, and always told what may have
//! happened.

use serde::Serialize;
use serde_json::{Value, json};

use super::{CANARY, Reply, Server, api, auth, one_field, pace, scripted};
use crate::model::SecretValue;
use crate::platforms::railway::api::{Fault, MutateError, Repeat, documents};
use crate::platforms::railway::wire::Exposed;

const DONE: &str = r#"{"data":{"u0":true}}"#;

async fn change(server: &Server, fields: usize, repeat: Repeat) -> Result<Value, MutateError> {
    let api = api(server, pace());
    let document = if fields == 1 {
        one_field()
    } else {
        documents::upserts(fields)
    };
    let result = api
        .mutate(&auth(), &document, &json!({}), repeat, api.deadline())
        .await;
    if let Err(error) = &result {
        assert!(!format!("{error} {error:?}").contains(CANARY));
    }
    result
}

fn graph_error(message: &str, code: &str, path: Value) -> Reply {
    let error = json!({ "message": message, "path": path, "extensions": { "code": code } });
    Reply::json(&json!({ "data": null, "errors": [error] }).to_string())
}

fn page(status: u16) -> Reply {
    Reply::Answer(
        status,
        vec![("content-type", "text/html".to_owned())],
        b"<html>".to_vec(),
    )
}

#[tokio::test]
async fn a_value_goes_out_as_it_is() {
    #[derive(Serialize)]
    struct Variables<'a> {
        u0: Exposed<'a>,
    }
    let server = scripted(vec![Reply::json(DONE)]);
    let api = api(&server, pace());
    let value = SecretValue::new("a\"b\\\n\u{1F511}");
    let variables = Variables {
        u0: Exposed(&value),
    };
    let done: Value = api
        .mutate(
            &auth(),
            &one_field(),
            &variables,
            Repeat::Never,
            api.deadline(),
        )
        .await
        .unwrap();
    assert_eq!(done["u0"], true);
    assert_eq!(server.seen()[0].json()["variables"]["u0"], value.expose());
}

#[tokio::test]
async fn a_limit_at_the_door_is_waited_out_only_where_later_is_as_good_as_now() {
    let limited = || vec![page(429), page(429), Reply::json(DONE)];
    let server = scripted(limited());
    change(&server, 1, Repeat::Harmless).await.unwrap();
    assert_eq!(server.seen().len(), 3);
    for repeat in [Repeat::Never, Repeat::AfterDoubt] {
        let server = scripted(limited());
        let error = change(&server, 1, repeat).await.unwrap_err();
        assert!(matches!(error, MutateError::Refused(_)), "{error}");
        assert_eq!(error.passes(), Some(None));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_no_after_a_doubt_is_a_doubt() {
    for repeat in [Repeat::AfterDoubt, Repeat::Harmless] {
        let refused = graph_error("Not Authorized", "X", json!(["u0"]));
        let server = scripted(vec![page(502), page(429), refused]);
        let error = change(&server, 1, repeat).await.unwrap_err();
        assert!(matches!(error, MutateError::InDoubt(_)), "{error}");
        assert!(matches!(error.api().fault, Fault::Errors(_)));
        assert_eq!(error.passes(), None);
        assert_eq!(server.seen().len(), 3);
    }
}

#[tokio::test]
async fn a_doubt_is_a_doubt_and_only_the_harmless_is_sent_again() {
    let half = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let doubts = [
        page(502),
        page(503),
        page(504),
        Reply::Close,
        Reply::Raw(half.to_vec()),
        graph_error(
            "Problem processing request",
            "INTERNAL_SERVER_ERROR",
            json!(["u0"]),
        ),
        graph_error("Service deployment rate limit exceeded", "X", json!(["u0"])),
    ];
    for doubt in doubts {
        let server = scripted(vec![doubt.clone(), Reply::json(DONE)]);
        let error = change(&server, 1, Repeat::Never).await.unwrap_err();
        assert!(matches!(error, MutateError::InDoubt(_)), "{error}");
        assert_eq!(server.seen().len(), 1, "{error}");

        for repeat in [Repeat::AfterDoubt, Repeat::Harmless] {
            let server = scripted(vec![doubt.clone(), Reply::json(DONE)]);
            change(&server, 1, repeat).await.unwrap();
            assert_eq!(server.seen().len(), 2);
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_understood_is_a_doubt_and_not_repeated() {
    for reply in [
        page(200),
        page(500),
        Reply::json("{}"),
        Reply::json(r#"{"data":"#),
        graph_error(&format!("odd {CANARY}"), "ODD", json!(["u0"])),
    ] {
        let server = scripted(vec![reply]);
        let error = change(&server, 1, Repeat::Harmless).await.unwrap_err();
        assert!(matches!(error, MutateError::InDoubt(_)), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_no_is_a_no() {
    let cases = [
        ("Not Authorized", "INTERNAL_SERVER_ERROR"),
        ("Project not found", "INTERNAL_SERVER_ERROR"),
        ("Two Factor Authentication Required", "X"),
        ("Cannot redeploy without a snapshot", "X"),
        (
            "Cannot redeploy yet, please wait for the original deployment",
            "X",
        ),
        ("moved", "STALE_ENVIRONMENT_BASE"),
        (CANARY, "BAD_USER_INPUT"),
        (CANARY, "GRAPHQL_VALIDATION_FAILED"),
    ];
    for (message, code) in cases {
        let server = scripted(vec![graph_error(message, code, json!(["u0"]))]);
        let error = change(&server, 1, Repeat::Harmless).await.unwrap_err();
        assert!(matches!(error, MutateError::Refused(_)), "{error}");
        assert!(matches!(error.api().fault, Fault::Errors(_)));
        assert_eq!(server.seen().len(), 1);
    }
    for reply in [page(403), page(413), page(302)] {
        let server = scripted(vec![reply]);
        let error = change(&server, 1, Repeat::Harmless).await.unwrap_err();
        assert!(matches!(error, MutateError::Refused(_)), "{error}");
    }
}

#[tokio::test]
async fn a_no_to_one_of_several_fields_leaves_the_others_in_doubt() {
    let refused = graph_error("Not Authorized", "X", json!(["u1"]));
    let server = scripted(vec![refused]);
    let error = change(&server, 3, Repeat::Never).await.unwrap_err();
    assert!(matches!(error, MutateError::InDoubt(_)), "{error}");
    // without a path the request as a whole was refused
    let server = scripted(vec![graph_error("Not Authorized", "X", Value::Null)]);
    let error = change(&server, 3, Repeat::Never).await.unwrap_err();
    assert!(matches!(error, MutateError::Refused(_)), "{error}");
    // what the server did not understand, it did not do
    let invalid = graph_error("x", "GRAPHQL_VALIDATION_FAILED", json!(["u1"]));
    let error = change(&scripted(vec![invalid]), 3, Repeat::Never).await;
    assert!(matches!(error, Err(MutateError::Refused(_))));
}

#[tokio::test]
async fn nobody_there_is_a_no() {
    let server = scripted(vec![Reply::json(DONE)]);
    let mut gone = server.clone();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    gone.port = free.local_addr().unwrap().port();
    drop(free);
    let error = change(&gone, 1, Repeat::Never).await.unwrap_err();
    assert!(matches!(error, MutateError::Refused(_)), "{error}");
}
