//! Who may read which manifest, and what of that was proved.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::model::{Finding, KeyId, Unchecked};

/// Some manifests and their readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientsReport {
    /// In the order in which they were found.
    pub manifests: Vec<ReadersOf>,
    /// Whether everything was to be proved: also that each value opens.
    pub proves: bool,
}

/// One manifest and its readers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadersOf {
    /// As people named it.
    pub path: PathBuf,
    /// What its values are bound to; `None` where it does not parse.
    pub name: Option<String>,
    /// Names its file key; `None` where nothing is encrypted.
    pub key: Option<KeyId>,
    /// The revision since which the file key is in use, as far as the history goes.
    pub key_since: Option<ListedSince>,
    /// What opened it.
    pub identity: Option<String>,
    /// Whether a reader signed the list as it is; `None` where nobody can say.
    pub signed: Option<bool>,
    /// Whether the header is for exactly the list, as far as can be seen; `None` without a header.
    pub fits: Option<bool>,
    /// As they are listed.
    pub readers: Vec<Reader>,
    /// What is encrypted in it.
    pub values: Sealed,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
}

/// How many values are encrypted, and how many of them open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    /// All that are encrypted.
    pub total: usize,
    /// Those that opened; `None` where that was not tried.
    pub open: Option<usize>,
    /// Those among them that were written without the key and wait.
    pub waiting: usize,
}

/// Who can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// What people call it.
    pub name: Option<String>,
    /// The kind of its key: `X25519`, `ssh-ed25519`, `plugin yubikey` …
    pub kind: String,
    /// The public key, in its one spelling.
    pub key: String,
    /// What tells it apart on one line.
    pub short: String,
    /// `SHA256:…`, for SSH keys.
    pub fingerprint: Option<String>,
    /// Whether its identity is here; `None` where that cannot be told from a file.
    pub yours: Option<bool>,
    /// The line of the manifest, from 1.
    pub line: u32,
    /// Since when it is listed, as far as the history goes.
    pub since: Option<ListedSince>,
}

/// A revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSince {
    /// The full commit id.
    pub commit: String,
    /// When it was committed.
    pub at: Timestamp,
    /// Whether it may be longer: the history that is there does not go back any further.
    pub or_longer: bool,
}
