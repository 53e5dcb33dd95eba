//! Between the remote and the cache: what is there is taken over, what is written goes to the remote
//! first, and only on top of what was read.

use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::Rng;
use rusqlite::Transaction;

use super::cache::{Cache, Changed};
use super::error::GitError;
use super::files::{FORMAT, VERSION};
use super::place::Standing;
use super::remote::Pushed;
use crate::journal::JournalError;
use crate::journal::sqlite::{Failure, open};

/// How long others may be faster than us.
const CONTENTION: Duration = Duration::from_secs(90);
/// The longest pause before the next try, in milliseconds.
const PAUSE: u64 = 400;

/// Where time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a journal in git is used.
#[derive(Clone)]
pub struct GitSettings {
    /// Where it is.
    pub standing: Standing,
    /// The folder for what this machine keeps of it; without one it is read whole each time, and
    /// nothing is noticed of what it was before.
    pub folder: Option<PathBuf>,
    /// The clock of this machine.
    pub clock: Clock,
    /// How long a lease outlives the last sign of its holder. It is renewed four times in that time.
    pub lease: Duration,
}

impl fmt::Debug for GitSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitSettings({})", self.standing.shown)
    }
}

impl GitSettings {
    /// The file for what this machine keeps of it.
    pub fn cache(&self) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(self.standing.cache_name()))
    }
}

/// What is pushed on top of.
pub(super) struct Onto<'a> {
    /// What the ref must be until then.
    pub(super) tip: Option<&'a str>,
    /// What the cache holds.
    pub(super) known: Option<&'a str>,
    /// Whether the files are all that there shall be.
    pub(super) whole: bool,
}

/// A cache that is no use any more: what it knew is at the remote.
fn discard(path: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let _not_there = std::fs::remove_file(name);
    }
}

/// The two ends.
pub(super) struct Core {
    pub(super) settings: GitSettings,
    pub(super) cache: Cache,
    /// Whether the remote was asked by this run and the cache is as it was then, or newer.
    asked: Cell<bool>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Core({})", self.settings.standing.shown)
    }
}

impl Core {
    pub(super) fn open(settings: GitSettings) -> Result<Self, JournalError> {
        let path = settings.cache();
        let cache = match Cache::open(path.as_deref()) {
            // a folder that cannot be written to is no reason to know nothing
            Err(JournalError::ReadOnly { .. } | JournalError::File { .. }) => Cache::open(None)?,
            Err(JournalError::Corrupted { .. } | JournalError::Foreign { .. }) => {
                path.as_deref().map(discard);
                Cache::open(path.as_deref())?
            }
            other => other?,
        };
        Ok(Self {
            settings,
            cache,
            asked: Cell::new(false),
        })
    }

    /// Another end of this run has asked a moment ago, and keeps the same cache.
    pub(super) fn goes_on(self) -> Self {
        let seen = matches!(self.cache.tip(), Ok(Some(_)));
        self.asked.set(seen);
        self
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.settings.clock)()
    }

    pub(super) fn shown(&self) -> String {
        self.settings.standing.shown.clone()
    }

    pub(super) fn local<T>(&self, result: Result<T, Failure>) -> Result<T, JournalError> {
        result.map_err(|failure| match failure {
            Failure::Database(error) => {
                let path = self.settings.cache();
                open::explain(&path.unwrap_or_default(), &error)
            }
            Failure::NoKey => JournalError::NoKey,
            Failure::Damaged => JournalError::Corrupted {
                path: self.settings.cache().unwrap_or_default(),
            },
        })
    }

    /// Asks the remote, and takes over what is new.
    pub(super) fn refresh(&self, accepted: bool) -> Result<(), JournalError> {
        let standing = &self.settings.standing;
        let begun = Instant::now();
        loop {
            let known = self.local(self.cache.tip())?;
            let Some(mut tip) = standing.tip()? else {
                if known.is_none() {
                    self.local(self.cache.hear(self.now()))?;
                    self.asked.set(true);
                    return Ok(());
                }
                return Err(
                    self.rewound("its ref is gone from the remote, and with it all records")
                );
            };
            if known.as_ref() == Some(&tip) && !accepted {
                self.local(self.cache.hear(self.now()))?;
                self.asked.set(true);
                return Ok(());
            }
            if !standing.has(&tip)? {
                tip = standing.fetch()?;
            }
            standing.check_format(&tip)?;
            let (changed, whole) = standing.changes(known.as_deref(), &tip)?;
            let from = known.as_deref();
            let now = self.now();
            let taken = self
                .cache
                .import(from, &tip, &changed, whole, accepted, now);
            if let Some(missing) = self.local(taken)? {
                return Err(self.rewound(&missing));
            }
            if self.local(self.cache.tip())?.as_ref() == Some(&tip) {
                self.asked.set(true);
                return Ok(());
            }
            // another process of this machine took over something else in the same moment
            if begun.elapsed() > CONTENTION {
                return Err(self.busy().into());
            }
        }
    }

    fn rewound(&self, what: &str) -> JournalError {
        let (place, what) = (self.shown(), what.to_owned());
        GitError::Rewound { place, what }.into()
    }

    fn busy(&self) -> GitError {
        GitError::Busy {
            place: self.shown(),
        }
    }

    /// Writes what `work` changes, all of it or nothing: on top of what is there when it is written.
    /// `work` may run several times, each time on what others have written since.
    pub(super) fn change<T>(
        &self,
        message: &str,
        mut work: impl FnMut(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, JournalError> {
        if !self.asked.get() {
            self.refresh(false)?;
        }
        let begun = Instant::now();
        loop {
            let tip = self.local(self.cache.tip())?;
            let rehearsed = self.cache.rehearse(tip.as_deref(), &mut work);
            let Some((result, files)) = self.local(rehearsed)? else {
                continue;
            };
            if files.is_empty() {
                return Ok(result);
            }
            let onto = Onto {
                tip: tip.as_deref(),
                known: tip.as_deref(),
                whole: false,
            };
            if self.publish(&onto, files, message)? {
                return Ok(result);
            }
            if begun.elapsed() > CONTENTION {
                return Err(self.busy().into());
            }
            // those who were slower together do not meet again
            std::thread::sleep(Duration::from_millis(
                rand::thread_rng().gen_range(0..PAUSE),
            ));
            self.refresh(false)?;
        }
    }

    /// Pushes these files; `false` if somebody was faster.
    pub(super) fn publish(
        &self,
        onto: &Onto<'_>,
        mut files: Vec<Changed>,
        message: &str,
    ) -> Result<bool, JournalError> {
        let standing = &self.settings.standing;
        if let Some(tip) = onto.tip
            && !standing.has(tip)?
            && standing.fetch()? != tip
        {
            return Ok(false);
        }
        if onto.tip.is_none() || onto.whole {
            let marker = format!("driftlock journal {VERSION}\n");
            files.push((FORMAT.to_owned(), Some(marker.into_bytes())));
        }
        let now = self.now();
        let parent = onto.tip.filter(|tip| standing.is_commit(tip));
        let commit = standing.commit(parent, &files, message, now.as_second(), onto.whole)?;
        match self.pushed(onto.tip, &commit)? {
            Pushed::Stale => Ok(false),
            Pushed::Done => {
                let (known, whole) = (onto.known, onto.whole);
                let taken = self.cache.import(known, &commit, &files, whole, true, now);
                self.local(taken)?;
                Ok(true)
            }
        }
    }

    /// Another ref lock at the remote is no refusal.
    fn pushed(&self, tip: Option<&str>, commit: &str) -> Result<Pushed, JournalError> {
        match self.settings.standing.push(tip, commit) {
            Err(GitError::Busy { .. }) => Ok(Pushed::Stale),
            other => Ok(other?),
        }
    }
}
