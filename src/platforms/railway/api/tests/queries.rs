//! Reading: what is sent, what is tried again, what is said.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Reply, Server, api, ask, auth, pace, scripted};
use crate::platforms::ReadError;
use crate::platforms::http::{Broken, HttpError};
use crate::platforms::railway::api::{Answer, ApiError, Budget, ErrorKind, Fault, Pace, documents};
use crate::platforms::railway::wire::ApiTokenAnswer;

const GOOD: &str = r#"{"data":{"apiToken":{"workspaces":[]}}}"#;

fn graph_error(message: &str) -> Reply {
    let body = json!({ "data": null, "errors": [{ "message": message, "path": ["apiToken"] }] });
    Reply::json(&body.to_string())
}

async fn fault_of(reply: Reply) -> (Fault, u64) {
    let server = scripted(vec![reply]);
    let api = api(&server, pace());
    let fault = ask(&api).await.unwrap_err().fault;
    (fault, api.requests())
}

#[tokio::test]
async fn a_request_says_who_asks_and_what() {
    let server = scripted(vec![Reply::json(GOOD)]);
    ask(&api(&server, pace())).await.unwrap();
    let seen = &server.seen()[0];
    assert!(seen.head.starts_with("POST /graphql/v2?source=driftlock "));
    let name = concat!("driftlock/", env!("CARGO_PKG_VERSION"));
    assert_eq!(seen.header("user-agent"), Some(name));
    assert_eq!(seen.header("x-source"), Some(name));
    assert_eq!(seen.header("authorization"), Some("Bearer hunter2-canary"));
    assert_eq!(seen.header("project-access-token"), None);
    let body = seen.json();
    assert_eq!(body["operationName"], "ApiToken");
    assert_eq!(body["query"], documents::API_TOKEN.text.as_ref());
    assert_eq!(body["variables"], json!({}));
}

#[tokio::test]
async fn what_passes_is_asked_again() {
    let html = |status| {
        Reply::Answer(
            status,
            vec![("content-type", "text/html".to_owned())],
            b"<html>".to_vec(),
        )
    };
    let edge = Reply::Answer(
        429,
        vec![("content-type", "text/plain".to_owned())],
        b"error code: 1015".to_vec(),
    );
    let half =
        b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"da";
    let replies = vec![
        edge,
        html(429),
        html(502),
        html(503),
        html(504),
        html(522),
        Reply::Close,
        Reply::Raw(half.to_vec()),
        graph_error("Whoa there pal! You are going too quickly. Try again in a sec"),
        graph_error("Problem processing request"),
        Reply::json(GOOD),
    ];
    let count = replies.len() as u64;
    let server = scripted(replies);
    let api = api(&server, pace());
    let answer = ask(&api).await.unwrap();
    assert!(answer.errors.is_empty() && answer.data.is_some());
    assert_eq!(api.requests(), count);
}

#[tokio::test]
async fn what_does_not_pass_is_asked_once() {
    let text = |status, kind: &str, body: &str| {
        Reply::Answer(
            status,
            vec![("content-type", kind.to_owned())],
            body.as_bytes().to_vec(),
        )
    };
    let cases = [
        (text(200, "text/html", "<p>hunter2</p>"), "an HTML page"),
        (text(403, "text/plain", "hunter2"), "plain text"),
        (text(500, "text/html", "hunter2"), "status 500"),
        (text(301, "application/json", "{}"), "status 301"),
        (Reply::json(r#"{"hunter2": 1}"#), "neither data nor errors"),
        (Reply::json("{\n \"data\": hunter2"), "line 2, column"),
        (Reply::json_with(500, &[], "{}"), "status 500"),
        (Reply::json_with(400, &[], r#"{"data":{}}"#), "status 400"),
        (Reply::json(""), "line 1, column 0"),
    ];
    for (reply, expected) in cases {
        let (fault, requests) = fault_of(reply).await;
        let text = format!("{fault} {fault:?} {:?}", fault.help());
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(requests, 1, "{text}");
    }
}

#[tokio::test]
async fn a_hidden_problem_is_asked_again_a_few_times_only() {
    let server = scripted(vec![graph_error("Problem processing request")]);
    let api = api(&server, pace());
    let answer = ask(&api).await.unwrap();
    assert_eq!(answer.errors[0].kind, ErrorKind::ProblemProcessing);
    assert_eq!(api.requests(), 3);
}

#[tokio::test]
async fn other_errors_are_the_callers_with_what_came_beside_them() {
    let body = json!({
        "data": { "shared": { "A": "1" }, "s0": null },
        "errors": [{
            "message": "Not Authorized to see hunter2",
            "path": ["s0", 3, "hunter 2"],
            "extensions": { "code": "INTERNAL_SERVER_ERROR", "traceId": "7f-3" },
        }],
    });
    let server = scripted(vec![Reply::json(&body.to_string())]);
    let api = api(&server, pace());
    let answer = ask(&api).await.unwrap();
    assert_eq!(answer.data.unwrap()["shared"]["A"], "1");
    let error = &answer.errors[0];
    assert_eq!(error.alias(), Some("s0"));
    assert_eq!(error.path, ["s0", "3", "?"]);
    assert_eq!(error.kind, ErrorKind::NotAuthorized);
    assert_eq!(
        error.to_string(),
        "not authorized, or not there (trace 7f-3)"
    );
    assert!(!format!("{error:?}").contains("hunter"));
    assert_eq!(api.requests(), 1);
}

#[tokio::test]
async fn errors_are_read_also_where_the_data_beside_them_has_another_form() {
    let body = r#"{"data":{"apiToken":7},"errors":[{"message":"Project not found"}]}"#;
    let server = scripted(vec![Reply::json(body)]);
    let api = api(&server, pace());
    let answer: Answer<ApiTokenAnswer> = {
        let (auth, none) = (auth(), json!({}));
        api.query(&auth, &documents::API_TOKEN, &none, api.deadline())
            .await
            .unwrap()
    };
    assert!(answer.data.is_none());
    assert_eq!(answer.errors[0].kind, ErrorKind::NotFound("project"));
}

#[tokio::test]
async fn a_bad_request_with_an_error_is_an_error_and_never_quoted() {
    let body = json!({ "errors": [{
        "message": "Variable \"$u0\" got invalid value \"hunter2-canary\"",
        "extensions": { "code": "BAD_USER_INPUT" },
    }] });
    let server = scripted(vec![Reply::json_with(400, &[], &body.to_string())]);
    let api = api(&server, pace());
    let error = ask(&api).await.unwrap().into_whole(&documents::API_TOKEN);
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the API refused a value or an id in the request (Railway's API, ApiToken)"
    );
    assert!(!format!("{error:?}").contains(super::CANARY));
}

#[tokio::test]
async fn the_servers_wait_is_kept() {
    let wait = Reply::json_with(429, &[("retry-after", "1")], "{}");
    let server = scripted(vec![wait, Reply::json(GOOD)]);
    let slow = Pace {
        give_up: Duration::from_secs(5),
        ..pace()
    };
    let api = api(&server, slow);
    let start = Instant::now();
    ask(&api).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(api.requests(), 2);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_reported_and_not_waited_for() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let cases = [
        (vec![("retry-after", "300")], 300),
        (
            vec![date, ("retry-after", "Sun, 06 Nov 1994 08:59:37 GMT")],
            600,
        ),
        (
            vec![
                date,
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "784112377"),
            ],
            1200 - 600,
        ),
    ];
    for (headers, seconds) in cases {
        let server = scripted(vec![Reply::json_with(429, &headers, "{}")]);
        let api = api(&server, pace());
        let error = ask(&api).await.unwrap_err();
        let after = Duration::from_secs(seconds);
        assert_eq!(error.fault, Fault::RateLimited { after: Some(after) });
        assert_eq!(api.requests(), 1);
        let read = ReadError::from(error);
        assert_eq!(read.retry_after, Some(after));
        assert!(
            read.reason.contains("too many requests; again in"),
            "{}",
            read.reason
        );
    }
}

#[tokio::test]
async fn a_limit_within_the_answer_that_stays_is_a_fault() {
    let server = scripted(vec![graph_error("Service deployment rate limit exceeded")]);
    let api = api(&server, pace());
    let error = ask(&api).await.unwrap_err();
    assert_eq!(error.fault, Fault::RateLimited { after: None });
    assert!(api.requests() > 3);
}

#[tokio::test]
async fn silence_ends() {
    let server = scripted(vec![Reply::Hang]);
    let quick = Pace {
        read_timeout: Duration::from_millis(30),
        give_up: Duration::from_millis(100),
        ..pace()
    };
    let api = api(&server, quick);
    let start = Instant::now();
    let error = ask(&api).await.unwrap_err();
    assert!(matches!(
        error.fault,
        Fault::Http(HttpError::MaybeSent {
            why: Broken::Timeout(_),
            ..
        })
    ));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(api.requests() >= 2);
    assert!(ReadError::from(error).retry_after.is_some());
}

#[tokio::test]
async fn the_budget_is_remembered_per_token() {
    let headers = [
        ("x-ratelimit-limit", "1000"),
        ("x-ratelimit-remaining", "3"),
    ];
    let server = scripted(vec![Reply::json_with(200, &headers, GOOD)]);
    let api = api(&server, pace());
    ask(&api).await.unwrap();
    let budget = Budget {
        limit: Some(1000),
        remaining: Some(3),
        resets_in: None,
    };
    assert_eq!(api.budget(&auth().token), Some(budget));
    assert_eq!(api.budget(&super::token("RAILWAY_TOKEN")), None);
    assert!(budget.note().unwrap().starts_with("3 of 1000"));
}

#[tokio::test]
async fn four_at_a_time() {
    use std::sync::{Arc, Condvar, Mutex};
    // an answer comes when four are here: with fewer under way it would hang, and a fifth is counted
    let gate = Arc::new((Mutex::new((0_usize, 0_usize)), Condvar::new()));
    let theirs = gate.clone();
    let server = Server::start(move |_, _| {
        let (count, changed) = &*theirs;
        let mut here = count.lock().unwrap();
        here.0 += 1;
        here.1 = here.1.max(here.0);
        changed.notify_all();
        let patience = Duration::from_secs(5);
        let full = here.0 >= 4;
        if !full {
            here = changed
                .wait_timeout_while(here, patience, |here| here.1 < 4)
                .unwrap()
                .0;
        }
        here.0 -= 1;
        Reply::json(GOOD)
    });
    let api = api(&server, pace());
    let start = Instant::now();
    let all = futures_util::future::join_all((0..12).map(|_| ask(&api))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(gate.0.lock().unwrap().1, 4);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn nothing_of_an_answer_or_a_token_is_in_any_error() {
    let bodies = [
        format!("{{\"data\": \"{}\"}}", super::CANARY),
        format!("{{\"errors\": [{{\"message\": \"{}\"}}]}}", super::CANARY),
        format!(
            "{{\"errors\": [{{\"message\": 7, \"path\": [\"{}\"]}}]}}",
            super::CANARY
        ),
        format!(
            "{{\"data\": {{\"apiToken\": {{\"workspaces\": \"{}\"}}}}}}",
            super::CANARY
        ),
    ];
    for body in bodies {
        let server = scripted(vec![Reply::json(&body)]);
        let api = api(&server, pace());
        let (auth, none) = (auth(), json!({}));
        let result: Result<Answer<ApiTokenAnswer>, ApiError> = api
            .query(&auth, &documents::API_TOKEN, &none, api.deadline())
            .await;
        let error = result.and_then(|answer| answer.into_whole(&documents::API_TOKEN));
        let error = error.map(|_| ()).unwrap_err();
        let read = ReadError::from(error.clone());
        let all = format!("{error} {error:?} {read:?}");
        assert!(!all.contains("canary"), "{body}: {all}");
    }
}
