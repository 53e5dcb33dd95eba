//! Taking the lease: this machine's own locks first, then the ref.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rand::RngCore;
use rand::rngs::OsRng;

use super::grant::{self, Grant, Life, Silence};
use super::shared::{self, SharedLease, State};
use super::{GitJournal, View, cache, files};
use crate::journal::sqlite::write;
use crate::journal::{Holder, JournalError, Lease, LeaseError, LeaseRequest, Leases, Scope};

impl GitJournal {
    /// All of them, or none.
    pub(super) fn take_all(
        &mut self,
        scopes: &[&Scope],
        request: &LeaseRequest,
    ) -> Result<Lease, LeaseError> {
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
        let locked = scopes
            .iter()
            .map(|scope| leases.take(&format!("{key} {scope}"), holder))
            .collect();
        match locked {
            // nothing can be kept on this machine: the remote alone decides
            Err(LeaseError::File { .. }) if !self.core.cache.is_kept() => Ok(vec![]),
            locked => locked,
        }
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
                            from = Some(format!("{other}: its process has ended"));
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
