//! Why the journal could not be used.

use std::path::PathBuf;

/// A journal that could not be read or written. Nothing was recorded; nothing is made anew in the
/// place of a journal that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A later version made it.
    #[error(
        "use the journal {path}: it was written by a newer driftlock (format {found}, this one \
         knows {known}); nothing was changed, upgrade driftlock"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: i64,
        /// The version this program makes.
        known: i64,
    },
    /// Some other file is there.
    #[error(
        "use the journal {path}: this file is not a driftlock journal; move it away or name \
         another file"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It was a journal.
    #[error(
        "use the journal {path}: the file is damaged; move it away to begin a new one, `plan` can \
         go on with `--since REV`"
    )]
    Corrupted {
        /// The file.
        path: PathBuf,
    },
    /// Another process held it for too long.
    #[error("use the journal {path}: another process is writing to it; try again")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It can be read, not written.
    #[error(
        "write to the journal {path}: the file, its folder or its disk is read-only, or the disk \
         is full"
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// It can be neither written nor read for certain.
    #[error(
        "read the journal {path}: its disk is read-only and the journal was not closed there; make \
         it writable once, or plan with `--since REV`"
    )]
    Unsettled {
        /// The file.
        path: PathBuf,
    },
    /// An older format that must be brought up to date first.
    #[error(
        "read the journal {path}: its format {found} is older than this driftlock and the disk is \
         read-only; make it writable once, or plan with `--since REV`"
    )]
    OldAndReadOnly {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: i64,
    },
    /// The file or its folder.
    #[error("open the journal {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The disk is full.
    #[error("write to the journal {path}: the disk is full; nothing was recorded")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Anything else that the database says.
    #[error("use the journal {path}: the database failed with code {code}")]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's extended result code, 0 if it was not SQLite.
        code: i32,
    },
    /// Records cannot be proved without an identity.
    #[error("record in the journal: without an identity there is no key to prove records with")]
    NoKey,
    /// The shared journal cannot be used.
    #[error(transparent)]
    Shared(#[from] super::GitError),
}
