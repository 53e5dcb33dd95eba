//! Sending: one request after the other, what an answer's status means, and when to try again. All of
//! a run has one bound of time, so that a job does not hang on a forge that is down.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};

use super::dialect::{self, Call, Dialect};
use super::{Fault, ForgeError};
use crate::model::SecretValue;
use crate::platforms::http::pace::{Deadline, Pace};
use crate::platforms::http::wait::{parse_http_date, parse_reset, retry_after};
use crate::platforms::http::{Body, Client, HttpSettings, Request, Response, WipedBuffer};

/// What we call ourselves.
const NAME: &str = concat!("driftlock/", env!("CARGO_PKG_VERSION"));

/// "Otherwise, wait for at least one minute before retrying": GitHub on limits that say nothing else.
const UNSAID: Duration = Duration::from_secs(60);

/// What a run hands in.
pub struct Settings {
    /// The address of the API, if not the public one.
    pub address: Option<String>,
    /// The way out.
    pub http: HttpSettings,
    /// Who we are to the forge.
    pub token: SecretValue,
    /// For tests: so many times faster. Counts only for an address on this machine, so that no real
    /// forge is hurried.
    pub haste: u32,
}

/// How long to wait for what. A wait of a minute, as limits ask for, is still within it.
pub fn pace() -> Pace {
    Pace {
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(8),
        give_up: Duration::from_secs(75),
        read_timeout: Duration::from_secs(20),
        write_timeout: Duration::from_secs(30),
        problem_tries: 0,
    }
}

/// The API of one forge, with one token, for one run.
pub(super) struct Api {
    client: Client,
    token: (HeaderName, HeaderValue),
    headers: Vec<(HeaderName, HeaderValue)>,
    pace: Pace,
}

impl Api {
    /// Opens nothing yet. `None` where the token cannot travel in a header.
    pub(super) fn new(settings: &Settings, dialect: &dyn Dialect, hurry: bool) -> Option<Self> {
        let haste = if hurry { settings.haste } else { 1 };
        Some(Self {
            client: Client::new(settings.http.clone()),
            token: dialect.credential(&settings.token)?,
            headers: dialect.headers(),
            pace: pace().hastened(haste),
        })
    }

    /// The end of a run that starts now.
    pub(super) fn deadline(&self) -> Deadline {
        self.pace.deadline()
    }

    /// Sends, and again after what may pass, until `limit`. For what may happen twice.
    pub(super) async fn ask(&self, call: &Call, limit: Deadline) -> Result<Response, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(call).await {
                Ok(answer) => return Ok(answer),
                Err(fault) if self.wait(fault.passes(), tries, limit).await => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Sends once.
    pub(super) async fn once(&self, call: &Call) -> Result<Response, Fault> {
        let answer = self.send(call).await?;
        judge(&answer)?;
        Ok(answer)
    }

    /// Sends once; any status is an answer.
    pub(super) async fn send(&self, call: &Call) -> Result<Response, Fault> {
        let timeout = match call.body {
            Some(_) => self.pace.write_timeout,
            None => self.pace.read_timeout,
        };
        let (name, value) = self.token.clone();
        let mut request = Request::new(call.method.clone(), call.url.clone(), timeout)
            .header(USER_AGENT, HeaderValue::from_static(NAME))
            .secret_header(name, value);
        for (name, value) in &self.headers {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(body) = &call.body {
            let mut bytes = WipedBuffer::default();
            serde_json::to_writer(&mut bytes, body).expect("text is always JSON");
            request = request
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(Body::new(bytes));
        }
        let answer = self.client.send(request).await?;
        tracing::debug!(what = call.doing, status = answer.status, "forge");
        Ok(answer)
    }

    /// Waits before the next try: as long as the forge says, else by our own pace. False where there
    /// is to be no next try.
    pub(super) async fn wait(
        &self,
        wait: Option<Option<Duration>>,
        tries: u32,
        limit: Deadline,
    ) -> bool {
        let Some(asked) = wait else { return false };
        let wait = self.pace.wait_as_asked(asked, tries);
        if !limit.allows(wait) {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}

/// What the status of an answer means.
pub(super) fn judge(answer: &Response) -> Result<(), Fault> {
    Err(match answer.status {
        200..=299 => return Ok(()),
        300..=399 => Fault::Elsewhere(answer.status),
        400 | 422 => Fault::Refused(answer.status),
        401 => Fault::Unauthorized,
        403 => forbidden(answer),
        404 | 410 => Fault::NotFound(answer.status),
        429 => Fault::Limited {
            after: retry_after(answer).or_else(|| reset(answer)),
        },
        500..=599 => Fault::Trouble(answer.status),
        other => Fault::Status(other),
    })
}

/// GitHub says with a 403 too that there were too many requests: of the hour (then nothing is left),
/// or too fast (then there is a `Retry-After`, or only words).
fn forbidden(answer: &Response) -> Fault {
    if let Some(after) = retry_after(answer).or_else(|| reset(answer)) {
        return Fault::Limited { after: Some(after) };
    }
    let message = dialect::message(answer);
    if message.contains("rate limit") {
        Fault::Limited {
            after: Some(UNSAID),
        }
    } else if message.contains("locked") {
        Fault::Locked
    } else {
        Fault::Forbidden
    }
}

/// When there are requests again, if there are none left now.
fn reset(answer: &Response) -> Option<Duration> {
    let header = |names: [&str; 2]| names.iter().find_map(|name| answer.header(name));
    let left = header(["x-ratelimit-remaining", "ratelimit-remaining"])?;
    if left.trim() != "0" {
        return None;
    }
    let now = answer.header("date").and_then(parse_http_date);
    parse_reset(header(["x-ratelimit-reset", "ratelimit-reset"])?, now)
}

/// A fault with what was to be done.
pub(super) fn named(dialect: &dyn Dialect, doing: &str, of: &str, fault: Fault) -> ForgeError {
    ForgeError {
        forge: dialect.kind(),
        doing: format!("{doing} of {of}"),
        fault,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        let mut bytes = WipedBuffer::default();
        bytes.push(body.as_bytes());
        Response {
            status,
            headers: map,
            body: bytes,
        }
    }

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    fn after(answer: &Response) -> Option<u64> {
        match judge(answer) {
            Err(Fault::Limited { after }) => after.map(|after| after.as_secs()),
            other => panic!("not limited: {other:?}"),
        }
    }

    #[test]
    fn limits_come_as_403_and_429() {
        let used_up = [
            DATE,
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "784111867"),
        ];
        for status in [403, 429] {
            assert_eq!(after(&answer(status, &used_up, "{}")), Some(90));
            assert_eq!(after(&answer(status, &[("retry-after", "7")], "")), Some(7));
        }
        let words = r#"{"message": "You have exceeded a secondary rate limit."}"#;
        assert_eq!(after(&answer(403, &[], words)), Some(60));
        assert_eq!(after(&answer(429, &[], "<html>")), None);
        let gitlab = [
            DATE,
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "784111787"),
        ];
        assert_eq!(after(&answer(429, &gitlab, "Retry later\n")), Some(10));
    }

    #[test]
    fn other_403s_are_about_the_token_or_the_place() {
        let left = [
            ("x-ratelimit-remaining", "41"),
            ("x-ratelimit-reset", "784111867"),
        ];
        let words = r#"{"message": "Resource not accessible by integration"}"#;
        assert!(matches!(
            judge(&answer(403, &left, words)),
            Err(Fault::Forbidden)
        ));
        assert!(matches!(
            judge(&answer(403, &[], "<html>")),
            Err(Fault::Forbidden)
        ));
        let words = r#"{"message": "Unable to create comment because issue is locked."}"#;
        assert!(matches!(
            judge(&answer(403, &[], words)),
            Err(Fault::Locked)
        ));
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        let passes = |status| {
            judge(&answer(status, &[], "{}"))
                .unwrap_err()
                .passes()
                .is_some()
        };
        for status in [429, 500, 502, 503, 504] {
            assert!(passes(status), "{status}");
        }
        for status in [301, 307, 400, 401, 403, 404, 405, 410, 422] {
            assert!(!passes(status), "{status}");
        }
    }

    #[test]
    fn a_minute_is_waited_for_and_more_is_not() {
        let pace = pace();
        assert!(pace.wait_as_asked(Some(UNSAID), 1) < pace.give_up);
        assert!(pace.give_up < Duration::from_secs(90));
    }
}
