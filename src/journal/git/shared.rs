//! A lease in the journal's ref: taken and given back by compare-and-swap, kept by signs of life from a
//! thread of its own.

use std::fmt;
use std::fs::File;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::core::{Core, GitSettings};
use super::error::GitError;
use super::grant::Grant;
use crate::journal::JournalError;
use crate::journal::sqlite::Failure;

/// Told once that a lease is lost.
pub(super) type OnLoss = Box<dyn FnOnce(String) + Send>;

/// Held until it is dropped, and then given back.
pub(in crate::journal) struct SharedLease {
    state: Arc<State>,
    from: Option<String>,
    stop: Option<Sender<()>>,
    heart: Option<JoinHandle<()>>,
    /// This machine's own locks: the last to go.
    _locked: Vec<File>,
}

impl fmt::Debug for SharedLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedLease({:?})", self.state.scopes)
    }
}

/// What the journal, the thread and the lease share.
pub(super) struct State {
    pub(super) token: String,
    /// Names of scopes.
    pub(super) scopes: Vec<String>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Scopes that were given back already, with the last write.
    returned: Vec<String>,
    lost: Option<String>,
    call: Option<OnLoss>,
}

impl State {
    pub(super) fn new(token: String, scopes: Vec<String>) -> Self {
        Self {
            token,
            scopes,
            inner: Mutex::default(),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Given back in the same breath as the last write.
    pub(super) fn give_back(&self, scope: &str) {
        self.with(|inner| inner.returned.push(scope.to_owned()));
    }

    /// Scopes that are still held.
    fn held(&self) -> Vec<String> {
        let returned = self.with(|inner| inner.returned.clone());
        let held = self.scopes.iter().filter(|scope| !returned.contains(scope));
        held.cloned().collect()
    }

    fn lose(&self, why: String) {
        let call = self.with(|inner| {
            inner.lost.get_or_insert_with(|| why.clone());
            inner.call.take()
        });
        if let Some(call) = call {
            call(why);
        }
    }
}

impl SharedLease {
    /// Taken a moment ago; kept from now on.
    pub(super) fn keep(
        settings: GitSettings,
        state: Arc<State>,
        from: Option<String>,
        locked: Vec<File>,
    ) -> Self {
        let (stop, stopped) = channel();
        let shared = Arc::clone(&state);
        let interval = settings.lease / 4;
        let heart = std::thread::spawn(move || {
            // of its own: the journal's connection belongs to the run
            let core = Core::open(settings).map(Core::goes_on);
            let mut last = Instant::now();
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(interval) {
                let Ok(core) = &core else { continue };
                if shared.held().is_empty() || beat(core, &shared, &mut last).is_err() {
                    return;
                }
            }
            if let Ok(core) = &core {
                release(core, &shared);
            }
        });
        Self {
            state,
            from,
            stop: Some(stop),
            heart: Some(heart),
            _locked: locked,
        }
    }

    pub(in crate::journal) fn on_loss(&self, call: OnLoss) {
        let lost = self.state.with(|inner| match inner.lost.clone() {
            Some(why) => Some((call, why)),
            None => {
                inner.call = Some(call);
                None
            }
        });
        // it was lost before anybody wanted to know, for example while a person was asked
        if let Some((call, why)) = lost {
            call(why);
        }
    }

    pub(in crate::journal) fn taken_from(&self) -> Option<&str> {
        self.from.as_deref()
    }
}

impl Drop for SharedLease {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(heart) = self.heart.take() {
            let _its_work_was_a_courtesy = heart.join();
        }
    }
}

/// One sign of life; an error if the lease is lost.
fn beat(core: &Core, state: &State, last: &mut Instant) -> Result<(), ()> {
    let scopes = state.held();
    let renewed = core.change("driftlock: lease renewed", |transaction| {
        let now = core.now();
        for scope in &scopes {
            match fence(transaction, scope, &state.token)? {
                Ok(grant) => write(transaction, scope, &grant.renewed(now))?,
                Err(by) => return Ok(Err(by)),
            }
        }
        Ok(Ok(()))
    });
    let patience = core.settings.lease * 4 / 5;
    match renewed {
        Ok(Ok(())) => *last = Instant::now(),
        // given back by the run's last write in this very moment
        Ok(Err(_)) if state.held() != scopes => {}
        Ok(Err(by)) => {
            state.lose(format!("the lease was taken by {by}"));
            return Err(());
        }
        Err(error) => {
            tracing::debug!(%error, "lease");
            if last.elapsed() > patience {
                state.lose(format!("the lease could not be renewed: cannot {error}"));
                return Err(());
            }
        }
    }
    Ok(())
}

fn release(core: &Core, state: &State) {
    let scopes = state.held();
    if scopes.is_empty() {
        return;
    }
    let released = core.change("driftlock: lease given back", |transaction| {
        scopes
            .iter()
            .try_for_each(|scope| give_back(transaction, scope, &state.token))
    });
    if let Err(error) = released {
        tracing::debug!(%error, "the lease could not be given back: it ends by itself");
    }
}

/// The lease of a scope, if there is one that can be read.
pub(super) fn find(connection: &Connection, scope: &str) -> Result<Option<Grant>, Failure> {
    let body: Option<String> = connection
        .prepare_cached(
            "SELECT body FROM leases WHERE scope = (SELECT id FROM scopes WHERE name = ?1)",
        )?
        .query_row([scope], |row| row.get(0))
        .optional()?;
    Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
}

/// The lease, if it is ours still; else who has it.
pub(super) fn fence(
    connection: &Connection,
    scope: &str,
    token: &str,
) -> Result<Result<Grant, String>, Failure> {
    Ok(match find(connection, scope)? {
        Some(grant) if grant.token == token => Ok(grant),
        Some(other) => Err(other.to_string()),
        None => Err("somebody who has ended since".to_owned()),
    })
}

pub(super) fn write(
    transaction: &Transaction<'_>,
    scope: &str,
    grant: &Grant,
) -> Result<(), Failure> {
    let body = serde_json::to_string(grant).expect("plain data is always JSON");
    transaction.execute(
        "INSERT OR REPLACE INTO leases SELECT id, ?2 FROM scopes WHERE name = ?1",
        (scope, body),
    )?;
    Ok(())
}

/// Only if it is ours.
pub(super) fn give_back(
    transaction: &Transaction<'_>,
    scope: &str,
    token: &str,
) -> Result<(), Failure> {
    if fence(transaction, scope, token)?.is_ok() {
        transaction.execute(
            "DELETE FROM leases WHERE scope = (SELECT id FROM scopes WHERE name = ?1)",
            [scope],
        )?;
    }
    Ok(())
}

/// What others are told whose writes would be mixed with another run's.
pub(super) fn fenced(core: &Core, by: String) -> JournalError {
    let place = core.shown();
    GitError::Fenced { place, by }.into()
}
