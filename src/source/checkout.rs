//! A git checkout that a scheduled run keeps for itself, below driftlock's own state folder.
//!
//! It only goes forward: a branch whose new commit does not come after the last one is not followed
//! until a person says so. Whatever goes wrong, the last good commit stays in use. A clone of a person
//! is never touched. Commits need not be signed: who may push to the branch decides what is applied.

mod error;
mod origin;
mod repository;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use error::CheckoutError;
pub use origin::{Origin, ParseOriginError};
use repository::Repository;

use super::Git;
use super::write::{WriteError, write_over};
use crate::git::is_object_id;

/// The file beside the clone that says which commit was followed last.
const NOTE: &str = "commit";

/// A checkout, and the right to keep it: no other process has it open.
#[derive(Debug)]
pub struct Checkout {
    repository: Repository,
    /// The commit whose files are there.
    good: Option<String>,
    /// The commit that was followed last. It is noted beside the clone, so that a clone that was lost
    /// and is made again goes on from there and not from anywhere.
    noted: Option<String>,
    /// Locked until it is dropped.
    _lock: File,
}

/// What an update did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The commit before; `None` at the first one.
    pub from: Option<String>,
    /// The commit that is checked out now.
    pub to: String,
    /// Files that somebody had changed, removed or added by hand, below the top folder; they are as in
    /// the commit again.
    pub restored: Vec<PathBuf>,
}

impl Update {
    /// Whether manifests have to be read again.
    pub fn is_another(&self) -> bool {
        self.from.as_ref() != Some(&self.to) || !self.restored.is_empty()
    }
}

impl Checkout {
    /// The checkout of `origin` below `state`, a folder of driftlock. What was there is put in order;
    /// nothing is fetched, so it works without a network.
    ///
    /// # Errors
    /// Another process has it, git is not there, or the folder cannot be written.
    pub fn open(
        origin: Origin,
        state: &Path,
        git: &Git,
        now: Timestamp,
    ) -> Result<Self, CheckoutError> {
        let folder = state.join("checkouts").join(origin.key());
        let io = |source| CheckoutError::Io {
            folder: folder.clone(),
            source,
        };
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(io)?;
        // git and the records of the manifests name it without links
        let folder = std::fs::canonicalize(&folder).map_err(io)?;
        let lock = lock(&folder)?;
        let repository = Repository::new(git.program(), origin, folder.join("tree"));
        repository.check_branch()?;
        repository.unlock(now.into())?;
        let good = repository.good()?;
        let noted = read_note(&folder.join(NOTE))
            .map_err(io)?
            .or_else(|| good.clone());
        let opened = Self {
            repository,
            good,
            noted,
            _lock: lock,
        };
        if let Some(good) = &opened.good {
            opened.repository.check_out(good)?;
        }
        Ok(opened)
    }

    /// The top folder of its files.
    pub fn tree(&self) -> &Path {
        &self.repository.tree
    }

    /// The commit that is checked out; `None` before the first update.
    pub fn commit(&self) -> Option<&str> {
        self.good.as_deref()
    }

    /// Where it comes from.
    pub const fn origin(&self) -> &Origin {
        &self.repository.origin
    }

    /// Asks the remote, and follows its branch to what comes after the commit at hand. Blocks, at most
    /// for the limits of git's work: half a minute to ask, two minutes to fetch, a quarter of an hour the
    /// first time.
    ///
    /// # Errors
    /// Why it stays where it is. [`CheckoutError::Rewound`] until a person accepts it.
    pub fn update(&mut self, now: Timestamp) -> Result<Update, CheckoutError> {
        self.repository.unlock(now.into())?;
        // somebody may have removed it meanwhile
        self.good = self.repository.good()?;
        let tip = self.repository.tip()?;
        if self.good.as_ref() == Some(&tip.commit) {
            return self.go_to(tip.commit);
        }
        self.repository.ensure(&tip)?;
        let heard = self.repository.fetch(&tip, self.good.is_none())?;
        if let Some(noted) = &self.noted
            && !self.repository.comes_after(noted, &heard)?
        {
            return Err(CheckoutError::Rewound {
                origin: self.origin().to_string(),
                from: noted.clone(),
                to: heard,
            });
        }
        self.go_to(heard)
    }

    /// Follows the branch to a commit that does not come after the one at hand, because a person looked
    /// at it: `commit` are at least 7 digits of its id.
    ///
    /// # Errors
    /// As [`Self::update`]; and the branch is another commit now.
    pub fn accept(&mut self, commit: &str, now: Timestamp) -> Result<Update, CheckoutError> {
        self.repository.unlock(now.into())?;
        // somebody may have removed it meanwhile
        self.good = self.repository.good()?;
        let tip = self.repository.tip()?;
        let is_meant = |id: &str| commit.len() >= 7 && id.starts_with(&commit.to_ascii_lowercase());
        let not_that = |now: String| CheckoutError::NotThat {
            origin: self.origin().to_string(),
            commit: commit.to_owned(),
            now,
        };
        if !is_meant(&tip.commit) {
            return Err(not_that(tip.commit));
        }
        self.repository.ensure(&tip)?;
        let heard = self.repository.fetch(&tip, self.good.is_none())?;
        if !is_meant(&heard) {
            return Err(not_that(heard));
        }
        self.go_to(heard)
    }

    /// The files first: what is noted as good was there whole.
    fn go_to(&mut self, commit: String) -> Result<Update, CheckoutError> {
        let restored = self.repository.check_out(&commit)?;
        if self.good.as_ref() != Some(&commit) {
            self.repository.set_good(&commit)?;
            self.good = Some(commit.clone());
            self.repository.tidy();
        }
        let from = self.noted.clone();
        let note = self.tree().with_file_name(NOTE);
        if from.as_ref() != Some(&commit) || !note.exists() {
            self.note(&note, &commit)?;
            self.noted = Some(commit.clone());
        }
        Ok(Update {
            from,
            to: commit,
            restored,
        })
    }

    fn note(&self, note: &Path, commit: &str) -> Result<(), CheckoutError> {
        write_over(note, &format!("{commit}\n")).map_err(|error| {
            let source = match error {
                WriteError::Io { source, .. } => source,
                other => std::io::Error::other(other),
            };
            self.repository.io(source)
        })
    }
}

/// The commit that was followed last; `None` before the first one. A note that holds something else is
/// an error: nobody knows then what must be come after.
fn read_note(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(text) if is_object_id(text.trim()) => Ok(Some(text.trim().to_owned())),
        Ok(_) => Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "its file `commit` holds no commit",
        )),
    }
}

/// A kernel lock, which goes with its process, also on kill -9.
fn lock(folder: &Path) -> Result<File, CheckoutError> {
    let io = |source| CheckoutError::Io {
        folder: folder.to_path_buf(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join("lock"))
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _still_to_come = (&mut file).take(32).read_to_string(&mut text);
            let by = match text.trim().parse::<u32>() {
                Ok(pid) => format!("the process {pid}"),
                Err(_) => "another process".to_owned(),
            };
            let folder = folder.to_path_buf();
            return Err(CheckoutError::Busy { folder, by });
        }
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    // for people only: a lock without it is still a lock
    let text = format!("{}\n", std::process::id());
    let _goes_without = file
        .set_len(0)
        .and_then(|()| file.write_all(text.as_bytes()));
    Ok(file)
}
