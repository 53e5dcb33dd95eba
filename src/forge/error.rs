//! Why a forge did not do what it was asked. No text of an answer is ever quoted.

use std::time::Duration;

use super::Kind;
use crate::platforms::http::HttpError;
use crate::platforms::http::wait::in_words;

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{doing} on {forge}")]
pub struct ForgeError {
    /// Which forge.
    pub forge: Kind,
    /// What was to be done: `list the comments of pull request 7 of o/r`.
    pub doing: String,
    /// What went wrong.
    #[source]
    pub fault: Fault,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Too many requests.
    #[error("{}", limited(*after))]
    Limited {
        /// How long to wait, where the forge says it.
        after: Option<Duration>,
    },
    /// 401.
    #[error("the token is not taken (401): it is wrong, or no longer valid")]
    Unauthorized,
    /// 403.
    #[error("this token may not do that (403)")]
    Forbidden,
    /// 403, as nobody may comment there.
    #[error("the conversation is locked (403)")]
    Locked,
    /// 404 or 410.
    #[error("not found ({0}), or this token may not see it")]
    NotFound(u16),
    /// 400 or 422.
    #[error("the request was refused as it is ({0})")]
    Refused(u16),
    /// 3xx. Not followed: the token would go along.
    #[error("the answer points to another place ({0}), which is not followed")]
    Elsewhere(u16),
    /// 5xx.
    #[error("the forge has trouble ({0})")]
    Trouble(u16),
    /// Any other status.
    #[error("an answer with status {0}")]
    Status(u16),
    /// An answer that cannot be used.
    #[error("the answer cannot be used")]
    Unfit(#[from] Unfit),
    /// A list that does not end.
    #[error("there are more than {0} comments")]
    TooMany(u32),
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not JSON, or not of the documented shape. The place is that of the answer.
    #[error("it is not what the API documents, at line {line}, column {column}")]
    Shape {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A page whose successor is not known.
    #[error("it does not say which page is the next one")]
    Page,
    /// An answer of GraphQL without data.
    #[error("it holds no data")]
    Nothing,
}

fn limited(after: Option<Duration>) -> String {
    match after {
        Some(after) => format!("too many requests; again in {}", in_words(after)),
        None => "too many requests".to_owned(),
    }
}

impl Fault {
    /// Whether trying again may help (outer), and after how long, where the forge says it (inner).
    pub(super) fn passes(&self) -> Option<Option<Duration>> {
        match self {
            Self::Http(error) => error.passes().then_some(None),
            Self::Limited { after } => Some(*after),
            Self::Trouble(_) => Some(None),
            _ => None,
        }
    }

    /// Whether what was asked for may have been done nevertheless.
    pub(super) fn in_doubt(&self) -> bool {
        match self {
            Self::Http(error) => !error.not_sent(),
            Self::Trouble(_) | Self::Unfit(_) => true,
            _ => false,
        }
    }

    /// Whether the token is what is wrong.
    pub fn is_about_the_token(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized | Self::Forbidden | Self::NotFound(_)
        )
    }
}
