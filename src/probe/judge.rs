//! From answers to a verdict.

use async_trait::async_trait;
use std::time::Duration;

use super::request::Checked;
use super::{HttpProbe, not_tried, unexpected};
use crate::model::Verdict;
use crate::platforms::http::WipedBuffer;

/// Content types that are called by their name. Others could hold anything.
const NAMED_TYPES: &[&str] = &[
    "application/graphql-response+json",
    "application/javascript",
    "application/json",
    "application/octet-stream",
    "application/pdf",
    "application/problem+json",
    "application/vnd.api+json",
    "application/xhtml+xml",
    "application/xml",
    "application/yaml",
    "image/png",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/event-stream",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
];

/// What of an answer matters. Content type and body are the server's own words: compared, never
/// shown. It has no `Debug`.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    /// How many seconds the server wants to be left alone, where it can be seen.
    pub(super) retry_after: Option<u32>,
    /// Whole, where the request reads it and it is not too long.
    pub(super) body: Option<WipedBuffer>,
}

/// Why there is no answer.
pub(super) struct NoAnswer {
    pub(super) verdict: Verdict,
    /// Whether the server may have got the request all the same.
    pub(super) maybe_sent: bool,
}

impl From<Verdict> for NoAnswer {
    /// For what never left.
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            maybe_sent: false,
        }
    }
}

impl From<NoAnswer> for Verdict {
    fn from(none: NoAnswer) -> Self {
        none.verdict
    }
}

/// A way to send a request. It is sent once.
#[async_trait]
pub(super) trait Sender: Sync {
    /// The answer, if there is one.
    async fn send(&self, request: Checked, limit: Duration) -> Result<Answer, NoAnswer>;
}

/// Sends the request, and then perhaps the one without its secrets.
pub(super) async fn verdict(sender: &dyn Sender, probe: &HttpProbe) -> Verdict {
    match with_credential(sender, probe).await {
        Ok(()) => {}
        Err(verdict) => return verdict,
    }
    without_credential(sender, probe).await
}

async fn with_credential(sender: &dyn Sender, probe: &HttpProbe) -> Result<(), Verdict> {
    let answer = sender.send(Checked::of(probe)?, probe.limit).await?;
    if is_wanted_status(probe, answer.status) {
        return match other_type(probe, &answer) {
            None => Ok(()),
            Some(what) => Err(unexpected(what)),
        };
    }
    Err(match answer.status {
        401 => Verdict::Unauthorized,
        403 => Verdict::Forbidden,
        status => match passing(status) {
            Some(why) => not_tried(why),
            None => unexpected(in_words(status)),
        },
    })
}

/// Only a refusal shows that the credential was what opened the door.
async fn without_credential(sender: &dyn Sender, probe: &HttpProbe) -> Verdict {
    let Some(bare) = &probe.without else {
        return Verdict::Works;
    };
    let answer = match Checked::without(probe, bare) {
        Ok(request) => sender.send(request, probe.limit).await,
        Err(verdict) => Err(verdict.into()),
    };
    let answer = answer.map_err(Verdict::from);
    match answer {
        Ok(answer) if is_wanted(probe, &answer) => Verdict::Open,
        Ok(answer) => match no_proof(answer.status) {
            None => Verdict::Works,
            Some(why) => unproven(&why),
        },
        Err(Verdict::Unreachable { why } | Verdict::NotTried { why }) => unproven(&why),
        Err(other) => other,
    }
}

pub(super) fn unproven(why: &str) -> Verdict {
    not_tried(format!(
        "it answers as wanted with the credential, but whether it would without one could not be \
         seen: {why}"
    ))
}

fn is_wanted(probe: &HttpProbe, answer: &Answer) -> bool {
    is_wanted_status(probe, answer.status) && other_type(probe, answer).is_none()
}

fn is_wanted_status(probe: &HttpProbe, status: u16) -> bool {
    probe
        .expect
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&status))
}

/// What came in the place of the content type that is wanted.
fn other_type(probe: &HttpProbe, answer: &Answer) -> Option<String> {
    let wanted = probe.content_type.as_deref()?;
    if answer.is(essence(wanted)) {
        return None;
    }
    Some(format!(
        "{} in place of {} (status {})",
        answer.kind(),
        essence(wanted),
        answer.status
    ))
}

impl Answer {
    /// Whether it says to be of this content type.
    pub(super) fn is(&self, content_type: &str) -> bool {
        self.essence().eq_ignore_ascii_case(content_type)
    }

    /// What it says to be, in words of ours.
    pub(super) fn kind(&self) -> &'static str {
        let came = self.essence();
        match NAMED_TYPES.iter().find(|known| self.is(known)) {
            Some(known) => known,
            None if came.is_empty() => "nothing that says its content type",
            None => "another content type",
        }
    }

    fn essence(&self) -> &str {
        self.content_type.as_deref().map(essence).unwrap_or("")
    }
}

/// The header `Retry-After`, if it holds seconds, and no more than a day of them.
pub(super) fn seconds(header: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(header).ok()?.trim_ascii();
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| plain)?;
    (number <= 24 * 60 * 60).then_some(number)
}

/// A content type without its parameters.
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Statuses that say nothing about the credential, and pass.
fn passing(status: u16) -> Option<String> {
    let why = match status {
        423 => "what it asks for is locked there",
        429 => "the service limits how often it may be asked",
        _ => return None,
    };
    Some(format!("{why} (status {status}); try again later"))
}

/// Why an answer to the request without credential is no refusal of it.
pub(super) fn no_proof(status: u16) -> Option<String> {
    passing(status).or_else(|| {
        matches!(status, 408 | 500..=599).then(|| {
            format!("without one it answers with status {status}, which is a fault and no refusal")
        })
    })
}

fn in_words(status: u16) -> String {
    match status {
        301 | 302 | 303 | 307 | 308 => {
            format!("a redirect (status {status}), which is not followed")
        }
        _ => format!("status {status}"),
    }
}
