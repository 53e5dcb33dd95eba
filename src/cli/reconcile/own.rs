//! The book of the reconciler itself: about manifests, journals and sinks that it cannot use. It stays on
//! this machine, in its own journal; where that cannot be written, in memory.

use jiff::{SignedDuration, Timestamp};

use super::desk::Desk;
use super::memory::InMemory;
use super::tell::own_scope;
use crate::alert::Books;
use crate::alert::rules::Began;
use crate::cli::records::{self, Named};
use crate::journal::{Authenticator, Journal, JournalError, SqliteJournal};
use crate::model::{AlertBook, Fingerprinter, Sighting};
use crate::reconcile::books::JournalBooks;

/// How long nothing is written where nothing changed: reminders are due some time.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// What is known of it between two changes.
#[derive(Default)]
pub(super) struct Own {
    pub(super) began: Began,
    pub(super) last_event: u64,
    sightings: Vec<Sighting>,
    at: Option<Timestamp>,
    spare: InMemory,
}

impl Own {
    /// Whether there is anything to write.
    pub(super) fn is_news(&self, sightings: &[Sighting], now: Timestamp) -> bool {
        let Some(at) = self.at else {
            // a former run may have left something open
            return true;
        };
        let age = now.duration_since(at);
        let due = !sightings.is_empty() && (age > QUIET || age.is_negative());
        self.sightings != sightings || due
    }

    pub(super) fn note(&mut self, book: &AlertBook, sightings: Vec<Sighting>, now: Timestamp) {
        self.began = Began::with(book);
        self.last_event = book.last_event;
        self.sightings = sightings;
        self.at = Some(now);
    }

    /// Changes it where it is kept.
    pub(super) fn change(
        &mut self,
        desk: &Desk<'_>,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> AlertBook {
        let mut spare = self.spare.clone();
        let kept = with_books(desk, &mut |books| books.change(change));
        kept.unwrap_or_else(|why| {
            tracing::warn!("alerts of this reconciler are kept in memory only: {why}");
            spare.change(change).unwrap_or_default()
        })
    }
}

/// Does something with the book on the disk.
///
/// # Errors
/// Why there is none.
pub(super) fn with_books<T>(
    desk: &Desk<'_>,
    work: &mut dyn FnMut(&mut dyn Books) -> Result<T, String>,
) -> Result<T, String> {
    let path = match records::named(desk.global, desk.context) {
        Named::File(path) => path,
        Named::Git(_) | Named::Nothing => {
            records::own(desk.context).map_err(|error| error.message)?
        }
    };
    let mut journal = SqliteJournal::new(path);
    let scope = own_scope(desk);
    let key = |journal: &mut SqliteJournal| -> Result<Authenticator, JournalError> {
        let key = journal.local_key(&scope)?;
        Ok(Authenticator::new(&Fingerprinter::new(key, vec![])))
    };
    let auth = key(&mut journal).map_err(|error| super::tell::said(&error))?;
    work(&mut JournalBooks {
        journal: &mut journal,
        scope: &scope,
        auth: &auth,
    })
}
