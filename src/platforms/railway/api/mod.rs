//! GraphQL calls: one request at a time through all doubts (status, then content type, then errors,
//! then data), and when to try again. Only queries, and mutations that are known not to have been
//! applied or that are harmless to repeat, are sent twice.

pub mod access;
pub mod answer;
pub mod documents;
pub mod error;
mod judge;
mod limits;
#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

pub use crate::platforms::http::pace::{self, Deadline, Pace};
pub use access::{Access, AccessError, Identity, ProjectAccess, Workspace};
pub use answer::{Answer, ErrorKind, GraphError};
pub use documents::Document;
pub use error::{ApiError, Fault, MutateError};
pub use limits::Budget;

use super::settings::{Endpoint, EndpointError, RailwaySettings};
use super::token::{Auth, Token};
use crate::platforms::http::{Body, Client, Request, Response, WipedBuffer};
use judge::{
    Applied, Transient, applied, judge, limits_are_faults, named, passes_unapplied, transient,
    wait_for, whole,
};

/// Requests under way at one time.
const IN_FLIGHT: usize = 4;

/// What we call ourselves.
const NAME: &str = concat!("driftlock/", env!("CARGO_PKG_VERSION"));

/// When a mutation that did not end well may be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Not by us: it must not happen twice, and not later either without another look at what it
    /// overwrites or takes along.
    Never,
    /// Twice is as good as once (a set without a deploy), so a doubt is settled by sending it again.
    /// What was surely not carried out is for the caller, who can look again first.
    AfterDoubt,
    /// The same, and it may happen later.
    Harmless,
}

/// The API, for one run.
pub struct Api {
    client: Client,
    endpoint: Endpoint,
    pace: Pace,
    slots: Semaphore,
    requests: AtomicU64,
    budgets: Mutex<Vec<(Token, Budget)>>,
    identities: access::Cache,
}

impl Api {
    /// Opens nothing yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn new(settings: &RailwaySettings) -> Result<Self, EndpointError> {
        Ok(Self {
            client: Client::new(settings.http.clone()),
            endpoint: Endpoint::new(settings.endpoint.as_deref())?,
            pace: settings.pace,
            slots: Semaphore::new(IN_FLIGHT),
            requests: AtomicU64::new(0),
            budgets: Mutex::default(),
            identities: access::Cache::default(),
        })
    }

    /// All durations.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The deadline of an operation that starts now.
    pub fn deadline(&self) -> Deadline {
        self.pace.deadline()
    }

    /// The deadline of a look that starts now.
    pub fn reading_deadline(&self) -> Deadline {
        self.pace.reading_deadline()
    }

    /// Requests sent so far, each try counted.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// What the last answer said about the budget of a token.
    pub fn budget(&self, token: &Token) -> Option<Budget> {
        let budgets = self.budgets.lock().expect("no holder panics");
        let mut known = budgets.iter().filter(|(of, _)| of == token);
        known.next().map(|(_, budget)| *budget)
    }

    /// Asks, and again after what may pass, until `limit`. Errors within the answer are the caller's,
    /// except limits on requests.
    ///
    /// # Errors
    /// When there is no answer that can be used.
    pub async fn query<T: DeserializeOwned>(
        &self,
        auth: &Auth,
        document: &Document,
        variables: &impl Serialize,
        limit: Deadline,
    ) -> Result<Answer<T>, ApiError> {
        let body = self.body(document, variables);
        let (mut tries, mut problems) = (0, 0);
        loop {
            tries += 1;
            let result = self
                .send(auth, document, body.clone(), self.pace.read_timeout)
                .await;
            let wait = match &result {
                Ok(answer) => match transient(&answer.errors) {
                    None => return result.map_err(|fault| named(document, fault)),
                    Some(Transient::Limited(after)) => Some(after),
                    Some(Transient::Problem) => {
                        problems += 1;
                        (problems <= self.pace.problem_tries).then_some(None)
                    }
                },
                Err(fault) => wait_for(fault),
            };
            if !self.wait(wait, tries, limit).await {
                return result
                    .and_then(limits_are_faults)
                    .map_err(|fault| named(document, fault));
            }
        }
    }

    /// Changes something. See [`Repeat`] for when it is sent again. Once a try may have taken effect,
    /// a no to a later one does not say that nothing happened.
    ///
    /// # Errors
    /// When it was not carried out, or may not have been.
    pub async fn mutate<T: DeserializeOwned>(
        &self,
        auth: &Auth,
        document: &Document,
        variables: &impl Serialize,
        repeat: Repeat,
        limit: Deadline,
    ) -> Result<T, MutateError> {
        let body = self.body(document, variables);
        let (mut tries, mut doubt) = (0, false);
        loop {
            tries += 1;
            let result = self
                .send(auth, document, body.clone(), self.pace.write_timeout)
                .await
                .and_then(whole);
            let fault = match result {
                Ok(data) => return Ok(data),
                Err(fault) => fault,
            };
            let applied = applied(&fault, document);
            doubt |= applied == Applied::Perhaps;
            let again = match (repeat, applied) {
                (Repeat::Never, _) => None,
                (Repeat::AfterDoubt, Applied::No) if !doubt => None,
                (_, Applied::No) => passes_unapplied(&fault),
                (_, Applied::Perhaps) => wait_for(&fault),
            };
            if !self.wait(again, tries, limit).await {
                let error = named(document, fault);
                return Err(if doubt {
                    MutateError::InDoubt(error)
                } else {
                    MutateError::Refused(error)
                });
            }
        }
    }

    /// Waits before the next try: as long as the server says, else by our own pace. False where there
    /// is to be no next try.
    async fn wait(&self, wait: Option<Option<Duration>>, tries: u32, limit: Deadline) -> bool {
        let Some(asked) = wait else { return false };
        let wait = self.pace.wait_as_asked(asked, tries);
        if !limit.allows(wait) {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }

    fn body(&self, document: &Document, variables: &impl Serialize) -> Body {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Envelope<'a, V> {
            operation_name: &'a str,
            query: &'a str,
            variables: &'a V,
        }
        let mut bytes = WipedBuffer::with_capacity(document.text.len() + 1024);
        let envelope = Envelope {
            operation_name: document.name,
            query: &document.text,
            variables,
        };
        serde_json::to_writer(&mut bytes, &envelope).expect("names and text are always JSON");
        Body::new(bytes)
    }

    /// One request, one answer.
    async fn send<T: DeserializeOwned>(
        &self,
        auth: &Auth,
        document: &Document,
        body: Body,
        timeout: Duration,
    ) -> Result<Answer<T>, Fault> {
        let (name, value) = auth.token.header(auth.scheme);
        let request = Request::new(Method::POST, self.endpoint.url().clone(), timeout)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, HeaderValue::from_static(NAME))
            .header(
                HeaderName::from_static("x-source"),
                HeaderValue::from_static(NAME),
            )
            .secret_header(HeaderName::from_static(name), value)
            .body(body);
        let permit = self.slots.acquire().await.expect("never closed");
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.send(request).await;
        drop(permit);
        let answer = answer.map_err(Fault::Http)?;
        tracing::debug!(operation = document.name, status = answer.status, "railway");
        self.remember_budget(&auth.token, &answer);
        judge(&answer)
    }

    fn remember_budget(&self, token: &Token, answer: &Response) {
        let Some(budget) = Budget::of(answer) else {
            return;
        };
        let mut budgets = self.budgets.lock().expect("no holder panics");
        match budgets.iter_mut().find(|(of, _)| of == token) {
            Some((_, known)) => *known = budget,
            None => budgets.push((token.clone(), budget)),
        }
    }
}
