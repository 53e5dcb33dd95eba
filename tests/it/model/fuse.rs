//! A run that ends at a step of its own: before and after each write to the journal, and between
//! the operations that it sends. What was done until then stays, and nothing after it happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use driftlock::journal::{
    AppliedAuthority, Archive, Authenticator, HistoryEntry, HistoryFilter, Intent, IntentId,
    Journal, JournalError, Kept, Lease, LeaseError, LeaseRequest, Moved, Observation, Observations,
    Recollection, Remembered, Scope, Settlement, SqliteJournal,
};
use driftlock::model::{AlertBook, FingerprintKey, Live, SecretValue, Target, TargetName, VarName};
use driftlock::platforms::{Batch, BatchOutcome, Capabilities, LiveRead, Platform, ReadError};

/// What the end of the process is told by.
pub struct Crashed(pub &'static str);

/// Counts steps, and ends the run at one of them.
#[derive(Debug, Clone)]
pub struct Fuse {
    left: Arc<AtomicUsize>,
}

impl Fuse {
    pub fn new(steps: usize) -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(steps)),
        }
    }

    pub fn never() -> Self {
        Self::new(usize::MAX)
    }

    /// Whether this step is the last one.
    fn burns(&self) -> bool {
        self.left.fetch_sub(1, Ordering::Relaxed) == 0
    }

    /// No hook and no message: this is no failure of the test.
    fn crash(step: &'static str) -> ! {
        std::panic::resume_unwind(Box::new(Crashed(step)))
    }

    fn step(&self, step: &'static str) {
        if self.burns() {
            Self::crash(step);
        }
    }
}

/// What is called when the journal was told what will be written.
pub type Hook<'a> = Box<dyn FnOnce() + Send + 'a>;

/// A journal whose process can end before and after each of its writes.
pub struct DoomedJournal<'a> {
    pub inner: SqliteJournal,
    pub fuse: Fuse,
    pub begun: Option<Hook<'a>>,
}

/// A platform whose process can end around each of its writes.
pub struct DoomedPlatform {
    pub inner: Box<dyn Platform>,
    pub fuse: Fuse,
    /// Whether a batch can end between two of its operations.
    pub divides: bool,
}

#[async_trait]
impl LiveRead for DoomedPlatform {
    async fn read(&self, targets: &[Target]) -> Vec<Result<Live, ReadError>> {
        self.fuse.step("before a read");
        self.inner.read(targets).await
    }

    fn capabilities(&self, target: &Target) -> Capabilities {
        self.inner.capabilities(target)
    }

    fn accepts(&self, target: &Target, name: &VarName, value: &SecretValue) -> Result<(), String> {
        self.inner.accepts(target, name, value)
    }

    fn accepts_together(
        &self,
        target: &Target,
        values: &[(&VarName, &SecretValue)],
    ) -> Vec<(VarName, String)> {
        self.inner.accepts_together(target, values)
    }

    fn reference_marker(&self, target: &Target) -> Option<&'static str> {
        self.inner.reference_marker(target)
    }
}

#[async_trait]
impl Platform for DoomedPlatform {
    async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome> {
        if !self.divides {
            self.fuse.step("before the write");
            let outcomes = self.inner.write(batches).await;
            self.fuse.step("after the write");
            return outcomes;
        }
        let mut outcomes = vec![];
        for batch in batches {
            for done in 0..=batch.operations.len() {
                if self.fuse.burns() {
                    let mut part = batch.clone();
                    part.operations.truncate(done);
                    self.inner.write(&[part]).await;
                    let all = batch.operations.len();
                    Fuse::crash(match (done, outcomes.is_empty()) {
                        (0, true) => "before the write",
                        (0, false) => "between two targets",
                        (done, _) if done == all => "after a target's write",
                        _ => "in the middle of a target",
                    });
                }
            }
            outcomes.extend(self.inner.write(std::slice::from_ref(batch)).await);
        }
        outcomes
    }
}

impl DoomedJournal<'_> {
    fn write<T>(
        &mut self,
        [before, after]: [&'static str; 2],
        work: impl FnOnce(&mut SqliteJournal) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        self.fuse.step(before);
        let result = work(&mut self.inner);
        self.fuse.step(after);
        result
    }
}

impl Journal for DoomedJournal<'_> {
    fn begin(&mut self, scope: &Scope, intents: &[Intent]) -> Result<Vec<IntentId>, JournalError> {
        let steps = ["before the intent", "after the intent"];
        let result = self.write(steps, |inner| inner.begin(scope, intents));
        if let Some(hook) = self.begun.take() {
            hook();
        }
        result
    }

    fn settle(
        &mut self,
        scope: &Scope,
        settlement: &Settlement<'_>,
        auth: &Authenticator,
    ) -> Result<Kept, JournalError> {
        let steps = ["before the receipts", "after the receipts"];
        self.write(steps, |inner| inner.settle(scope, settlement, auth))
    }

    fn last_applied(
        &self,
        scope: &Scope,
        targets: &[(TargetName, String)],
        auth: &Authenticator,
    ) -> Result<Recollection, JournalError> {
        self.inner.last_applied(scope, targets, auth)
    }

    fn history(
        &self,
        scope: &Scope,
        filter: &HistoryFilter,
        auth: &Authenticator,
    ) -> Result<Vec<HistoryEntry>, JournalError> {
        self.inner.history(scope, filter, auth)
    }

    fn observe(
        &mut self,
        scope: &Scope,
        observations: &[Observation],
        auth: &Authenticator,
    ) -> Result<(), JournalError> {
        self.inner.observe(scope, observations, auth)
    }

    fn observations(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Observations, JournalError> {
        self.inner.observations(scope, auth)
    }

    fn authority(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AppliedAuthority>, JournalError> {
        self.inner.authority(scope, auth)
    }

    fn alerts(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AlertBook>, JournalError> {
        self.inner.alerts(scope, auth)
    }

    fn change_alerts(
        &mut self,
        scope: &Scope,
        auth: &Authenticator,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, JournalError> {
        let steps = ["before the alerts", "after the alerts"];
        self.write(steps, |inner| inner.change_alerts(scope, auth, change))
    }

    fn local_key(&mut self, scope: &Scope) -> Result<FingerprintKey, JournalError> {
        self.inner.local_key(scope)
    }

    fn existing_local_key(&self, scope: &Scope) -> Result<Option<FingerprintKey>, JournalError> {
        self.inner.existing_local_key(scope)
    }

    fn prune(&mut self, scope: &Scope, keep: usize) -> Result<usize, JournalError> {
        self.inner.prune(scope, keep)
    }

    fn lease(&mut self, scopes: &[&Scope], request: &LeaseRequest) -> Result<Lease, LeaseError> {
        self.inner.lease(scopes, request)
    }

    fn has_applied(&self) -> Result<bool, JournalError> {
        self.inner.has_applied()
    }

    fn hurry(&mut self, patience: Duration) -> Result<(), JournalError> {
        self.inner.hurry(patience)
    }

    fn holder(&self, scope: &Scope) -> Result<Option<String>, JournalError> {
        self.inner.holder(scope)
    }

    fn export(&self, scope: &Scope) -> Result<Option<Archive>, JournalError> {
        self.inner.export(scope)
    }

    fn import(&mut self, scope: &Scope, archive: &Archive) -> Result<Moved, JournalError> {
        self.inner.import(scope, archive)
    }

    fn place(&self) -> String {
        self.inner.place()
    }

    fn notes(&self) -> Vec<String> {
        self.inner.notes()
    }
}
