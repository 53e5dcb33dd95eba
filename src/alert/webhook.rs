//! A webhook: JSON, signed where there is a secret.

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Url};

use super::document;
use super::fault::{Fault, FaultKind};
use super::message::Message;
use super::sign::SigningKey;
use super::sinks::{Outside, Sink};
use crate::platforms::http::wait::retry_after;
use crate::platforms::http::{Body, Request};

/// What we call ourselves.
pub(super) const NAME: &str = concat!("driftlock/", env!("CARGO_PKG_VERSION"));

/// So much of an answer is taken, and thrown away.
const MOST: usize = 64 * 1024;

pub(super) struct Webhook {
    outside: Outside,
    url: Url,
    key: Option<SigningKey>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Webhook {
    pub(super) fn new(
        outside: Outside,
        url: Url,
        key: Option<SigningKey>,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> Self {
        Self {
            outside,
            url,
            key,
            headers,
        }
    }

    /// The status of a 2xx answer.
    async fn post(&self, message: &Message, short: bool) -> Result<u16, Fault> {
        let body = document::render(message, short);
        let mut headers: HeaderMap = self.headers.iter().cloned().collect();
        let second = message.at.as_second();
        let id = message.id();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(NAME));
        let mut own = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        own("webhook-id", &id);
        own("webhook-timestamp", &second.to_string());
        if let Some(key) = &self.key {
            own("webhook-signature", &key.sign(&id, second, body.as_slice()));
        }
        let request = Request::new(Method::POST, self.url.clone(), self.outside.limit)
            .headers(headers)
            .body(Body::new(body));
        let answer = self.outside.client.skim(request, MOST).await?;
        match Fault::of_status(answer.status, retry_after(&answer)) {
            Some(fault) => Err(fault),
            None => Ok(answer.status),
        }
    }

    async fn post_fitting(&self, message: &Message) -> Result<u16, Fault> {
        match self.post(message, false).await {
            Err(fault) if fault.kind == FaultKind::TooLong => self.post(message, true).await,
            done => done,
        }
    }
}

#[async_trait]
impl Sink for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    async fn send(&self, message: &Message, _: Option<&str>) -> Result<Option<String>, Fault> {
        self.post_fitting(message).await.map(|_| None)
    }

    async fn prove(&self, message: &Message) -> Result<String, Fault> {
        let status = self.post_fitting(message).await?;
        let signed = match self.key {
            Some(_) => "signed",
            None => "not signed: it has no secret",
        };
        Ok(format!("status {status}, {signed}"))
    }
}
