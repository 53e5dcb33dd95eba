//! Answers, good ones and spoilt ones.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use super::body::Answer;
use super::faults::{Fault, RetryAfter};
use super::ids::http_date;
use super::limits::epoch;

/// What a fault sends in place of the answer.
pub async fn spoil(
    shared: &Shared,
    reset: &AtomicBool,
    fault: &Fault,
    body: Option<&Value>,
) -> io::Result<Response<Answer>> {
    Ok(match fault {
        Fault::Limited(retry_after) => limited(shared, *retry_after),
        Fault::EdgeLimited { html } => edge(*html),
        Fault::Gateway(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let page = format!("<html><body><h1>{status}</h1></body></html>");
            plain(status, "text/html", &page)
        }
        Fault::Reset => {
            reset.store(true, Ordering::Relaxed);
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Fault::Hang => std::future::pending().await,
        Fault::HalfBody => {
            let whole = body.map_or_else(|| json!({ "data": { "id": "" } }), Value::clone);
            half(&whole.to_string())
        }
        Fault::Html => plain(
            StatusCode::OK,
            "text/html",
            "<!doctype html><p>One moment, please",
        ),
        Fault::NullData(fail) => {
            let body = json!({ "data": null, "errors": [fail.to_json(&[])] });
            json_answer(shared, 200, &body)
        }
        Fault::Nothing => json_answer(shared, 200, &json!({})),
        Fault::Endless(bytes) => Response::builder()
            .header("content-type", "application/json")
            .body(Answer::Endless {
                left: *bytes,
                first: true,
                counter: Arc::clone(&shared.streamed),
            })
            .expect("the header is good"),
        Fault::Field(..)
        | Fault::Slow(_)
        | Fault::Act(_)
        | Fault::Draft { .. }
        | Fault::Write { .. } => json_answer(shared, 200, body.unwrap_or(&json!({}))),
    })
}

pub fn json_answer(shared: &Shared, status: u16, body: &Value) -> Response<Answer> {
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8");
    for (name, value) in shared.budget_headers() {
        response = response.header(name, value);
    }
    response
        .body(body.to_string().into())
        .expect("the headers are good")
}

/// The API's own 429.
pub fn limited(shared: &Shared, retry_after: RetryAfter) -> Response<Answer> {
    let body = json!({
        "errors": [{
            "message": "Rate limit exceeded",
            "extensions": { "code": "RATE_LIMITED" },
        }],
    });
    let mut response = json_answer(shared, 429, &body);
    let value = match retry_after {
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::Date(seconds) => http_date(epoch() + seconds),
        RetryAfter::Absent => return response,
    };
    let value = value
        .parse()
        .expect("digits and dates are good in a header");
    response.headers_mut().insert("retry-after", value);
    response
}

/// The edge's 429: the API never saw the request.
pub fn edge(html: bool) -> Response<Answer> {
    let status = StatusCode::TOO_MANY_REQUESTS;
    if html {
        let page = "<!DOCTYPE html><html><head><title>Access denied</title></head></html>";
        plain(status, "text/html; charset=UTF-8", page)
    } else {
        plain(status, "text/plain; charset=UTF-8", "error code: 1015")
    }
}

pub fn plain(status: StatusCode, kind: &str, text: &str) -> Response<Answer> {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(text.to_owned().into())
        .expect("the header is good")
}

fn half(text: &str) -> Response<Answer> {
    let sent = text.as_bytes()[..text.len() / 2].to_vec();
    Response::builder()
        .header("content-type", "application/json; charset=utf-8")
        .header("content-length", text.len())
        .body(Answer::Half {
            sent: Some(sent.into()),
            announced: text.len() as u64,
        })
        .expect("the headers are good")
}
