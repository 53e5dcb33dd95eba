//! Why a checkout could not be kept up to date.

use std::io;
use std::path::PathBuf;

use crate::git::RunError;

/// What went wrong. The last good commit stays checked out, and what was read of it stays good. Holds
/// nothing that git said, and no user or password of an address.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Another process keeps it.
    #[error("use the checkout {folder}: {by} keeps it up to date")]
    Busy {
        /// The folder.
        folder: PathBuf,
        /// Which process, as far as it is known.
        by: String,
    },
    /// What a git that was ended may have left behind, and that may still be at work.
    #[error("use the checkout {folder}: another git is at work in it, or was until a moment ago")]
    Working {
        /// The folder.
        folder: PathBuf,
    },
    /// Not a name that a branch can have.
    #[error("follow the branch `{branch}`: that is no name for a branch")]
    BadBranch {
        /// As it was given.
        branch: String,
    },
    /// It cannot be asked or read.
    #[error("reach {origin}: {why}")]
    Unreachable {
        /// Where, as people read it.
        origin: String,
        /// In our own words.
        why: &'static str,
    },
    /// It answers, and has no such branch.
    #[error("follow {origin}: the branch is not there (any more)")]
    NoBranch {
        /// Where.
        origin: String,
    },
    /// A push took commits away that were followed.
    #[error(
        "follow {origin}: its history was rewritten: {to} does not come after {from}, which stays in use"
    )]
    Rewound {
        /// Where.
        origin: String,
        /// The last commit that was followed.
        from: String,
        /// What the branch is now.
        to: String,
    },
    /// Somebody accepted another commit than the one that the branch is now.
    #[error("accept {commit}: the branch of {origin} is {now} now")]
    NotThat {
        /// Where.
        origin: String,
        /// As it was given.
        commit: String,
        /// What the branch is.
        now: String,
    },
    /// No room on the disk.
    #[error("keep the checkout {folder}: there is no room left on its disk")]
    Full {
        /// The folder.
        folder: PathBuf,
    },
    /// Git's own work failed.
    #[error("keep the checkout {folder}: git could not {what} there")]
    Git {
        /// The folder.
        folder: PathBuf,
        /// Which work.
        what: &'static str,
    },
    /// The program, not the repository.
    #[error(transparent)]
    Program(#[from] RunError),
    /// The system refused.
    #[error("keep the checkout {folder}")]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl CheckoutError {
    /// Whether it may go away by itself.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Busy { .. }
            | Self::Working { .. }
            | Self::Unreachable { .. }
            | Self::Full { .. }
            | Self::Program(RunError::TimedOut(_)) => true,
            Self::BadBranch { .. }
            | Self::NoBranch { .. }
            | Self::Rewound { .. }
            | Self::NotThat { .. }
            | Self::Git { .. }
            | Self::Program(_)
            | Self::Io { .. } => false,
        }
    }

    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Busy { .. } => {
                "one scheduled run at a time keeps a checkout; let that one do it, or end it"
                    .to_owned()
            }
            Self::Working { .. } => {
                "it is tried again; what an ended git left behind counts as such after two minutes"
                    .to_owned()
            }
            Self::NoBranch { .. } => {
                "name another branch behind a `#`, or bring it back".to_owned()
            }
            Self::Rewound { to, .. } => format!(
                "if that was meant to be, look at what it changes, then: driftlock reconcile --accept-rewind {}",
                &to[..to.len().min(12)]
            ),
            Self::NotThat { now, .. } => format!(
                "look at what that one changes, then: driftlock reconcile --accept-rewind {}",
                &now[..now.len().min(12)]
            ),
            Self::Full { .. } => {
                "make room; until then the commit that was read last is watched".to_owned()
            }
            Self::Git { folder, .. } => format!(
                "if it stays so, remove {} and all in it: it is made again, and goes on from the commit that was followed last",
                folder.display()
            ),
            Self::BadBranch { .. }
            | Self::Unreachable { .. }
            | Self::Program(_)
            | Self::Io { .. } => return None,
        })
    }
}
