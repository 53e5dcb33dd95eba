//! What one answer means: whether it is one, whether asking again may do better, and whether a failed
//! mutation may have been carried out.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::answer::{self, Answer, BadBody, ErrorKind, GraphError};
use super::documents::Document;
use super::error::{ApiError, Fault};
use super::limits::{self, Budget};
use crate::platforms::http::Response;

pub(super) fn named(document: &Document, fault: Fault) -> ApiError {
    ApiError {
        operation: document.name,
        fault,
    }
}

/// Status, then content type, then errors, then data.
pub(super) fn judge<T: DeserializeOwned>(answer: &Response) -> Result<Answer<T>, Fault> {
    let status = answer.status;
    let after = limits::retry_after(answer);
    if status == 429 {
        let resets = || Budget::of(answer).and_then(|budget| budget.resets_in);
        let exhausted = || Budget::of(answer).is_some_and(|budget| budget.remaining == Some(0));
        let after = after.or_else(|| exhausted().then(resets).flatten());
        return Err(Fault::RateLimited { after });
    }
    if is_passing(status) || (300..400).contains(&status) {
        return Err(Fault::Status { status });
    }
    if let Some(what) = not_json(answer) {
        return Err(match status {
            200..=299 | 400..=499 => Fault::NotJson { status, what },
            _ => Fault::Status { status },
        });
    }
    match answer::parse(answer.body.as_slice(), after) {
        Ok(answer) if (200..300).contains(&status) || !answer.errors.is_empty() => Ok(answer),
        Ok(_) => Err(Fault::Status { status }),
        Err(_) if !(200..300).contains(&status) => Err(Fault::Status { status }),
        Err(BadBody::Nothing) => Err(Fault::Nothing),
        Err(BadBody::Shape { line, column }) => Err(Fault::Shape { line, column }),
    }
}

/// Somebody between us and the API could not reach it: a gateway, or the edge (520 to 530).
fn is_passing(status: u16) -> bool {
    matches!(status, 502..=504 | 520..=530)
}

/// What the body is if it is not JSON.
fn not_json(answer: &Response) -> Option<&'static str> {
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/json" | "application/graphql-response+json" => None,
        "text/html" => Some("an HTML page"),
        "text/plain" => Some("plain text"),
        "" => Some("of no declared type"),
        _ => Some("of another type"),
    }
}

pub(super) enum Transient {
    Limited(Option<Duration>),
    Problem,
}

/// Errors within an answer that may pass.
pub(super) fn transient(errors: &[GraphError]) -> Option<Transient> {
    let limited = errors.iter().find_map(|error| match error.kind {
        ErrorKind::RateLimited { after } => Some(Transient::Limited(after)),
        _ => None,
    });
    limited.or_else(|| {
        let problem = errors.iter();
        let mut problem = problem.filter(|error| error.kind == ErrorKind::ProblemProcessing);
        problem.next().map(|_| Transient::Problem)
    })
}

pub(super) fn limits_are_faults<T>(answer: Answer<T>) -> Result<Answer<T>, Fault> {
    match transient(&answer.errors) {
        Some(Transient::Limited(after)) => Err(Fault::RateLimited { after }),
        _ => Ok(answer),
    }
}

/// Whether asking again may do better (outer), and the wait that the server asks for (inner).
pub(super) fn wait_for(fault: &Fault) -> Option<Option<Duration>> {
    match fault {
        Fault::RateLimited { after } => Some(*after),
        Fault::Http(error) => error.passes().then_some(None),
        Fault::Status { status } => is_passing(*status).then_some(None),
        Fault::Errors(errors) => match transient(errors)? {
            Transient::Limited(after) => Some(after),
            Transient::Problem => Some(None),
        },
        Fault::NotJson { .. } | Fault::Shape { .. } | Fault::Nothing => None,
    }
}

/// All data and no error.
pub(super) fn whole<T>(answer: Answer<T>) -> Result<T, Fault> {
    match answer.data {
        Some(data) if answer.errors.is_empty() => Ok(data),
        _ if answer.errors.is_empty() => Err(Fault::Nothing),
        _ => Err(Fault::Errors(answer.errors)),
    }
}

impl<T> Answer<T> {
    /// The data, if nothing failed.
    ///
    /// # Errors
    /// When anything did.
    pub fn into_whole(self, document: &Document) -> Result<T, ApiError> {
        whole(self).map_err(|fault| named(document, fault))
    }

    /// The data, if nothing failed but what is only told beside it: it came as null, and null there
    /// means "not known".
    ///
    /// # Errors
    /// When anything else did.
    pub fn into_essential(mut self, document: &Document) -> Result<T, ApiError> {
        if self.data.is_some() {
            self.errors.retain(|error| !error.is_beside());
        }
        self.into_whole(document)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    No,
    Perhaps,
}

/// Whether a failed mutation may have been carried out.
pub(super) fn applied(fault: &Fault, document: &Document) -> Applied {
    let no = match fault {
        Fault::Http(error) => error.not_sent(),
        // answered at the door
        Fault::RateLimited { .. } => true,
        Fault::Status { status } | Fault::NotJson { status, .. } => (300..500).contains(status),
        Fault::Shape { .. } | Fault::Nothing => false,
        Fault::Errors(errors) => errors.iter().all(|error| match error.kind {
            // refused before anything ran
            ErrorKind::Validation => true,
            // root fields run in order, and those before may have been carried out
            ErrorKind::NotAuthorized
            | ErrorKind::ProjectTokenNotFound
            | ErrorKind::NotFound(_)
            | ErrorKind::BadInput
            | ErrorKind::TwoFactor
            | ErrorKind::RedeployWhileBuilding
            | ErrorKind::NoSnapshot
            | ErrorKind::StaleBase => document.fields == 1 || error.path.is_empty(),
            // a limit on deploys may come after the variables were stored
            ErrorKind::RateLimited { .. } | ErrorKind::ProblemProcessing | ErrorKind::Other => {
                false
            }
        }),
    };
    if no { Applied::No } else { Applied::Perhaps }
}

/// As [`wait_for`], for a mutation that was not carried out.
pub(super) fn passes_unapplied(fault: &Fault) -> Option<Option<Duration>> {
    match fault {
        Fault::RateLimited { .. } | Fault::Http(_) => wait_for(fault),
        _ => None,
    }
}
