//! What was applied, and what was seen: evidence and cache. Correctness never needs it; with a lost
//! journal a plan asks before it takes anything over.
//!
//! Records hold names and keyed fingerprints, never values. They are chained and authenticated
//! under a key that only readers of the manifest have: what does not verify counts as no record.

mod alerts;
mod archive;
mod auth;
mod error;
mod git;
mod lease;
mod receipt;
mod sqlite;
mod state;
mod undo;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{AlertBook, AuthorityFacts, FingerprintKey, LastApplied, TargetName, VarName};

pub use archive::{Archive, Moved};
pub use auth::Authenticator;
pub use error::JournalError;
pub use git::{Clock, GitError, GitJournal, GitSettings, Place, REFERENCE, Standing};
pub use lease::{Holder, Lease, LeaseError, LeaseRequest, Leases};
pub use receipt::{
    Activated, IntendedVar, Intent, IntentId, Observation, Observations, Receipt, ReceiptId,
    ReceiptOutcome, Sighting, VarAction, VarOutcome, VarReceipt, Was,
};
pub use sqlite::SqliteJournal;
pub use undo::{Changes, KeptKind, KeptRow, RowId, UndoStore, UndoStoreError};

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

    /// Keeps what an apply came to, all of it or none, and closes its intents. Intents of the same
    /// targets that were left open earlier are settled too: a variable that such an intent names and
    /// this receipt does not settle stays in doubt.
    fn settle(
        &mut self,
        scope: &Scope,
        settlement: &Settlement<'_>,
        auth: &Authenticator,
    ) -> Result<Kept, JournalError>;

    /// The receipts of applies that began.
    fn finish(
        &mut self,
        scope: &Scope,
        receipts: &[(IntentId, Receipt)],
        auth: &Authenticator,
    ) -> Result<Kept, JournalError> {
        let receipts = receipts.iter().map(|(id, receipt)| (Some(*id), receipt));
        self.settle(scope, &Settlement::of(receipts), auth)
    }

    /// As `finish`, for records that needed no write: found equal, adopted, or found absent.
    fn record(
        &mut self,
        scope: &Scope,
        receipts: &[Receipt],
        auth: &Authenticator,
    ) -> Result<Kept, JournalError> {
        let receipts = receipts.iter().map(|receipt| (None, receipt));
        self.settle(scope, &Settlement::of(receipts), auth)
    }

    /// Keeps what the revision that was just applied can do.
    fn set_authority(
        &mut self,
        scope: &Scope,
        authority: &AppliedAuthority,
        auth: &Authenticator,
    ) -> Result<(), JournalError> {
        let settlement = Settlement {
            authority: Some(authority),
            ..Settlement::default()
        };
        self.settle(scope, &settlement, auth).map(|_| ())
    }

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

    /// The book of alerts.
    fn alerts(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AlertBook>, JournalError>;

    /// Replaces the book of alerts by what `change` makes of it, all of it or nothing, on top of what is
    /// there when it is written: `change` may run several times, each time on what others have written
    /// since. `None`, or the same again, writes nothing. Gives the book as it is afterwards.
    ///
    /// The journal itself raises the generation, draws the id of a new book and holds it to its limits.
    /// A book that does not verify, or is under another key, counts as none: one is begun anew, and
    /// [`Journal::notes`] says so. No lease is needed.
    fn change_alerts(
        &mut self,
        scope: &Scope,
        auth: &Authenticator,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, JournalError>;

    /// Whether anything was ever applied with this journal, of whatever manifest.
    fn has_applied(&self) -> Result<bool, JournalError>;

    /// The random key for a manifest without recipients, made at the first call; two processes
    /// that race get the same one.
    fn local_key(&mut self, scope: &Scope) -> Result<FingerprintKey, JournalError>;

    /// The same key if there is one. Without it there is no record that it could verify, so a
    /// plan may use a key of its own and write nothing.
    fn existing_local_key(&self, scope: &Scope) -> Result<Option<FingerprintKey>, JournalError>;

    /// Forgets receipts older than the newest `keep` (at least one stays). What was last applied,
    /// and the highest sequences, stay. Says how many went.
    fn prune(&mut self, scope: &Scope, keep: usize) -> Result<usize, JournalError>;

    /// Keeps everybody else who uses this journal from applying these manifests until it is dropped,
    /// also by the death of this process. All of them or none. Never waits.
    fn lease(&mut self, scopes: &[&Scope], request: &LeaseRequest) -> Result<Lease, LeaseError>;

    /// What is written from now on may wait less, and may be lost with the power: right for
    /// observations, which are made again, and for nothing else.
    fn hurry(&mut self, patience: Duration) -> Result<(), JournalError>;

    /// Who has the lease of a manifest, as people read it.
    fn holder(&self, scope: &Scope) -> Result<Option<String>, JournalError>;

    /// All records of a manifest, for another journal; `None` where there are none.
    fn export(&self, scope: &Scope) -> Result<Option<Archive>, JournalError>;

    /// Takes over all records of a manifest from another journal.
    fn import(&mut self, scope: &Scope, archive: &Archive) -> Result<Moved, JournalError>;

    /// Where it is, as people read it.
    fn place(&self) -> String;

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

/// What an apply came to.
#[derive(Debug, Clone, Default)]
pub struct Settlement<'a> {
    /// Receipts, with the intents that they close.
    pub receipts: Vec<(Option<IntentId>, &'a Receipt)>,
    /// What the revision that was applied can do, where that changed.
    pub authority: Option<&'a AppliedAuthority>,
    /// Nothing is written after this: the lease may go in the same breath.
    pub last: bool,
}

impl<'a> Settlement<'a> {
    fn of(receipts: impl Iterator<Item = (Option<IntentId>, &'a Receipt)>) -> Self {
        Self {
            receipts: receipts.collect(),
            ..Self::default()
        }
    }
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
    /// The journal could not be asked, and nothing of it was seen before.
    Unreachable,
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
