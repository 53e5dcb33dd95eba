//! The book of the reconciler itself: about manifests, journals and sinks that it cannot use. It stays on
//! this machine, in its own journal; where that cannot be written, in memory.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::alert::{Books, carry};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::records::{self, Named};
use crate::crypto::random_bytes;
use crate::journal::{Authenticator, Journal, Remembered, Scope, SqliteJournal};
use crate::model::{AlertBook, Fingerprinter, Sighting, to_hex};
use crate::reconcile::books::JournalBooks;

/// How long nothing is written where nothing changed: reminders are due some time.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// What is known of it between two changes.
#[derive(Default)]
pub(super) struct Own {
    held: Arc<Mutex<Held>>,
    sightings: Vec<Sighting>,
    at: Option<Timestamp>,
}

/// The book as it was last.
#[derive(Default)]
struct Held {
    book: AlertBook,
    /// Set while it goes on in memory only: the generation that was written last.
    ahead_of: Option<u64>,
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
        let unwritten = held(&self.held).ahead_of.is_some();
        self.sightings != sightings || due || unwritten
    }

    /// What was seen when it was changed last.
    pub(super) fn note(&mut self, sightings: Vec<Sighting>, now: Timestamp) {
        self.sightings = sightings;
        self.at = Some(now);
    }

    /// The book as it was last.
    pub(super) fn book(&self) -> AlertBook {
        held(&self.held).book.clone()
    }

    /// Opens it where it is kept.
    pub(super) fn open(&self, global: &Global, context: &Context, folder: &Path) -> OwnBook {
        OwnBook {
            disk: Disk::open(global, context, folder),
            held: Arc::clone(&self.held),
        }
    }
}

/// The book on the disk; in memory as long as that cannot be written.
pub(super) struct OwnBook {
    disk: Result<Disk, String>,
    held: Arc<Mutex<Held>>,
}

impl OwnBook {
    fn write(
        &mut self,
        held: &Held,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        let disk = self.disk.as_mut().map_err(|why| why.clone())?;
        disk.books().change(&mut |kept| {
            // what was open in a book that was lost meanwhile is not over by that
            let lost = !held.book.id.is_empty() && kept.id != held.book.id;
            let from = held.ahead_of.or(lost.then_some(held.book.generation));
            let carried = from.map(|from| carry(kept, &held.book, from));
            change(carried.as_ref().unwrap_or(kept)).or(carried)
        })
    }
}

impl Books for OwnBook {
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        let shared = Arc::clone(&self.held);
        let mut held = held(&shared);
        match self.write(&held, change) {
            Ok(book) => {
                held.book.clone_from(&book);
                held.ahead_of = None;
                Ok(book)
            }
            Err(why) => {
                if held.ahead_of.is_none() {
                    tracing::warn!("alerts of this reconciler are kept in memory only: {why}");
                }
                Ok(held.go_on(change))
            }
        }
    }
}

fn held(shared: &Mutex<Held>) -> MutexGuard<'_, Held> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
    fn go_on(&mut self, change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>) -> AlertBook {
        if self.book.id.is_empty() {
            self.book.id = to_hex(&*random_bytes::<6>());
        }
        let generation = self.book.generation;
        self.ahead_of.get_or_insert(generation);
        if let Some(mut next) = change(&self.book) {
            next.generation = generation + 1;
            self.book = next;
        }
        self.book.clone()
    }
}

/// The book on the disk.
struct Disk {
    journal: SqliteJournal,
    scope: Scope,
    auth: Authenticator,
}

impl Disk {
    fn open(global: &Global, context: &Context, folder: &Path) -> Result<Self, String> {
        let (mut journal, scope) = place(global, context, folder)?;
        let key = journal.local_key(&scope);
        let key = key.map_err(|error| CommandError::of(&error).message)?;
        let auth = Authenticator::new(&Fingerprinter::new(key, vec![]));
        Ok(Self {
            journal,
            scope,
            auth,
        })
    }

    fn books(&mut self) -> JournalBooks<'_> {
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
