//! Why something was not delivered. Holds words of ours and a host's name, never a path, a token, a
//! body, or a word that a receiver said and that is not known.

use std::time::Duration;

use crate::platforms::http::wait::retry_after;
use crate::platforms::http::{HttpError, Response, ShortResponse, Unreachable};

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It may pass: the same is tried again.
    Passes,
    /// Somebody has to do something about the sink.
    Stays,
    /// The receiver does not take this message; another one may be taken.
    Message,
    /// The message is too long.
    TooLong,
}

/// Why something was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// What to do about it.
    pub kind: FaultKind,
    /// One line in words, lower case, no final period.
    pub what: String,
    /// What people can do, where that is known.
    pub help: Option<String>,
    /// How long to wait, where the receiver says so.
    pub after: Option<Duration>,
    /// Whether others are told at once, although it may pass.
    pub serious: bool,
}

impl Fault {
    /// One that may pass.
    pub fn passes(what: impl Into<String>) -> Self {
        Self::new(FaultKind::Passes, what)
    }

    /// One that people have to do something about.
    pub fn stays(what: impl Into<String>) -> Self {
        Self::new(FaultKind::Stays, what)
    }

    /// One of this kind.
    pub fn new(kind: FaultKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            help: None,
            after: None,
            serious: kind == FaultKind::Stays,
        }
    }

    /// With what people can do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With how long to wait.
    #[must_use]
    pub fn after(mut self, after: Option<Duration>) -> Self {
        self.after = after;
        self
    }

    /// What the status of an answer means; nothing for 2xx. `after` is its `Retry-After`.
    pub(super) fn of_status(status: u16, after: Option<Duration>) -> Option<Self> {
        Some(match status {
            200..=299 => return None,
            300..=399 => Self::stays(format!(
                "it answered with a redirect (status {status}), which is not followed"
            ))
            .help("give the address that it leads to"),
            401 | 403 => Self::stays(format!("it does not let us in (status {status})"))
                .help("check the address, and the secret that goes with it"),
            404 => Self::stays("nobody is at this address (status 404)")
                .help("check the address: it may have been revoked, or mistyped"),
            410 => Self::stays("the address was given up (status 410)")
                .help("make a new one, and put it in the place of the old one"),
            408 => Self::passes("it did not wait for the message (status 408)").after(after),
            413 => Self::new(
                FaultKind::TooLong,
                "the message is too long for it (status 413)",
            ),
            429 => Self::passes("it wants fewer messages (status 429)").after(after),
            400 | 422 => Self::new(
                FaultKind::Message,
                format!("it does not take the message (status {status})"),
            )
            .help("check that the address is of the kind that the sink says"),
            500..=599 => Self::passes(format!("it has trouble (status {status})")).after(after),
            other => {
                Self::stays(format!("it answered with status {other}")).help("check the address")
            }
        })
    }
}

/// The `Retry-After` of an answer of which only the head is at hand.
pub(super) fn wait_of(answer: &ShortResponse) -> Option<Duration> {
    retry_after(&Response {
        status: answer.status,
        headers: answer.headers.clone(),
        body: crate::platforms::http::WipedBuffer::default(),
    })
}

impl From<HttpError> for Fault {
    fn from(error: HttpError) -> Self {
        let serious = matches!(
            &error,
            HttpError::NotSent {
                why: Unreachable::Tls(_) | Unreachable::NoRoots,
                ..
            } | HttpError::BadProxy
        );
        let kind = match &error {
            HttpError::Insecure { .. } | HttpError::BadProxy => FaultKind::Stays,
            _ => FaultKind::Passes,
        };
        Self {
            help: error.help().map(str::to_owned),
            serious: serious || kind == FaultKind::Stays,
            ..Self::new(kind, error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_status_means() {
        use FaultKind::{Message, Passes, Stays, TooLong};
        let kind = |status| Fault::of_status(status, None).map(|fault| fault.kind);
        assert_eq!(kind(200), None);
        assert_eq!(kind(204), None);
        for (statuses, expected) in [
            (vec![408, 429, 500, 502, 503, 504, 599], Passes),
            (vec![301, 302, 307, 308, 401, 403, 404, 405, 410], Stays),
            (vec![400, 422], Message),
            (vec![413], TooLong),
        ] {
            for status in statuses {
                assert_eq!(kind(status), Some(expected), "{status}");
            }
        }
        let limited = Fault::of_status(429, Some(Duration::from_secs(7))).unwrap();
        assert_eq!(limited.after, Some(Duration::from_secs(7)));
    }
}
