//! Everything that can be read and written. The trait has two halves, so that planning, which holds
//! only the first, has nothing to write with.
//!
//! # How to add a platform
//! 1. A file or folder here that implements both halves and says honestly what it can do.
//! 2. One variant of `model::PlatformKind` and `model::Address`, one line in `reconcile::connect`.
//! 3. The address fields in `manifest/document.rs`; regenerate `schemas/`.
//! 4. `tests/it/platforms/<name>.rs`, which runs the contract battery.
//! 5. An example in `manifests/`, a row in the README.
#![warn(missing_docs)]

pub mod file;
pub mod http;
pub mod memory;
pub mod openclaw;
pub mod railway;
mod trace;

use async_trait::async_trait;

use jiff::Timestamp;

use crate::model::{Address, Live, SecretValue, Target, VarName, Version, Who};

/// One connection, for reading: what a platform talks to at once (this machine, an SSH host, a
/// Railway environment).
#[async_trait]
pub trait LiveRead: Send + Sync {
    /// Reads the targets, together where the platform can. One outcome for each target, in their
    /// order; one that fails does not hide the others.
    async fn read(&self, targets: &[Target]) -> Vec<Result<Live, ReadError>>;

    /// What this platform can hold and do, for one target.
    fn capabilities(&self, target: &Target) -> Capabilities;

    /// Whether this target can hold `value` under `name`; the reason if not. Says nothing of the
    /// value beyond the kind of character that is in the way. Called while planning.
    fn accepts(&self, target: &Target, name: &VarName, value: &SecretValue) -> Result<(), String>;

    /// Why this target cannot hold these values beside each other, by the name that would have to
    /// change; each of them alone is accepted. Called while planning.
    fn accepts_together(
        &self,
        _target: &Target,
        _values: &[(&VarName, &SecretValue)],
    ) -> Vec<(VarName, String)> {
        Vec::new()
    }

    /// The text that begins a reference to another variable of the platform, where a value can hold
    /// one: such a value is not a literal there.
    fn reference_marker(&self, _target: &Target) -> Option<&'static str> {
        None
    }

    /// Requests sent so far, each try counted, where the platform has a limit of them.
    fn requests(&self) -> u64 {
        0
    }

    /// Who changed these variables, as far as the place tells; asked of differences only, in as few
    /// requests as can be. One answer for each, in their order. What is not known for sure is said so;
    /// an error is why nothing is known (lower case, no final period).
    async fn traces(&self, asks: &[Ask<'_>]) -> Vec<Result<Who, String>> {
        let nobody = "this platform does not say who changes what";
        asks.iter().map(|_| Err(nobody.to_owned())).collect()
    }
}

/// A variable that is not as we left it.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where.
    pub target: &'a Target,
    /// Its name there.
    pub name: &'a VarName,
    /// When our last apply of it was recorded, by our clock; `None` if it never was ours.
    pub since: Option<Timestamp>,
    /// The platform's own time stamp of it then, where it had one.
    pub stamp: Option<Timestamp>,
}

/// Whether a place of this kind can hold `value` under `name`, as far as that is known without a
/// connection to it: the rules that [`LiveRead::accepts`] has, and what begins a reference.
pub fn accepts(address: &Address, name: &VarName, value: &SecretValue) -> Result<(), String> {
    match address {
        Address::File(file) => file::accepts(file, name, value),
        Address::Railway(_) => railway::accepts(name, value),
        Address::Openclaw(_) => openclaw::accepts_under(name, value),
        Address::Memory(_) => Ok(()),
    }
}

/// As [`LiveRead::reference_marker`], without a connection.
pub const fn reference_marker(address: &Address) -> Option<&'static str> {
    match address {
        Address::Railway(_) => Some(railway::REFERENCE),
        Address::File(_) | Address::Openclaw(_) | Address::Memory(_) => None,
    }
}

/// One connection, for writing too.
#[async_trait]
pub trait Platform: LiveRead {
    /// Writes the batches, one for a target, together where the platform can. One outcome for each
    /// batch, in their order.
    async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome>;
}

/// What a platform can do for one target. Read honestly by the planner and the contract battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether a batch is written as a whole or not at all.
    pub atomic: bool,
    /// Whether a write can insist on what was read.
    pub compare_and_swap: bool,
    /// Longest value in bytes, if there is a limit.
    pub max_value_bytes: Option<usize>,
    /// How long a read may lag a write.
    pub read_lag: std::time::Duration,
    /// Whether an empty value is known to stay apart from an absent one. `false` where the platform
    /// may drop it.
    pub keeps_empty: bool,
    /// Whether a write puts itself in force (deploys, restarts) unless it is told not to.
    pub activates: bool,
}

/// Why a target could not be read. Its texts hold no values and no bodies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ReadError {
    /// Lower case, no final period.
    pub reason: String,
    /// The next thing to do.
    pub help: Option<String>,
    /// Whether trying again can help, and after how long.
    pub retry_after: Option<std::time::Duration>,
}

/// Everything to write to one target, in one go: sets first, then deletes.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The target.
    pub target: Target,
    /// What the last read saw; where the platform can tell, a write is refused if that moved.
    pub expected: Version,
    /// Whether the place existed then.
    pub exists: bool,
    /// In order.
    pub operations: Vec<Operation>,
    /// Whether the platform shall put it in force, where its writes can do so.
    pub activate: bool,
    /// Says on the platform who wrote this and why, where it keeps such a text. No values.
    pub message: String,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Create or overwrite.
    Set(VarName, SecretValue),
    /// Delete; absent already is done.
    Delete(VarName),
}

impl Operation {
    /// The variable.
    pub fn name(&self) -> &VarName {
        match self {
            Self::Set(name, _) | Self::Delete(name) => name,
        }
    }
}

/// How one operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has it.
    Done,
    /// Nothing was written for it; why.
    Refused(String),
    /// It may or may not have been written: read again, never retry blindly; why.
    InDoubt(String),
}

/// How one batch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOutcome {
    /// One for each operation, in their order.
    pub operations: Vec<Outcome>,
    /// Whether the batch was refused because live moved since it was read.
    pub stale: bool,
    /// Whether what was written is being put in force; `None` where the platform does not do that.
    pub activated: Option<bool>,
    /// What people should know about it, without values.
    pub notes: Vec<String>,
}

impl BatchOutcome {
    /// Nothing of the batch was written, for one reason.
    pub fn refused(batch: &Batch, why: &str, stale: bool) -> Self {
        Self {
            operations: vec![Outcome::Refused(why.to_owned()); batch.operations.len()],
            stale,
            activated: None,
            notes: Vec::new(),
        }
    }

    /// Each operation ended so.
    pub fn of(operations: Vec<Outcome>) -> Self {
        Self {
            operations,
            stale: false,
            activated: None,
            notes: Vec::new(),
        }
    }
}
