//! What a look at a manifest begins with: its journal, what that remembers, and its book of alerts.

use jiff::Timestamp;
use tokio::time::Instant;

use super::desk::Desk;
use super::shelf::Watched;
use crate::alert::brake;
use crate::alert::rules::Began;
use crate::cli::allowlist::Allows;
use crate::cli::error::CommandError;
use crate::cli::records;
use crate::cli::session;
use crate::journal::{Authenticator, Journal, JournalError, Remembered};
use crate::model::{AlertBook, Fingerprinter, Mode, Scheduled};
use crate::plan::effective_reconciling;
use crate::reconcile::desired::Values;
use crate::reconcile::load::{Opener, Opening};
use crate::reconcile::pass::{Memory, Scope};
use crate::reconcile::remember;

/// The ground that a look stands on.
pub(super) struct Eyes {
    pub(super) journal: Box<dyn Journal>,
    pub(super) auth: Authenticator,
    pub(super) memory: Memory,
    pub(super) book: AlertBook,
    pub(super) now: Timestamp,
    /// When the journal was asked last.
    pub(super) recalled_at: Instant,
    /// Whether this machine or its journal knows what was agreed to.
    knows: bool,
}

impl Eyes {
    /// Opens them. `writes` says whether something will be applied.
    pub(super) fn open(
        desk: &Desk<'_>,
        watched: &Watched,
        writes: bool,
    ) -> Result<(Self, Allows), CommandError> {
        let folder = watched.item.file.folder.as_path();
        let journal = desk.journal(folder, writes)?;
        let allows = Allows::load_for(desk.global, &[folder], desk.context, &mut |path, all| {
            let path = crate::render::escape::terminal(&path.display().to_string());
            for one in all {
                tracing::error!(%path, line = one.position.line, "{}", one.message);
            }
        })?;
        let mut eyes = Self {
            journal,
            auth: session::authenticator(watched.fingerprinter.as_ref()),
            memory: Memory::default(),
            book: AlertBook::default(),
            now: desk.context.now(),
            recalled_at: Instant::now(),
            knows: allows.is_there(),
        };
        eyes.has_our_key(desk, watched)?;
        eyes.recall(watched)?;
        Ok((eyes, allows))
    }

    /// A manifest without recipients has its key in the journal: another one there proves nothing that
    /// is written under ours, and the other way round.
    fn has_our_key(&self, desk: &Desk<'_>, watched: &Watched) -> Result<(), CommandError> {
        if !matches!(watched.opening, Opening::Clear) {
            return Ok(());
        }
        let key = self.journal.existing_local_key(&watched.item.scope);
        let key = key.map_err(|error| records::explain(&error))?;
        let ours = watched.fingerprinter.as_ref().map(Fingerprinter::key);
        if key.as_ref() == ours {
            return Ok(());
        }
        desk.shelf.borrow_mut().forget();
        Err(CommandError::error(lost(&*self.journal)))
    }

    /// Asks the journal again, for what is remembered now.
    pub(super) fn recall(&mut self, watched: &Watched) -> Result<(), CommandError> {
        match self.remember(watched) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let place = self.journal.place();
                let why = format!("the alerts in {place} are not known: it cannot be reached");
                Err(CommandError::error(why))
            }
            Err(error) => Err(records::explain(&error)),
        }
    }

    /// Whether the book of alerts could be asked for.
    fn remember(&mut self, watched: &Watched) -> Result<bool, JournalError> {
        let item = &watched.item;
        let (journal, auth) = (&*self.journal, &self.auth);
        self.recalled_at = Instant::now();
        self.memory = remember::recall(journal, &item.scope, &item.located, auth)?;
        if self.knows || journal.has_applied()? {
            let facts = item.loaded.manifest.authority_facts();
            self.memory.meet(&facts);
        }
        self.book = match journal.alerts(&item.scope, auth)? {
            Remembered::Known(book) => book,
            // what is braked is in it: a book that is not known is not an empty one
            Remembered::Unreachable => return Ok(false),
            Remembered::Nothing | Remembered::OtherKey | Remembered::Unverified => {
                AlertBook::default()
            }
        };
        Ok(true)
    }

    pub(super) fn began(&self) -> Began {
        Began::with(&self.book)
    }

    /// What may be done by itself right now.
    pub(super) fn scheduled(&self, desk: &Desk<'_>, watched: &Watched) -> Scheduled {
        let mut all = Scheduled {
            braked: brake::braked(&self.book, self.now),
            ..Scheduled::default()
        };
        let facts = self.memory.authority.as_ref();
        for spec in &watched.item.loaded.manifest.targets {
            let found = effective_reconciling(facts, &spec.name, &spec.reconciling);
            if desk.is_asked(&spec.name) {
                all.modes.insert(spec.name.clone(), found.mode);
            }
            if let Some(waits) = &found.waits {
                all.waits.insert(spec.name.clone(), waits.clone());
            }
            if found.mode > Mode::Observe
                && let Err(withheld) = found.may_write(self.now, &desk.zones)
            {
                let until = withheld
                    .until
                    .map_or_else(String::new, |at| format!(", until {at}"));
                let why = format!("{}{until}", withheld.why);
                all.withheld.insert(spec.name.clone(), why);
            }
        }
        all
    }

    /// What a pass of it is limited to.
    pub(super) fn scope(&self, desk: &Desk<'_>, watched: &Watched) -> Scope {
        Scope {
            unattended: true,
            scheduled: Some(self.scheduled(desk, watched)),
            ..Scope::default()
        }
    }
}

/// Decrypts what the targets use, for one look.
pub(super) fn values<'w>(desk: &Desk<'_>, watched: &'w Watched, now: Timestamp) -> Values<'w> {
    let manifest = &watched.item.loaded.manifest;
    let mut keyring = desk.keyring.borrow_mut();
    let mut opener = Opener {
        opening: &watched.opening,
        keyring: &mut keyring,
    };
    Values::of_targets(manifest, &mut opener, &manifest.targets).at(now)
}

/// What is said of a journal that is not the one that it was.
pub(super) fn lost(journal: &dyn Journal) -> String {
    let place = journal.place();
    format!(
        "the journal {place} was lost or begun anew: what was applied before is not known any more, so nothing is written by itself until somebody has applied again, and what is wrong is told anew"
    )
}
