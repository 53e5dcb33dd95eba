//! Files that SOPS encrypted, read without SOPS: its YAML, JSON and dotenv stores, for age recipients.
//!
//! | file | what |
//! |---|---|
//! | `recognise` | whether a text is such a file, and of which store |
//! | `yaml`, `json`, `dotenv` | a store's text to a tree |
//! | `metadata` | what SOPS says of the file: for whom, by which rule, its MAC |
//! | `cipher` | one `ENC[…]`, and the types of what is in it |
//! | `open` | the data key, every value, and the MAC over all of them |
//! | `variables` | what of the tree can be a variable |
//!
//! All or nothing: a file whose MAC does not hold gives no value at all. Source of what this knows
//! of the format: getsops/sops 3.13, `sops.go`, `aes/cipher.go` and `stores/`; the tests hold it
//! against the real program.

mod cipher;
mod dotenv;
mod json;
mod metadata;
mod number;
mod open;
mod recognise;
mod rules;
mod tree;
mod variables;
mod yaml;

use std::fmt;

pub use open::Opened;
pub use recognise::recognise;
pub use variables::{Entry, Plain, Unfit, variables};

use crate::crypto::{Keyring, UnlockError};
use metadata::Metadata;
use tree::Node;

/// How SOPS lays a file out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// `.yaml`, `.yml`
    Yaml,
    /// `.json`, and what SOPS calls binary.
    Json,
    /// `.env`
    Dotenv,
    /// `.ini`: recognised, not read.
    Ini,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Dotenv => "dotenv",
            Self::Ini => "INI",
        })
    }
}

/// Why a file gives nothing. Follows the file's name; holds paths of keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SopsError {
    /// The text is not of its store.
    #[error("is not {store} as SOPS writes it: {what} in line {line}")]
    Text {
        /// Which.
        store: Store,
        /// Lower case.
        what: &'static str,
        /// From 1.
        line: usize,
    },
    /// Values are encrypted, but nothing says for whom.
    #[error(
        "holds values that SOPS encrypted, but not its metadata: it was cut off, or is a part of a file"
    )]
    NoMetadata,
    /// The INI store.
    #[error("is a SOPS file of the INI store, which has sections that variables have not")]
    Ini,
    /// The metadata is damaged, or of a kind that is not known here.
    #[error("has SOPS metadata that cannot be used: {0}")]
    Metadata(String),
    /// Several groups of keys are needed at once.
    #[error(
        "needs keys of {groups} groups at once (Shamir's secret sharing), which is not supported"
    )]
    Groups {
        /// How many groups there are.
        groups: usize,
    },
    /// Nothing of age among its keys.
    #[error("is encrypted for no age recipient, only for {}", has.join(", "))]
    NoAge {
        /// The kinds of keys that it has.
        has: Vec<&'static str>,
    },
    /// No identity opens it.
    #[error("is encrypted for {}: {why}", listed(recipients))]
    Locked {
        /// Its age recipients.
        recipients: Vec<String>,
        /// What was tried.
        why: UnlockError,
    },
    /// A stanza of its own opened to something that is no key.
    #[error("holds a data key that cannot be used: {0}")]
    DataKey(String),
    /// One value does not open.
    #[error("does not open whole: {path} {why}")]
    Value {
        /// `a.b[0]`
        path: String,
        /// To follow the path.
        why: &'static str,
    },
    /// The MAC over all values does not hold.
    #[error("was changed after it was encrypted: {0}")]
    Mac(&'static str),
}

impl SopsError {
    /// The next thing to do; `file` is how the file can be named on a command line.
    pub fn help(&self, file: &str) -> String {
        match self {
            Self::Ini => format!(
                "sops -d --output-type dotenv {file} | driftlock import - takes the decrypted text in"
            ),
            Self::Groups { .. } => {
                "take the file in where SOPS can read it: sops -d FILE | driftlock import -"
                    .to_owned()
            }
            Self::NoAge { .. } => {
                format!("add your age recipient to .sops.yaml, then: sops updatekeys {file}")
            }
            Self::Locked { .. } => format!(
                "name an identity with --identity or SOPS_AGE_KEY_FILE, or let a reader add yours: sops updatekeys {file}"
            ),
            Self::Text { .. }
            | Self::NoMetadata
            | Self::Metadata(_)
            | Self::DataKey(_)
            | Self::Value { .. }
            | Self::Mac(_) => {
                format!(
                    "restore {file} from git, or write it anew with sops; nothing was taken of it"
                )
            }
        }
    }
}

/// The first few are enough to be recognised.
fn listed(recipients: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = recipients[..recipients.len().min(SHOWN)].join(", ");
    if recipients.len() > SHOWN {
        text.push_str(&format!(" and {} more", recipients.len() - SHOWN));
    }
    text
}

/// A file that was parsed, and is not open yet.
pub struct Sealed {
    store: Store,
    tree: Node,
    metadata: Metadata,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Sealed {
    /// Parses the text of a store.
    pub fn parse(text: &str, store: Store) -> Result<Self, SopsError> {
        let (tree, metadata) = match store {
            Store::Yaml => yaml::parse(text)?.split_metadata()?,
            Store::Json => json::parse(text)?.split_metadata()?,
            Store::Dotenv => dotenv::parse(text)?,
            Store::Ini => return Err(SopsError::Ini),
        };
        Ok(Self {
            store,
            tree,
            metadata: Metadata::of(&metadata)?,
        })
    }

    /// Finds an identity that fits, and opens all of it.
    pub fn open(&self, keyring: &mut Keyring) -> Result<Opened, SopsError> {
        open::open(self, keyring)
    }
}
