//! Leases: who may write what a manifest says, while others wait or leave.

mod local;

use std::fs::File;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use local::Leases;

use super::git::SharedLease;

/// Who takes a lease, for the message that others get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// User and machine.
    pub who: String,
    /// Where the run can be looked at, if it belongs to a CI system.
    pub run: Option<String>,
    /// Since when, by the holder's own clock.
    pub since: Timestamp,
}

/// What is asked of a lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Who asks.
    pub holder: Holder,
    /// Takes it from whoever has it, and says why. A process of this machine that is alive keeps it.
    pub breaks: Option<String>,
}

/// Held until dropped.
#[derive(Debug)]
#[must_use = "a lease ends when it is dropped"]
pub struct Lease(Kind);

#[derive(Debug)]
enum Kind {
    Files { _locked: Vec<File> },
    Shared(SharedLease),
}

impl Lease {
    pub(super) fn of_files(locked: Vec<File>) -> Self {
        Self(Kind::Files { _locked: locked })
    }

    pub(super) fn of_shared(lease: SharedLease) -> Self {
        Self(Kind::Shared(lease))
    }

    /// Calls this, once, as soon as it is known that somebody else took the lease, or that it can no
    /// longer be kept. A lease on this machine is never lost.
    pub fn on_loss(&self, call: impl FnOnce(String) + Send + 'static) {
        if let Kind::Shared(lease) = &self.0 {
            lease.on_loss(Box::new(call));
        }
    }

    /// From whom it was taken, where it was not free.
    pub fn taken_from(&self) -> Option<&str> {
        match &self.0 {
            Kind::Files { .. } => None,
            Kind::Shared(lease) => lease.taken_from(),
        }
    }
}

/// Why a lease was not had.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else has it.
    #[error("take the lease: it is held by {by}; wait for that run to end")]
    Held {
        /// The holder as it wrote itself down.
        by: String,
        /// What more is known of it, and what to do.
        help: String,
    },
    /// The lock file cannot be made or locked.
    #[error("take the lease at {path}")]
    File {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal that it is kept in cannot be used.
    #[error(transparent)]
    Journal(#[from] super::JournalError),
}

/// What others wrote down, for a terminal.
pub(super) fn one_line(text: &str) -> String {
    let plain = text.chars().filter(|character| !character.is_control());
    plain.take(200).collect()
}
