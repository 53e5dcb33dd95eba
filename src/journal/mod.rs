//! What was applied, and what was seen: evidence and cache. Correctness never needs it; with a lost
//! journal a plan asks before it takes anything over.
//!
//! Records hold names and keyed fingerprints, never values. They are chained and authenticated
//! under a key that only readers of the manifest have: what does not verify counts as no record.

mod auth;
mod error;
mod lease;
mod receipt;
mod sqlite;
mod state;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{AuthorityFacts, FingerprintKey, LastApplied, TargetName, VarName};

pub use auth::Authenticator;
pub use error::JournalError;
pub use lease::{Holder, Lease, LeaseError, Leases};
pub use receipt::{
    Activated, IntendedVar, Intent, IntentId, Observation, Observations, Receipt, ReceiptId,
    ReceiptOutcome, Sighting, VarAction, VarOutcome, VarReceipt, Was,
};
pub use sqlite::SqliteJournal;

/// Names the lineage of one manifest: records of one scope are never seen by another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(pub String);

/// Where records are kept. One value is used by one thread at a time; processes may share the
/// place behind it.
pub trait Journal: Send {
    /// What was last applied to each target, by target name and place. A target without records
    /// that verify is there too, with `recorded: false`.
    fn last_applied(
        &self,
        scope: &Scope,
        targets: &[(TargetName, String)],
        auth: &Authenticator,
    ) -> Result<Recollection, JournalError>;

    /// Notes, before the first write, what is about to be written. One that never gets its receipt
    /// makes its target `in_doubt`.
    fn begin(&mut self, scope: &Scope, intents: &[Intent]) -> Result<Vec<IntentId>, JournalError>;

    /// Keeps the receipts of applies that began, all of them or none, and closes their intents.
    /// Intents of the same targets that were left open earlier are settled too: a variable that
    /// such an intent names and this receipt does not settle stays in doubt.
    fn finish(
        &mut self,
        scope: &Scope,
        receipts: &[(IntentId, Receipt)],
        auth: &Authenticator,
    ) -> Result<Kept, JournalError>;

    /// As `finish`, for records that needed no write: found equal, adopted, or found absent.
    fn record(
        &mut self,
        scope: &Scope,
        receipts: &[Receipt],
        auth: &Authenticator,
    ) -> Result<Kept, JournalError>;

    /// Receipts, newest first.
    fn history(
        &self,
        scope: &Scope,
        filter: &HistoryFilter,
        auth: &Authenticator,
    ) -> Result<Vec<HistoryEntry>, JournalError>;

    /// Keeps what this machine saw of some targets.
    fn observe(
        &mut self,
        scope: &Scope,
        observations: &[Observation],
        auth: &Authenticator,
    ) -> Result<(), JournalError>;

    /// The newest observation of each target by each machine.
    fn observations(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Observations, JournalError>;

    /// What the last applied revision could do.
    fn authority(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AppliedAuthority>, JournalError>;

    /// Whether anything was ever applied with this journal, of whatever manifest.
    fn has_applied(&self) -> Result<bool, JournalError>;

    /// Keeps what the revision that was just applied can do.
    fn set_authority(
        &mut self,
        scope: &Scope,
        authority: &AppliedAuthority,
        auth: &Authenticator,
    ) -> Result<(), JournalError>;

    /// The random key for a manifest without recipients, made at the first call; two processes
    /// that race get the same one.
    fn local_key(&mut self, scope: &Scope) -> Result<FingerprintKey, JournalError>;

    /// The same key if there is one. Without it there is no record that it could verify, so a
    /// plan may use a key of its own and write nothing.
    fn existing_local_key(&self, scope: &Scope) -> Result<Option<FingerprintKey>, JournalError>;

    /// Gives the records of `from` to `to`, after a re-key. `false`, and nothing is changed, if
    /// `from` has none or `to` has its own.
    fn rescope(&mut self, from: &Scope, to: &Scope) -> Result<bool, JournalError>;

    /// Forgets receipts older than the newest `keep` (at least one stays). What was last applied,
    /// and the highest sequences, stay. Says how many went.
    fn prune(&mut self, scope: &Scope, keep: usize) -> Result<usize, JournalError>;

    /// Keeps other processes of this backend out until it is dropped, also by the death of this
    /// process.
    fn lease(&self, subject: &str, holder: &Holder) -> Result<Lease, LeaseError>;

    /// What people should know about how the journal was opened; empty if nothing.
    fn notes(&self) -> Vec<String>;
}

/// What the journal knows of some targets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recollection {
    /// Each target that was asked for.
    pub targets: BTreeMap<TargetName, LastApplied>,
    /// Targets whose record was forged or damaged, and counts as none.
    pub unverified: usize,
}

/// How a write to the journal ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// In the order of what was given.
    pub ids: Vec<ReceiptId>,
    /// Lower case, no final period: for example that the clock went backwards.
    pub notes: Vec<String>,
}

/// Something that was kept with a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remembered<T> {
    /// Never kept.
    Nothing,
    /// Kept, and it verifies.
    Known(T),
    /// Kept, but under a key that is not at hand: nothing can be said about it.
    OtherKey,
    /// Forged or damaged: treat as never kept, and say so.
    Unverified,
}

/// The facts of the last applied revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedAuthority {
    /// What it could do.
    pub facts: AuthorityFacts,
    /// The commit, if it came from one.
    pub revision: Option<String>,
    /// When it was applied.
    pub at: Timestamp,
}

/// Which receipts to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of this target only.
    pub target: Option<TargetName>,
    /// That touch this variable, by its name on the target or its declared name.
    pub variable: Option<VarName>,
    /// At most so many; `None` for all.
    pub limit: Option<usize>,
}

/// One receipt of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its number in the scope; the order of events.
    pub id: ReceiptId,
    /// When; never before its predecessor, also where the clock was.
    pub at: Timestamp,
    /// What it says; `None` where it cannot even be read.
    pub receipt: Option<Receipt>,
    /// Whether to believe it.
    pub proof: Proof,
}

/// What the authentication of a receipt shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Written by a reader of the manifest, and in its place in the chain.
    Verified,
    /// Made under a key that is not at hand.
    OtherKey,
    /// Forged or damaged.
    Forged,
    /// Genuine, but what came before it is not what was there when it was written.
    ChainBroken,
}
