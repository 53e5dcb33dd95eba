//! The ping of a dead man's switch: whoever waits for it notices when nobody looks any more.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderValue, USER_AGENT};
use reqwest::{Method, Url};

use super::fault::Fault;
use super::sinks::Outside;
use super::webhook::NAME;
use crate::model::{PingMethod, PingSpec};
use crate::platforms::http::Request;
use crate::platforms::http::wait::retry_after;

/// So much of an answer is taken, and thrown away.
const MOST: usize = 16 * 1024;

/// Ready to be sent.
pub struct Ping {
    outside: Outside,
    url: Url,
    method: Method,
    every: Option<Duration>,
    fail: bool,
}

impl Ping {
    pub(super) fn new(outside: Outside, url: Url, spec: &PingSpec) -> Self {
        Self {
            outside,
            url,
            method: match spec.method {
                PingMethod::Get => Method::GET,
                PingMethod::Head => Method::HEAD,
                PingMethod::Post => Method::POST,
            },
            every: spec.every,
            fail: spec.fail,
        }
    }

    /// Whether one is to be sent after a round that ended now. `last` is when one last arrived; one
    /// that is ahead of now was stamped by a clock that was set back since.
    pub fn is_due(&self, last: Option<Timestamp>, now: Timestamp) -> bool {
        let (Some(last), Some(every)) = (last, self.every) else {
            return true;
        };
        let past = Duration::try_from(now.duration_since(last));
        past.map_or(true, |past| past >= every)
    }

    /// Sends one. `whole` says whether every target was looked at: where not, nothing is sent, or where
    /// that was asked for, the failure. Says whether something was sent.
    ///
    /// # Errors
    /// Where nobody knows that it arrived.
    pub async fn send(&self, whole: bool) -> Result<bool, Fault> {
        if !whole && !self.fail {
            return Ok(false);
        }
        let mut url = self.url.clone();
        if !whole {
            // hc-ping.com/UUID becomes hc-ping.com/UUID/fail (healthchecks.io, "Signaling failures")
            if let Ok(mut parts) = url.path_segments_mut() {
                parts.pop_if_empty().push("fail");
            }
        }
        let request = Request::new(self.method.clone(), url, self.outside.limit)
            .header(USER_AGENT, HeaderValue::from_static(NAME));
        let answer = self.outside.client.skim(request, MOST).await?;
        match Fault::of_status(answer.status, retry_after(&answer)) {
            Some(fault) => Err(fault),
            None => Ok(true),
        }
    }
}
