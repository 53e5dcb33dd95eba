//! Forges: the comment of a pull request that is kept up to date, and the status of a commit, on
//! GitHub and GitLab.
//!
//! What a request looks like and what an answer means is decided by pure code (`dialect.rs`, and a file
//! for each forge); one place sends it (`api.rs`), and one decides what to send (`publish.rs`).
//!
//! A comment is found again by two things together: its first line, which is our marker, and its
//! author, who is the owner of the token. Somebody else's comment with our marker is never touched:
//! its author could change the text later, after it was read and approved.

mod api;
mod comment;
mod dialect;
mod endpoint;
mod error;
mod github;
mod gitlab;
mod job;
mod publish;
mod repository;
mod text;

use std::fmt;

pub use api::{Settings, pace};
pub use endpoint::EndpointError;
pub use error::{Fault, ForgeError, Unfit};
pub use job::{Job, Subject, Unrelated, look};
pub use publish::{Forge, OpenError, Outcome, Published, Pull, State, Status};
pub use repository::{Repository, RepositoryError};
pub use text::{Text, TextError};

/// Which forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// github.com, or GitHub Enterprise Server.
    GitHub,
    /// gitlab.com, or a GitLab of one's own.
    GitLab,
}

impl Kind {
    /// What it calls a pull request, with its number: `pull request 7`, `merge request 7`.
    pub fn pull(self, number: u64) -> String {
        match self {
            Self::GitHub => format!("pull request {number}"),
            Self::GitLab => format!("merge request {number}"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
        })
    }
}
