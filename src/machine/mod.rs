//! A machine: its files, read and replaced, and its programs, run. This machine is [`LocalHost`],
//! others are reached by [`ssh::SshHost`].
//!
//! # What a replace promises
//! At any moment, a kill or a power cut included, the path holds the old file or the new one. The
//! new one is written beside the old one in a temporary file (0600, unpredictable name), gets the
//! old one's owner, mode, extended attributes and (Linux) access control list, and is renamed over
//! it. The content is compared with what the plan saw right before the rename, so that an edit of
//! somebody else is lost only if it happens within the microseconds between the two calls; against
//! other runs of ours the old file is locked, and a file that was absent is never overwritten.
//!
//! # Leftovers
//! A killed run leaves a file `.driftlock-<16 hex digits>.tmp`. A run holds a lock on its own for
//! as long as it lives, so the next write in the same folder removes those without a lock. No clock
//! takes part.
//!
//! # What is not kept
//! Access control lists on macOS, and the hash attributes that the kernel keeps itself
//! (`security.ima`, `security.evm`). A file with several names (hard links) is refused.

mod error;
mod leftovers;
mod local;
mod owners;
mod read;
mod replace;
mod resolve;
mod run;
mod spawn;
pub mod ssh;
#[cfg(test)]
mod tests;
pub mod trace;

use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::model::Version;

pub use error::{FileError, ReplaceError};
pub use local::LocalHost;
pub use run::{Call, MAX_OUTPUT_BYTES, Ran, Run, RunError, expand};

/// The largest file that is read or written, in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// What [`FileRead::version`] says of a file that is not there.
const ABSENT: &str = "absent";

/// Access to the files of one machine.
#[async_trait]
pub trait FileHost: Send + Sync {
    /// Reads one file. A file that is not there, in a folder that is, is no error.
    async fn read(&self, path: &Path) -> Result<FileRead, FileError>;

    /// Puts `bytes` in the place of a file that is still as `expected` says.
    async fn replace(
        &self,
        path: &Path,
        expected: &Version,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), ReplaceError>;
}

/// A machine with its files and its programs.
pub trait Host: FileHost + Run {}

impl<T: FileHost + Run> Host for T {}

/// One file as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct FileRead {
    /// Its bytes; `None` if it is not there.
    pub content: Option<Zeroizing<Vec<u8>>>,
    /// The file that a link at the path leads to; `None` where the path itself is the file.
    pub link_to: Option<PathBuf>,
    /// When it was written last, by the machine's own clock; `None` if it is not there, or if the
    /// machine cannot say.
    pub changed_at: Option<Timestamp>,
}

impl FileRead {
    /// What a replace can insist on.
    pub fn version(&self) -> Version {
        self.content
            .as_deref()
            .map_or_else(version_of_absent, |bytes| version_of(bytes))
    }
}

impl fmt::Debug for FileRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileRead")
            .field("bytes", &self.content.as_ref().map(|bytes| bytes.len()))
            .field("link_to", &self.link_to)
            .field("changed_at", &self.changed_at)
            .finish()
    }
}

/// The version of a file with these bytes: their SHA-256. It stays in memory; printed or stored it
/// would let somebody guess at short values.
pub fn version_of(bytes: &[u8]) -> Version {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("a string takes any text");
    }
    Version(text)
}

/// The version of a file that is not there.
pub fn version_of_absent() -> Version {
    Version(ABSENT.to_owned())
}
