//! What an answer says: data, and errors by kind. The text of an error is looked at here and dropped:
//! it may quote what we sent.

mod raw;

use std::fmt;
use std::time::Duration;

use crate::platforms::http::wait::in_words;
pub(super) use raw::{BadBody, parse};

/// An answer of the API: data, errors, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// All of it, or `None`: one failing field that may not be null takes all others with it.
    pub data: Option<T>,
    /// What failed; [`GraphError::alias`] tells which root field to leave out next time.
    pub errors: Vec<GraphError>,
}

/// One error of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// Root field or alias first; empty where the whole request failed.
    pub path: Vec<String>,
    /// What it means.
    pub kind: ErrorKind,
    /// The server's code, where it is a plain word.
    pub code: Option<String>,
    /// For Railway's support, where it is a plain word.
    pub trace: Option<String>,
}

/// What an error means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong token, wrong header, no access, or not there: the API does not say which.
    NotAuthorized,
    /// The project token is unknown.
    ProjectTokenNotFound,
    /// This thing is not there.
    NotFound(&'static str),
    /// The server does not know the document: its schema moved.
    Validation,
    /// The server did not like a variable of the request.
    BadInput,
    /// Hidden: passing, or a malformed id.
    ProblemProcessing,
    /// The workspace insists on a second factor.
    TwoFactor,
    /// Too much, too quickly.
    RateLimited {
        /// How long to wait, where the server says it.
        after: Option<Duration>,
    },
    /// The service is building; a redeploy has to wait.
    RedeployWhileBuilding,
    /// The service has never been built.
    NoSnapshot,
    /// The environment moved since the base that we named.
    StaleBase,
    /// Anything else.
    Other,
}

impl GraphError {
    /// The root field or alias that failed.
    pub fn alias(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }

    /// Whether it is about something that may be null and that nothing else depends on.
    pub(super) fn is_beside(&self) -> bool {
        let beside = |part: &String| part == "latestDeployment" || part == "unmergedChangesCount";
        self.path.iter().any(beside)
    }

    /// Whether the token as such was refused, and not a part of what was asked for.
    pub(super) fn refuses_token(&self) -> bool {
        self.path.len() <= 1
            && matches!(
                self.kind,
                ErrorKind::NotAuthorized | ErrorKind::ProjectTokenNotFound
            )
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if let (ErrorKind::Other | ErrorKind::Validation, Some(code)) = (&self.kind, &self.code) {
            write!(f, " ({code})")?;
        }
        match &self.trace {
            Some(trace) => write!(f, " (trace {trace})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAuthorized => f.write_str("not authorized, or not there"),
            Self::ProjectTokenNotFound => f.write_str("the project token is unknown"),
            Self::NotFound(what) => write!(f, "{what} not found"),
            Self::Validation => f.write_str("the API does not know this request any more"),
            Self::BadInput => f.write_str("the API refused a value or an id in the request"),
            Self::ProblemProcessing => f.write_str("the API failed inside"),
            Self::TwoFactor => f.write_str("the workspace asks for two-factor authentication"),
            Self::RateLimited { after: None } => f.write_str("too many requests"),
            Self::RateLimited { after: Some(span) } => {
                write!(f, "too many requests; again in {}", in_words(*span))
            }
            Self::RedeployWhileBuilding => f.write_str("a deployment is still being built"),
            Self::NoSnapshot => f.write_str("nothing has been built yet"),
            Self::StaleBase => f.write_str("the environment moved in between"),
            Self::Other => f.write_str("an error of a kind that is not known here"),
        }
    }
}
