//! A request from this machine.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};

use super::judge::{Answer, NoAnswer, Sender, seconds};
use super::request::Checked;
use super::{MAX_ANSWER_BYTES, not_tried, unreachable};
use crate::platforms::http::{Body, Broken, Client, HttpError, Request, WipedBuffer};

/// Sends over our own client.
pub(super) struct Direct<'a>(pub(super) &'a Client);

#[async_trait]
impl Sender for Direct<'_> {
    async fn send(&self, checked: Checked, limit: Duration) -> Result<Answer, NoAnswer> {
        let reads_body = checked.reads_body;
        let request = request(checked, limit);
        let answer = if reads_body {
            let answer = self.0.send_for_short(request, MAX_ANSWER_BYTES).await;
            answer.map(|answer| told(answer.status, &answer.headers, answer.body))
        } else {
            let answer = self.0.skim(request, MAX_ANSWER_BYTES).await;
            answer.map(|answer| told(answer.status, &answer.headers, None))
        };
        answer.map_err(|error| no_answer(&error, limit))
    }
}

fn request(checked: Checked, limit: Duration) -> Request {
    let Checked {
        method,
        url,
        mut headers,
        body,
        ..
    } = checked;
    let body = body.filter(|body| !body.is_empty());
    if body.is_none() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
        // some servers insist on it
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let request = Request::new(method, url, limit).headers(headers);
    let Some(body) = body else {
        return request;
    };
    let mut bytes = WipedBuffer::with_capacity(body.len());
    bytes.push(body.expose().as_bytes());
    request.body(Body::new(bytes))
}

fn told(status: u16, headers: &HeaderMap, body: Option<WipedBuffer>) -> Answer {
    let content_type = headers.get(CONTENT_TYPE);
    let retry_after = headers.get(RETRY_AFTER);
    Answer {
        status,
        content_type: content_type
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        retry_after: retry_after.and_then(|value| seconds(value.as_bytes())),
        body,
    }
}

fn no_answer(error: &HttpError, limit: Duration) -> NoAnswer {
    let verdict = match error {
        HttpError::MaybeSent {
            why: Broken::Timeout(_),
            ..
        } => unreachable(format!("no answer within {} s", limit.as_secs_f32())),
        HttpError::NotSent { .. } | HttpError::MaybeSent { .. } => unreachable(error.to_string()),
        HttpError::TooLarge { .. } | HttpError::Insecure { .. } | HttpError::BadProxy => {
            not_tried(error.to_string())
        }
    };
    NoAnswer {
        verdict,
        maybe_sent: !error.not_sent(),
    }
}
