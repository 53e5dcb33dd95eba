//! The books of alerts: each manifest's in its journal, and the reconciler's own on this machine.

use std::sync::{Arc, Mutex, PoisonError};

use crate::alert::Books;
use crate::journal::{Authenticator, Journal, Scope};
use crate::model::AlertBook;

/// A book in a journal.
pub(super) struct Kept<'a> {
    pub(super) journal: &'a mut dyn Journal,
    pub(super) scope: &'a Scope,
    pub(super) auth: &'a Authenticator,
}

impl Books for Kept<'_> {
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        let changed = self.journal.change_alerts(self.scope, self.auth, change);
        changed.map_err(|error| crate::cli::error::CommandError::of(&error).message)
    }
}

/// A book in memory: what is left where not even this machine's own journal can be written. Clones
/// share it.
#[derive(Clone, Default)]
pub(super) struct InMemory(Arc<Mutex<AlertBook>>);

impl Books for InMemory {
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut next) = change(&held) {
            next.generation = held.generation + 1;
            if next.id.is_empty() {
                next.id = crate::model::to_hex(&*crate::crypto::random_bytes::<6>());
            }
            *held = next;
        }
        Ok(held.clone())
    }
}
