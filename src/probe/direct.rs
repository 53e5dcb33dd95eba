//! A request from this machine.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use super::judge::{Answer, Sender};
use super::request::Checked;
use super::{MAX_ANSWER_BYTES, not_tried, unreachable};
use crate::model::Verdict;
use crate::platforms::http::{Body, Broken, Client, HttpError, Request, WipedBuffer};

/// Sends over our own client.
pub(super) struct Direct<'a>(pub(super) &'a Client);

#[async_trait]
impl Sender for Direct<'_> {
    async fn send(&self, checked: Checked, limit: Duration) -> Result<Answer, Verdict> {
        let Checked {
            method,
            url,
            mut headers,
            body,
        } = checked;
        let body = body.filter(|body| !body.is_empty());
        if body.is_none() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            // some servers insist on it
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut request = Request::new(method, url, limit).headers(headers);
        if let Some(body) = body {
            let mut bytes = WipedBuffer::with_capacity(body.len());
            bytes.push(body.expose().as_bytes());
            request = request.body(Body::new(bytes));
        }
        let answer = self
            .0
            .skim(request, MAX_ANSWER_BYTES)
            .await
            .map_err(|error| no_answer(&error, limit))?;
        let content_type = answer.headers.get(CONTENT_TYPE);
        Ok(Answer {
            status: answer.status,
            content_type: content_type
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        })
    }
}

fn no_answer(error: &HttpError, limit: Duration) -> Verdict {
    match error {
        HttpError::MaybeSent {
            why: Broken::Timeout(_),
            ..
        } => unreachable(format!("no answer within {} s", limit.as_secs_f32())),
        HttpError::NotSent { .. } | HttpError::MaybeSent { .. } => unreachable(error.to_string()),
        HttpError::TooLarge { .. } | HttpError::Insecure { .. } | HttpError::BadProxy => {
            not_tried(error.to_string())
        }
    }
}
