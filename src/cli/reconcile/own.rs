//! The book of the reconciler itself: about manifests, journals and sinks that it cannot use. It stays on
//! this machine, in its own journal; where that cannot be written, in memory.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::desk::Desk;
use super::memory::InMemory;
use crate::alert::Books;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::records::{self, Named};
use crate::journal::{Authenticator, Journal, Remembered, Scope, SqliteJournal};
use crate::model::{AlertBook, Fingerprinter, Sighting};
use crate::reconcile::books::JournalBooks;

/// How long nothing is written where nothing changed: reminders are due some time.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// What is known of it between two changes.
#[derive(Default)]
pub(super) struct Own {
    pub(super) book: AlertBook,
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
        self.book.clone_from(book);
        self.sightings = sightings;
        self.at = Some(now);
    }

    /// Changes it where it is kept.
    pub(super) fn change(
        &mut self,
        desk: &Desk<'_>,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> AlertBook {
        let kept = Disk::open(desk).and_then(|mut disk| disk.books().change(change));
        kept.unwrap_or_else(|why| {
            tracing::warn!("alerts of this reconciler are kept in memory only: {why}");
            self.spare.change(change).unwrap_or_default()
        })
    }

    /// The book in memory.
    pub(super) fn spare(&self) -> InMemory {
        self.spare.clone()
    }
}

/// The book on the disk.
pub(super) struct Disk {
    journal: SqliteJournal,
    scope: Scope,
    auth: Authenticator,
}

impl Disk {
    /// Opens it.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn open(desk: &Desk<'_>) -> Result<Self, String> {
        let (mut journal, scope) = place(desk.global, desk.context, &desk.asked.folder)?;
        let key = journal.local_key(&scope);
        let key = key.map_err(|error| super::tell::said(&error))?;
        let auth = Authenticator::new(&Fingerprinter::new(key, vec![]));
        Ok(Self {
            journal,
            scope,
            auth,
        })
    }

    pub(super) fn books(&mut self) -> JournalBooks<'_> {
        JournalBooks {
            journal: &mut self.journal,
            scope: &self.scope,
            auth: &self.auth,
        }
    }
}

fn place(
    global: &Global,
    context: &Context,
    folder: &Path,
) -> Result<(SqliteJournal, Scope), String> {
    let path = match records::named(global, context) {
        Named::File(path) => path,
        Named::Git(_) | Named::Nothing => records::own(context).map_err(|error| error.message)?,
    };
    let scope = Scope(format!("reconciler@{}", folder.display()));
    Ok((SqliteJournal::new(path), scope))
}

/// What a reconciler of this folder and machine keeps of itself, for who looks; nothing where there never
/// was one.
pub(in crate::cli) fn read(global: &Global, context: &Context) -> Option<AlertBook> {
    let (journal, scope) = place(global, context, &context.folder).ok()?;
    let key = journal.existing_local_key(&scope).ok()??;
    let auth = Authenticator::new(&Fingerprinter::new(key, vec![]));
    match journal.alerts(&scope, &auth).ok()? {
        Remembered::Known(book) => Some(book),
        Remembered::Nothing
        | Remembered::OtherKey
        | Remembered::Unreachable
        | Remembered::Unverified => None,
    }
}
