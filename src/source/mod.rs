//! Where manifests come from: files, folders and the git history around them; and how an edit of
//! one gets back to the disk.

mod checkout;
mod git;
mod guarded;
mod load;
mod neighbour;
mod railway_link;
mod secret;
mod watch;
mod write;

use std::path::PathBuf;

pub use checkout::{Checkout, CheckoutError, Origin, ParseOriginError, Update};
pub use git::{
    FilesAt, FormerText, FormerTexts, Git, MOST_REVISIONS, Range, Repository, Revision, SourceError,
};
pub use guarded::{GuardedError, load_alerts, load_allowlist, work_tree_around};
pub use load::{LoadError, MAX_BYTES, load_each, load_manifests, load_rails};
pub use neighbour::{Neighbour, neighbours};
pub use railway_link::{RailwayLink, railway_link};
pub use secret::{MAX_SECRET_BYTES, SecretFileError, load_secret};
pub use watch::Watch;
pub use write::{WriteError, write_atomically, write_new, write_over};

/// A manifest's text and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFile {
    /// As people named it, for messages.
    pub path: PathBuf,
    /// Its folder, absolute and without links: relative paths of file targets begin here.
    pub folder: PathBuf,
    /// All of it.
    pub text: String,
    /// The commit, once a command asked for it with [`Git::revision_of`].
    pub revision: Option<Revision>,
}
