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
mod place;
mod remote;
mod shared;
mod tree;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rand::RngCore;
use rand::rngs::OsRng;
use rusqlite::{Connection, Transaction};

use self::core::Core;
use super::sqlite::{Failure, read, write};
use super::{
    AppliedAuthority, Archive, Authenticator, HistoryEntry, HistoryFilter, Holder, Intent,
    IntentId, Journal, JournalError, Kept, Lease, LeaseError, LeaseRequest, Leases, Moved,
    Observation, Observations, Recollection, Remembered, Scope, Settlement, archive,
};
use crate::model::{FingerprintKey, LastApplied, TargetName};
use grant::{Grant, Life, Silence};
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
        })
    }

    /// Whether there is a journal: at the remote, or, where that cannot be asked, in what this machine
    /// saw of it.
    pub fn exists(&self) -> Result<bool, JournalError> {
        let known = self.core.local(self.core.cache.tip())?.is_some();
        match self.core.settings.standing.tip() {
            Ok(tip) => Ok(known || tip.is_some()),
            Err(error) if known && error.is_unreachable() => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether this machine ever saw one there; asks nobody.
    pub fn is_known(&self) -> Result<bool, JournalError> {
        Ok(self.core.local(self.core.cache.tip())?.is_some())
    }

    /// Believes what the remote says from now on, whatever this machine saw before.
    pub fn accept(&mut self) -> Result<(), JournalError> {
        if self.core.settings.standing.tip()?.is_none() {
            return self.core.local(self.core.cache.forget());
        }
        self.core.refresh(true)
    }

    /// Puts what this machine saw in the place of what is there.
    pub fn restore(&mut self) -> Result<(), JournalError> {
        let standing = &self.core.settings.standing;
        let files = self.core.local(self.core.cache.everything())?;
        let tip = standing.tip()?;
        let known = self.core.local(self.core.cache.tip())?;
        if let Some(tip) = &tip {
            standing.fetch()?;
            self.core
                .local(self.core.cache.set_tip(known.as_deref(), tip))?;
        }
        let message = "driftlock: restored";
        let done = self.core.publish(tip.as_deref(), files, message, true)?;
        if done {
            return Ok(());
        }
        let place = self.core.shown();
        Err(GitError::Busy { place }.into())
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

    fn silence(&self, scope: &str, grant: &Grant, noted: Option<Timestamp>) -> Silence {
        let now = self.core.now();
        let watched = self.watched.get(scope);
        let watched = watched.filter(|(seen, _)| seen == grant);
        Silence {
            watched: watched.map_or(Duration::ZERO, |(_, since)| since.elapsed()),
            noted: noted.map_or(SignedDuration::ZERO, |at| now.duration_since(at)),
        }
    }

    fn watch(&mut self, scope: String, grant: Grant) {
        let known = self.watched.get(&scope);
        if known.is_none_or(|(seen, _)| *seen != grant) {
            self.watched.insert(scope, (grant, Instant::now()));
        }
    }

    /// Keeps other processes of this machine out, before anybody else is asked.
    fn lock(&self, scopes: &[String], holder: &Holder) -> Result<Vec<File>, LeaseError> {
        let Some(folder) = &self.core.settings.folder else {
            return Ok(vec![]);
        };
        let leases = Leases::new(folder.join("leases"));
        let key = self.core.settings.standing.cache_name();
        scopes
            .iter()
            .map(|scope| leases.take(&format!("{key} {scope}"), holder))
            .collect()
    }

    /// Takes them all, or says who has one of them.
    fn take(
        &self,
        scopes: &[String],
        token: &str,
        request: &LeaseRequest,
    ) -> Result<Result<Option<String>, (String, Grant)>, JournalError> {
        let core = &self.core;
        let home = core.local(core.cache.home())?;
        core.change("driftlock: lease taken", |transaction| {
            let now = core.now();
            let mut from = None;
            for scope in scopes {
                let found = shared::find(transaction, scope)?;
                if let Some(other) = &found {
                    let noted = cache::sighted(transaction, scope)?;
                    let life = other.life(self.silence(scope, other, noted), now);
                    // this machine's own lock is ours: whoever had it there has ended
                    let ended = home.is_some() && other.home == home;
                    match (&request.breaks, life) {
                        (None, _) if ended => {
                            from = Some(format!("{other}: its process has ended"))
                        }
                        (None, Life::Alive) => return Ok(Err((scope.clone(), other.clone()))),
                        (None, Life::Dead) => {
                            from = Some(format!("{other}: no sign of life since"));
                        }
                        (Some(why), _) => from = Some(format!("{other}: {why}")),
                    }
                }
                let grant = Grant {
                    token: token.to_owned(),
                    holder: request.holder.clone(),
                    until: grant::end(now, core.settings.lease),
                    beat: 0,
                    seconds: core.settings.lease.as_secs(),
                    home: home.clone(),
                    taken: from.clone(),
                };
                write::ensure_scope(transaction, &Scope(scope.clone()))?;
                shared::write(transaction, scope, &grant)?;
            }
            Ok(Ok(from))
        })
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
        let scopes: Vec<String> = scopes
            .iter()
            .map(|scope| self.name(scope))
            .collect::<Result<_, _>>()?;
        let locked = self.lock(&scopes, &request.holder)?;
        // what others wrote until now decides, not what was seen before a wait
        self.core.refresh(false)?;
        let mut token = [0; 16];
        OsRng.fill_bytes(&mut token);
        let token = files::to_hex(&token);
        match self.take(&scopes, &token, request)? {
            Ok(from) => {
                let state = Arc::new(State::new(token, scopes));
                self.held = Some(Arc::clone(&state));
                *self.view.borrow_mut() = Some(View::Fresh);
                let settings = self.core.settings.clone();
                let lease = SharedLease::keep(settings, state, from, locked);
                Ok(Lease::of_shared(lease))
            }
            Err((scope, grant)) => {
                let (by, help) = (grant.to_string(), grant.help(self.core.now()));
                self.watch(scope, grant);
                Err(LeaseError::Held { by, help })
            }
        }
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
        let mut notes = vec![];
        if let Some(View::Former(note) | View::Blind(note)) = &*self.view.borrow() {
            notes.push(note.clone());
        }
        let garbage = self.core.cache.garbage().unwrap_or_default();
        if garbage > 0 {
            let place = self.core.shown();
            notes.push(format!(
                "{garbage} files of the journal at {place} cannot be read, and count as none"
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
