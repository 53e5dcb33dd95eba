//! The journal in a ref of the manifests' own remote: shared by CI runners, cron hosts and people,
//! with no server. A push that expects the old tip is compare-and-swap, so the same ref is the lease.
//!
//! Each row is a file of the ref's tree. This machine keeps what it saw in a cache of tables, answers
//! from there, and notices when the remote no longer has it.

mod cache;
mod core;
mod error;
mod files;
mod grant;
mod mend;
mod place;
mod remote;
mod rows;
mod seen;
mod shared;
mod take;
mod tree;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction};

use self::core::Core;
use super::alerts::{self, Drawn};
use super::sqlite::{Failure, read, write};
use super::{
    AppliedAuthority, Archive, Authenticator, HistoryEntry, HistoryFilter, Intent, IntentId,
    Journal, JournalError, Kept, Lease, LeaseError, LeaseRequest, Moved, Observation, Observations,
    Recollection, Remembered, Scope, Settlement, archive,
};
use crate::model::{AlertBook, FingerprintKey, LastApplied, TargetName};
use grant::Grant;
use shared::State;

pub use self::core::{Clock, GitSettings};
pub use error::GitError;
pub use place::{Place, REFERENCE, Standing};
pub(super) use shared::SharedLease;

/// A journal in a git remote. The remote is asked at the first call that needs it, once.
#[derive(Debug)]
pub struct GitJournal {
    core: Core,
    /// What reading has to go on from; `None` before it was asked.
    view: RefCell<Option<View>>,
    held: Option<Arc<State>>,
    /// Leases of others, and since when this run watches them.
    watched: BTreeMap<String, (Grant, Instant)>,
    /// What was found that counts as none.
    notes: Vec<String>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

/// What reading goes on from.
#[derive(Debug, Clone)]
enum View {
    /// What is there.
    Fresh,
    /// What this machine saw before, and why not more.
    Former(String),
    /// Nothing, and why.
    Blind(String),
}

impl GitJournal {
    /// The journal at this place.
    pub fn new(settings: GitSettings) -> Result<Self, JournalError> {
        Ok(Self {
            core: Core::open(settings)?,
            view: RefCell::new(None),
            held: None,
            watched: BTreeMap::new(),
            notes: Vec::new(),
        })
    }

    /// The name of a manifest's scope in every clone: its file as seen from the top folder.
    fn name(&self, scope: &Scope) -> Result<String, JournalError> {
        let root = self.core.settings.standing.root();
        let other = || GitError::OtherRepository {
            manifest: scope.0.clone(),
        };
        let (name, path) = scope.0.split_once('@').ok_or_else(other)?;
        let path = Path::new(path);
        // the root is as git spells it, without links
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        let real = folder.zip(path.file_name());
        let real = real.map(|(folder, file)| folder.join(file));
        let below = real.as_deref().unwrap_or(path).strip_prefix(root);
        let below = below.map_err(|_| other())?;
        Ok(format!("{name}@{}", below.display()))
    }

    fn scope(&self, scope: &Scope) -> Result<Scope, JournalError> {
        self.name(scope).map(Scope)
    }

    /// Asks the remote, once; where it cannot be asked, what this machine saw has to do.
    fn view(&self) -> Result<View, JournalError> {
        if let Some(view) = &*self.view.borrow() {
            return Ok(view.clone());
        }
        let view = match self.core.refresh(false) {
            Ok(()) => View::Fresh,
            Err(JournalError::Shared(error)) => self.without(&error)?.ok_or(error)?,
            Err(other) => return Err(other),
        };
        *self.view.borrow_mut() = Some(view.clone());
        Ok(view)
    }

    fn without(&self, error: &GitError) -> Result<Option<View>, JournalError> {
        let known = self.core.local(self.core.cache.tip())?.is_some();
        let heard = self.core.local(self.core.cache.heard())?;
        let usable = error.is_unreachable()
            || matches!(error, GitError::Rewound { .. } | GitError::Foreign { .. });
        Ok(match (usable, known) {
            (false, _) => None,
            (true, true) => Some(View::Former(format!(
                "cannot {error}; going on from what this machine saw of it{}",
                heard.map_or_else(String::new, |at| format!(" at {at}"))
            ))),
            (true, false) if error.is_unreachable() => Some(View::Blind(format!(
                "cannot {error}; nothing is known of what was applied"
            ))),
            (true, false) => None,
        })
    }

    fn read<T>(
        &self,
        scope: &Scope,
        blind: T,
        work: impl FnOnce(&Connection, &Scope) -> Result<T, Failure>,
    ) -> Result<T, JournalError> {
        let scope = self.scope(scope)?;
        match self.view()? {
            View::Blind(_) => Ok(blind),
            View::Fresh | View::Former(_) => {
                self.core.local(work(&self.core.cache.connection, &scope))
            }
        }
    }

    fn change<T>(
        &mut self,
        scope: &Scope,
        message: &str,
        mut work: impl FnMut(&Transaction<'_>, &Scope) -> Result<T, Failure>,
    ) -> Result<T, JournalError> {
        let scope = self.scope(scope)?;
        let message = format!("driftlock: {message} of {}", scope.0);
        self.core
            .change(&message, |transaction| work(transaction, &scope))
    }

    /// A write that only the holder of the lease may make, where a lease is held.
    fn change_as_holder<T>(
        &mut self,
        scope: &Scope,
        message: &str,
        mut work: impl FnMut(&Transaction<'_>, &Scope, Option<&str>) -> Result<T, Failure>,
    ) -> Result<T, JournalError> {
        let held = self.held.clone();
        let done = self.change(scope, message, |transaction, scope| {
            let token = held
                .as_ref()
                .filter(|held| held.scopes.contains(&scope.0))
                .map(|held| held.token.as_str());
            if let Some(token) = token
                && let Err(by) = shared::fence(transaction, &scope.0, token)?
            {
                return Ok(Err(by));
            }
            work(transaction, scope, token).map(Ok)
        })?;
        done.map_err(|by| shared::fenced(&self.core, by))
    }
}

impl Journal for GitJournal {
    fn last_applied(
        &self,
        scope: &Scope,
        targets: &[(TargetName, String)],
        auth: &Authenticator,
    ) -> Result<Recollection, JournalError> {
        self.read(scope, unknown(targets), |connection, scope| {
            read::last_applied(connection, scope, targets, auth)
        })
    }

    fn begin(&mut self, scope: &Scope, intents: &[Intent]) -> Result<Vec<IntentId>, JournalError> {
        self.change_as_holder(scope, "intent", |transaction, scope, _| {
            write::begin(transaction, scope, intents)
        })
    }

    fn settle(
        &mut self,
        scope: &Scope,
        settlement: &Settlement<'_>,
        auth: &Authenticator,
    ) -> Result<Kept, JournalError> {
        let mut returned = None;
        let kept = self.change_as_holder(scope, "receipts", |transaction, scope, token| {
            let kept = write::settle(transaction, scope, settlement, auth)?;
            if let Some(token) = token.filter(|_| settlement.last) {
                shared::give_back(transaction, &scope.0, token)?;
                returned = Some(scope.0.clone());
            }
            Ok(kept)
        })?;
        if let (Some(held), Some(scope)) = (&self.held, returned) {
            held.give_back(&scope);
        }
        Ok(kept)
    }

    fn history(
        &self,
        scope: &Scope,
        filter: &HistoryFilter,
        auth: &Authenticator,
    ) -> Result<Vec<HistoryEntry>, JournalError> {
        self.read(scope, vec![], |connection, scope| {
            read::history(connection, scope, filter, auth)
        })
    }

    fn observe(
        &mut self,
        scope: &Scope,
        observations: &[Observation],
        auth: &Authenticator,
    ) -> Result<(), JournalError> {
        self.change(scope, "observation", |transaction, scope| {
            write::observe(transaction, scope, observations, auth)
        })
    }

    fn observations(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Observations, JournalError> {
        self.read(scope, Observations::default(), |connection, scope| {
            read::observations(connection, scope, auth)
        })
    }

    fn authority(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AppliedAuthority>, JournalError> {
        self.read(scope, Remembered::Unreachable, |connection, scope| {
            read::authority(connection, scope, auth)
        })
    }

    fn alerts(
        &self,
        scope: &Scope,
        auth: &Authenticator,
    ) -> Result<Remembered<AlertBook>, JournalError> {
        self.read(scope, Remembered::Unreachable, |connection, scope| {
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
        let (book, note) = self.change(scope, "alerts", |transaction, scope| {
            alerts::change(transaction, scope, auth, &drawn, change)
        })?;
        self.notes.extend(note);
        Ok(book)
    }

    fn has_applied(&self) -> Result<bool, JournalError> {
        match self.view()? {
            // nobody can say, so others may have
            View::Blind(_) => Ok(true),
            View::Fresh | View::Former(_) => self
                .core
                .local(read::has_applied(&self.core.cache.connection)),
        }
    }

    fn local_key(&mut self, scope: &Scope) -> Result<FingerprintKey, JournalError> {
        if let Some(key) = self.existing_local_key(scope)? {
            return Ok(key);
        }
        self.change(scope, "key", |transaction, scope| {
            write::local_key(transaction, scope)
        })
    }

    fn existing_local_key(&self, scope: &Scope) -> Result<Option<FingerprintKey>, JournalError> {
        self.read(scope, None, read::local_key)
    }

    fn prune(&mut self, scope: &Scope, keep: usize) -> Result<usize, JournalError> {
        self.change(scope, "pruned receipts", |transaction, scope| {
            write::prune(transaction, scope, keep)
        })
    }

    fn lease(&mut self, scopes: &[&Scope], request: &LeaseRequest) -> Result<Lease, LeaseError> {
        self.take_all(scopes, request)
    }

    fn hurry(&mut self, _patience: Duration) -> Result<(), JournalError> {
        Ok(())
    }

    fn holder(&self, scope: &Scope) -> Result<Option<String>, JournalError> {
        self.read(scope, None, |connection, scope| {
            let grant = shared::find(connection, &scope.0)?;
            Ok(grant.map(|grant| grant.to_string()))
        })
    }

    fn export(&self, scope: &Scope) -> Result<Option<Archive>, JournalError> {
        // all of it, as it is now
        self.core.refresh(false)?;
        self.read(scope, None, archive::export)
    }

    fn import(&mut self, scope: &Scope, archive: &Archive) -> Result<Moved, JournalError> {
        self.change_as_holder(scope, "records", |transaction, scope, _| {
            archive::import(transaction, scope, archive)
        })
    }

    fn place(&self) -> String {
        format!("git {}", self.core.shown())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if let Some(View::Former(note) | View::Blind(note)) = &*self.view.borrow() {
            notes.push(note.clone());
        }
        let garbage = self.core.cache.garbage().unwrap_or_default();
        if garbage > 0 {
            let place = self.core.shown();
            let what = match garbage {
                1 => "1 file".to_owned(),
                several => format!("{several} files"),
            };
            notes.push(format!(
                "{what} of the journal at {place} cannot be read, and counts as none"
            ));
        }
        notes
    }
}

/// There may be records, and nobody can be asked.
fn unknown(targets: &[(TargetName, String)]) -> Recollection {
    let unknown = LastApplied {
        recorded: true,
        comparable: false,
        ..LastApplied::default()
    };
    Recollection {
        targets: targets
            .iter()
            .map(|(name, _)| (name.clone(), unknown.clone()))
            .collect(),
        unverified: 0,
    }
}
