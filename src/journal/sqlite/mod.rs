//! The journal in one SQLite file: the default, with nothing to set up.

pub(super) mod open;
pub(super) mod read;
pub(super) mod rows;
pub(super) mod schema;
#[cfg(test)]
mod tests;
pub(super) mod write;

use std::cell::{Ref, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::alerts::{self, Drawn};
use super::{
    AppliedAuthority, Archive, Authenticator, HistoryEntry, HistoryFilter, Intent, IntentId,
    Journal, JournalError, Kept, Lease, LeaseError, LeaseRequest, Leases, Moved, Observation,
    Observations, Recollection, Remembered, Scope, Settlement, archive,
};
use crate::model::{AlertBook, FingerprintKey, TargetName};
use open::Opened;

/// How long a write waits for another process.
const PATIENCE: Duration = Duration::from_secs(5);

/// A journal in a file. Nothing is opened before the first call that needs it, and reading never
/// creates it.
#[derive(Debug)]
pub struct SqliteJournal {
    path: PathBuf,
    patience: Duration,
    opened: RefCell<Option<Opened>>,
    leases: Leases,
    /// What was found that counts as none.
    notes: Vec<String>,
}

/// What went wrong inside, before it is known as an error of this file.
#[derive(Debug)]
pub(super) enum Failure {
    Database(rusqlite::Error),
    NoKey,
    Damaged,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl SqliteJournal {
    /// The journal at `path`; leases are taken in the folder `leases` beside it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            leases: Leases::new(path.with_file_name("leases")),
            path,
            patience: PATIENCE,
            opened: RefCell::new(None),
            notes: Vec::new(),
        }
    }

    /// How long a write waits for another process.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file if it is there; `None` if it is not.
    fn existing(&self) -> Result<Option<Ref<'_, Opened>>, JournalError> {
        if self.opened.borrow().is_none() {
            let opened = open::open(&self.path, &schema::JOURNAL, self.patience)?;
            *self.opened.borrow_mut() = opened;
        }
        Ok(Ref::filter_map(self.opened.borrow(), Option::as_ref).ok())
    }

    /// Reads in one snapshot; `missing` if there is no journal yet.
    fn read<T>(
        &self,
        missing: T,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, JournalError> {
        let Some(opened) = self.existing()? else {
            return Ok(missing);
        };
        let work = || {
            let snapshot =
                Transaction::new_unchecked(&opened.connection, TransactionBehavior::Deferred)?;
            work(&snapshot)
        };
        work().map_err(|failure| self.explain(&failure))
    }

    /// Writes all of it or nothing. It is on the disk when this returns.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, JournalError> {
        if self.existing()?.is_none() {
            open::create(&self.path, &schema::JOURNAL)?;
        }
        let Some(opened) = self.existing()? else {
            // Made a moment ago, and gone.
            let source = std::io::ErrorKind::NotFound.into();
            let path = self.path.clone();
            return Err(JournalError::File { path, source });
        };
        if !opened.writable {
            let path = self.path.clone();
            return Err(JournalError::ReadOnly { path });
        }
        let work = || {
            let transaction =
                Transaction::new_unchecked(&opened.connection, TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        work().map_err(|failure| self.explain(&failure))
    }

    fn explain(&self, failure: &Failure) -> JournalError {
        match failure {
            Failure::Database(error) => open::explain(&self.path, error),
            Failure::NoKey => JournalError::NoKey,
            Failure::Damaged => JournalError::Corrupted {
                path: self.path.clone(),
            },
        }
    }
}

impl Journal for SqliteJournal {
    fn last_applied(
        &self,
        scope: &Scope,
        targets: &[(TargetName, String)],
        auth: &Authenticator,
    ) -> Result<Recollection, JournalError> {
        self.read(read::nothing(targets), |connection| {
            read::last_applied(connection, scope, targets, auth)
        })
    }

    fn begin(&mut self, scope: &Scope, intents: &[Intent]) -> Result<Vec<IntentId>, JournalError> {
        self.write(|transaction| write::begin(transaction, scope, intents))
    }

    fn settle(
        &mut self,
        scope: &Scope,
        settlement: &Settlement<'_>,
        auth: &Authenticator,
    ) -> Result<Kept, JournalError> {
        self.write(|transaction| write::settle(transaction, scope, settlement, auth))
    }

    fn history(
        &self,
        scope: &Scope,
        filter: &HistoryFilter,
        auth: &Authenticator,
    ) -> Result<Vec<HistoryEntry>, JournalError> {
        self.read(Vec::new(), |connection| {
            read::history(connection, scope, filter, auth)
        })
    }

    fn observe(
        &mut self,
        scope: &Scope,
        observations: &[Observation],
        auth: &Authenticator,
    ) -> Result<(), JournalError> {
        self.write(|transaction| write::observe(transaction, scope, observations, auth))
    }

    fn observations(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Observations, JournalError> {
        self.read(Observations::default(), |connection| {
            read::observations(connection, scope, auth)
        })
    }

    fn authority(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AppliedAuthority>, JournalError> {
        self.read(Remembered::Nothing, |connection| {
            read::authority(connection, scope, auth)
        })
    }

    fn alerts(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AlertBook>, JournalError> {
        self.read(Remembered::Nothing, |connection| {
            alerts::read(connection, scope, auth)
        })
    }

    fn change_alerts(
        &mut self,
        scope: &Scope,
        auth: &Authenticator,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, JournalError> {
        let drawn = Drawn::new();
        let (book, note) =
            self.write(|transaction| alerts::change(transaction, scope, auth, &drawn, change))?;
        self.notes.extend(note);
        Ok(book)
    }

    fn has_applied(&self) -> Result<bool, JournalError> {
        self.read(false, read::has_applied)
    }

    fn local_key(&mut self, scope: &Scope) -> Result<FingerprintKey, JournalError> {
        if let Some(key) = self.existing_local_key(scope)? {
            return Ok(key);
        }
        self.write(|transaction| write::local_key(transaction, scope))
    }

    fn existing_local_key(&self, scope: &Scope) -> Result<Option<FingerprintKey>, JournalError> {
        self.read(None, |connection| read::local_key(connection, scope))
    }

    fn prune(&mut self, scope: &Scope, keep: usize) -> Result<usize, JournalError> {
        if self.existing()?.is_none() {
            return Ok(0);
        }
        self.write(|transaction| write::prune(transaction, scope, keep))
    }

    fn lease(&mut self, scopes: &[&Scope], request: &LeaseRequest) -> Result<Lease, LeaseError> {
        let scopes = scopes.iter();
        let locked = scopes.map(|scope| self.leases.take(&scope.0, &request.holder));
        Ok(Lease::of_files(locked.collect::<Result<_, _>>()?))
    }

    fn hurry(&mut self, patience: Duration) -> Result<(), JournalError> {
        self.patience = patience;
        if let Some(opened) = self.existing()? {
            let connection = &opened.connection;
            connection
                .busy_timeout(patience)
                .and_then(|()| connection.pragma_update(None, "synchronous", "NORMAL"))
                .map_err(|error| open::explain(&self.path, &error))?;
        }
        Ok(())
    }

    fn holder(&self, scope: &Scope) -> Result<Option<String>, JournalError> {
        Ok(self.leases.holder(&scope.0))
    }

    fn export(&self, scope: &Scope) -> Result<Option<Archive>, JournalError> {
        self.read(None, |connection| archive::export(connection, scope))
    }

    fn import(&mut self, scope: &Scope, archive: &Archive) -> Result<Moved, JournalError> {
        self.write(|transaction| archive::import(transaction, scope, archive))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn notes(&self) -> Vec<String> {
        let read_only = self
            .opened
            .borrow()
            .as_ref()
            .is_some_and(|opened| !opened.writable);
        let mut notes = self.notes.clone();
        if read_only {
            let path = self.path.display();
            notes.push(format!(
                "the journal {path} is read-only: nothing can be recorded"
            ));
        }
        notes
    }
}
