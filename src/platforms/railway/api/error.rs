//! Why an operation of the API failed.

use std::time::Duration;

use super::answer::{ErrorKind, GraphError};
use super::judge::passes_unapplied;
use crate::platforms::ReadError;
use crate::platforms::http::HttpError;
use crate::platforms::http::wait::in_words;

/// Why there is no answer that can be used. Holds names and codes, never what was sent or received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (Railway's API, {operation})")]
pub struct ApiError {
    /// The operation's name.
    pub operation: &'static str,
    /// What happened.
    pub fault: Fault,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what the fields are")]
pub enum Fault {
    /// The wire.
    #[error("{0}")]
    Http(HttpError),
    /// Too many requests, and the wait is longer than we wait.
    #[error("too many requests{}", wait_text(*after))]
    RateLimited { after: Option<Duration> },
    /// A status that is no answer.
    #[error("status {status}")]
    Status { status: u16 },
    /// For example a page of a proxy, or of the edge.
    #[error("the answer is {what} instead of JSON (status {status})")]
    NotJson { status: u16, what: &'static str },
    /// JSON of an unexpected form.
    #[error("the answer has an unexpected form at line {line}, column {column}")]
    Shape { line: usize, column: usize },
    /// Neither data nor errors.
    #[error("the answer holds neither data nor errors")]
    Nothing,
    /// The API says no. At least one.
    #[error("{}", errors_text(.0))]
    Errors(Vec<GraphError>),
}

fn wait_text(after: Option<Duration>) -> String {
    after.map_or_else(String::new, |span| format!("; again in {}", in_words(span)))
}

fn errors_text(errors: &[GraphError]) -> String {
    match errors {
        [] => "an error without text".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

const DOWN: &str = "try again; or Railway is down: status.railway.com";

/// For what Railway's API does not say.
const STRANGER: &str = "a proxy or a login page may answer in its place; else Railway's API has \
                        moved: look for a newer driftlock";

impl Fault {
    /// Whether trying again can help, and after how long.
    pub fn retry_after(&self) -> Option<Duration> {
        const SOON: Duration = Duration::from_secs(30);
        match self {
            Self::Http(error) => error.passes().then_some(SOON),
            Self::RateLimited { after } => Some(after.unwrap_or(Duration::from_secs(60))),
            Self::Status { status } => (*status >= 500).then_some(SOON),
            Self::NotJson { status, .. } => (*status >= 500).then_some(SOON),
            Self::Shape { .. } | Self::Nothing => None,
            Self::Errors(errors) => errors.iter().find_map(|error| match error.kind {
                ErrorKind::RateLimited { after } => Some(after.unwrap_or(Duration::from_secs(60))),
                ErrorKind::ProblemProcessing | ErrorKind::RedeployWhileBuilding => Some(SOON),
                _ => None,
            }),
        }
    }

    /// The next thing to do, where there is one.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Http(HttpError::TooLarge { .. }) => Some(STRANGER.to_owned()),
            Self::Http(error @ HttpError::MaybeSent { .. }) => {
                Some(error.help().unwrap_or(DOWN).to_owned())
            }
            Self::Http(error) => error.help().map(str::to_owned),
            Self::RateLimited { .. } => Some(
                "each plan has a budget per hour and second; run less often, or at another time"
                    .to_owned(),
            ),
            Self::NotJson { .. } => Some(
                "a proxy or a login page may be in between; or Railway is down: \
                 status.railway.com"
                    .to_owned(),
            ),
            Self::Status { status } if *status >= 500 => Some(DOWN.to_owned()),
            Self::Status { .. } | Self::Shape { .. } | Self::Nothing => Some(STRANGER.to_owned()),
            Self::Errors(errors) => errors.first().and_then(|error| error.kind.help()),
        }
    }
}

impl ErrorKind {
    fn help(&self) -> Option<String> {
        let text = match self {
            Self::NotAuthorized | Self::ProjectTokenNotFound => {
                "check that the token is alive, and that it reaches this project and environment"
            }
            Self::NotFound(_) => {
                "it may have been deleted; or the token does not reach it: check both"
            }
            Self::Validation => "Railway's API has moved: look for a newer driftlock",
            Self::TwoFactor => "turn two-factor authentication on for the token's account",
            Self::BadInput => "check the ids in the manifest",
            Self::ProblemProcessing => {
                "a malformed id does this, and so does an outage: status.railway.com"
            }
            Self::Other => {
                "status.railway.com may know; the code or trace is for Railway's support"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}

impl From<ApiError> for ReadError {
    fn from(error: ApiError) -> Self {
        Self {
            reason: error.to_string(),
            help: error.fault.help(),
            retry_after: error.fault.retry_after(),
        }
    }
}

/// Why a mutation did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MutateError {
    /// It was not carried out.
    #[error("{0}")]
    Refused(ApiError),
    /// It may have been carried out: read again.
    #[error("{0}; it may have taken effect all the same")]
    InDoubt(ApiError),
}

impl MutateError {
    /// What happened, either way.
    pub fn api(&self) -> &ApiError {
        match self {
            Self::Refused(error) | Self::InDoubt(error) => error,
        }
    }

    /// Whether it was not carried out and may be later on (outer), and the wait that the server asks
    /// for (inner).
    pub fn passes(&self) -> Option<Option<Duration>> {
        match self {
            Self::Refused(error) => passes_unapplied(&error.fault),
            Self::InDoubt(_) => None,
        }
    }
}
