//! Private keys: where they are looked for, and which one opens a header.

mod file;
mod key;
mod keyring;
mod ssh;

use std::fmt;
use std::path::PathBuf;

use age_core::format::FileKey;
use zeroize::Zeroizing;

pub use keyring::Keyring;

use super::header::Header;
use super::prompt::SharedPrompt;

/// Where to look, in this order: what the command line names, the environment, the user's
/// configuration folder, the user's SSH keys.
#[derive(Clone, Default)]
pub struct IdentityRequest {
    /// `--identity`, in order.
    pub explicit: Vec<PathBuf>,
    /// From the environment.
    pub env: IdentityEnv,
    /// The user's configuration folder: `driftlock/keys.txt` and `sops/age/keys.txt` in it.
    pub config_dir: Option<PathBuf>,
    /// The user's home folder: `.ssh/id_ed25519` and `.ssh/id_rsa` in it.
    pub home: Option<PathBuf>,
}

/// The environment variables that name identities, as they are set.
#[derive(Clone, Default)]
pub struct IdentityEnv {
    /// `DRIFTLOCK_AGE_KEY`: the text of a key file.
    pub age_key: Option<Zeroizing<String>>,
    /// `DRIFTLOCK_AGE_KEY_FILE`
    pub age_key_file: Option<PathBuf>,
    /// `SOPS_AGE_KEY`: the text of a key file.
    pub sops_age_key: Option<Zeroizing<String>>,
    /// `SOPS_AGE_KEY_FILE`
    pub sops_age_key_file: Option<PathBuf>,
    /// `SOPS_AGE_SSH_PRIVATE_KEY_FILE`
    pub sops_age_ssh_private_key_file: Option<PathBuf>,
}

/// An opened header.
pub struct Unlocked {
    /// The manifest's file key.
    pub file_key: FileKey,
    /// Which identity opened it: place and public key.
    pub source: String,
    /// What people should see about the places looked at: lines that are not identities, files that
    /// others can read. No values.
    pub notes: Vec<String>,
}

/// One identity, or one place without any, that did not open the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// A file and line, or a variable's name; with the public key where it is known.
    pub place: String,
    /// To follow the place: "is not a recipient of this header".
    pub why: String,
}

/// Why a header did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// None of the identities fits, or there is none.
    #[error("{}", no_identity(tried))]
    NoIdentity {
        /// What was tried, in order.
        tried: Vec<Tried>,
        /// As in [`Unlocked::notes`].
        notes: Vec<String>,
    },
    /// A recipient stanza is not as any writer makes it.
    #[error("the header holds a damaged recipient stanza; restore the header from git")]
    Damaged,
    /// An identity opened a stanza, but the header's MAC does not hold.
    #[error("the header was changed by somebody who does not hold its key; restore it from git")]
    Tampered {
        /// The identity, as in [`Unlocked::source`].
        source_identity: String,
    },
}

/// Opens a header with the first identity that fits. Keeps nothing: for several headers, or where
/// somebody may be asked for a passphrase, hold a [`Keyring`].
pub fn open_header(
    header: &Header,
    request: &IdentityRequest,
    prompt: &SharedPrompt,
) -> Result<Unlocked, UnlockError> {
    Keyring::new(request, prompt.clone()).open(header)
}

/// Why a place holds nothing, where there is no file.
const MISSING: &str = "does not exist";

fn no_identity(tried: &[Tried]) -> String {
    if tried.is_empty() {
        return "no identity was found; name a key file with --identity or DRIFTLOCK_AGE_KEY_FILE"
            .to_owned();
    }
    // default places that are not there are worth a name, not a sentence each
    let (missing, rest): (Vec<&Tried>, Vec<&Tried>) = tried
        .iter()
        .partition(|tried| tried.why == MISSING && tried.place.starts_with('/'));
    let mut list: Vec<String> = rest.into_iter().map(Tried::to_string).collect();
    if !missing.is_empty() {
        let places: Vec<&str> = missing.iter().map(|tried| tried.place.as_str()).collect();
        list.push(format!("there is none in {}", places.join(", ")));
    }
    format!("no identity opens the header: {}", list.join("; "))
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.why)
    }
}

impl fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlocked")
            .field("source", &self.source)
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for IdentityRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityRequest")
            .field("explicit", &self.explicit)
            .field("env", &self.env)
            .field("config_dir", &self.config_dir)
            .field("home", &self.home)
            .finish()
    }
}

impl fmt::Debug for IdentityEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityEnv")
            .field("age_key", &self.age_key.is_some())
            .field("age_key_file", &self.age_key_file)
            .field("sops_age_key", &self.sops_age_key.is_some())
            .field("sops_age_key_file", &self.sops_age_key_file)
            .field(
                "sops_age_ssh_private_key_file",
                &self.sops_age_ssh_private_key_file,
            )
            .finish()
    }
}

#[cfg(test)]
mod tests;
