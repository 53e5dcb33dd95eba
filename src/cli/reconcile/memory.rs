//! A book of alerts in memory: what is left where not even this machine's own journal can be written.

use std::sync::{Arc, Mutex, PoisonError};

use crate::alert::Books;
use crate::crypto::random_bytes;
use crate::model::{AlertBook, to_hex};

/// Clones are one book.
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
                next.id = to_hex(&*random_bytes::<6>());
            }
            *held = next;
        }
        Ok(held.clone())
    }
}
