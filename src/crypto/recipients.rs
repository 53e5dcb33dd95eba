//! Who may read a manifest's secrets: age recipients, parsed from the text people write.

use std::cmp::Ordering;
use std::fmt;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

/// How many recipients one manifest may list.
pub const MAX_RECIPIENTS: usize = 256;

/// One recipient. Equal when it is the same key, whatever comment followed it.
#[derive(Clone)]
pub struct Recipient {
    canonical: String,
    pub(super) key: PublicKey,
}

/// The kinds that we wrap file keys for.
#[derive(Clone)]
pub(super) enum PublicKey {
    X25519(age::x25519::Recipient),
    Tag(age::tag::Recipient),
    TagPq(Box<age::tagpq::Recipient>),
    Ssh(age::ssh::Recipient),
    Plugin(age::plugin::Recipient),
}

/// Why a text is not a recipient. Never holds the text: it may be a private key, pasted into the
/// wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// Nothing there.
    #[error("a recipient is empty; give a public key (age1…, ssh-ed25519 … or ssh-rsa …)")]
    Empty,
    /// A private key.
    #[error(
        "this is a private key, not a recipient: take it out of the file, treat it as known to \
         others, and list its public key (age1…)"
    )]
    PrivateKey,
    /// More than one line, or control characters.
    #[error("a recipient must be one line of plain text")]
    NotOneLine,
    /// A passphrase.
    #[error("a passphrase cannot be a recipient; list public keys")]
    Passphrase,
    /// Begins like an age recipient.
    #[error("this age recipient is mistyped or cut off; copy it again")]
    BadAge,
    /// Begins like an SSH key.
    #[error("this SSH public key is mistyped or cut off; copy the line of the .pub file again")]
    BadSsh,
    /// An SSH key that age cannot encrypt to.
    #[error("this type of SSH key cannot decrypt; use ssh-ed25519, ssh-rsa or an age key")]
    UnsupportedSsh,
    /// Under 2048 bits.
    #[error("this RSA key is too short to be safe; use one of at least 2048 bits, or an age key")]
    RsaTooSmall,
    /// Over 4096 bits.
    #[error("this RSA key is longer than 4096 bits, which is not supported; use an age key")]
    RsaTooLarge,
    /// Anything else.
    #[error("this is not a recipient; give a public key (age1…, ssh-ed25519 … or ssh-rsa …)")]
    Unknown,
}

impl Recipient {
    /// From the text of a manifest or a command line: `age1…`, `age1NAME1…` of a plugin, or a line
    /// of an SSH `.pub` file, whose comment is dropped.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if text.is_empty() {
            return Err(RecipientError::Empty);
        }
        if lower.starts_with("age-secret-key-")
            || lower.starts_with("age-plugin-")
            || lower.contains("private key-----")
        {
            return Err(RecipientError::PrivateKey);
        }
        if text.chars().any(char::is_control) {
            return Err(RecipientError::NotOneLine);
        }
        if lower == "scrypt" || lower.starts_with("scrypt ") {
            return Err(RecipientError::Passphrase);
        }
        if lower.starts_with("age1") {
            return parse_age(text);
        }
        if ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            return parse_ssh(text);
        }
        Err(RecipientError::Unknown)
    }

    /// The one spelling: without an SSH comment. Sorted, authenticated and compared in this form.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The plugin that this recipient needs in `PATH`, without its prefix `age-plugin-`.
    pub fn plugin(&self) -> Option<&str> {
        match &self.key {
            PublicKey::Plugin(key) => Some(key.plugin()),
            _ => None,
        }
    }

    /// The kind of its key: as its stanza is tagged, or `plugin NAME`.
    pub fn kind(&self) -> String {
        match &self.key {
            PublicKey::X25519(_) => "X25519".to_owned(),
            PublicKey::Tag(_) => "p256tag".to_owned(),
            PublicKey::TagPq(_) => "mlkem768p256tag".to_owned(),
            PublicKey::Ssh(_) => {
                let kind = self.canonical.split(' ').next();
                kind.unwrap_or_default().to_owned()
            }
            PublicKey::Plugin(key) => format!("plugin {}", key.plugin()),
        }
    }

    /// Whether its private key is in a device or a program of its own, so that nobody can see from an
    /// identity file whose it is.
    pub fn is_held_elsewhere(&self) -> bool {
        matches!(
            self.key,
            PublicKey::Tag(_) | PublicKey::TagPq(_) | PublicKey::Plugin(_)
        )
    }

    /// `SHA256:…` as `ssh-keygen -l` prints it; `None` for keys that are not SSH's.
    pub fn fingerprint(&self) -> Option<String> {
        let PublicKey::Ssh(_) = &self.key else {
            return None;
        };
        let body = BASE64_STANDARD
            .decode(self.canonical.split(' ').nth(1)?)
            .ok()?;
        let digest = BASE64_STANDARD_NO_PAD.encode(Sha256::digest(body));
        Some(format!("SHA256:{digest}"))
    }

    /// One word that names it exactly, for a command line.
    pub fn word(&self) -> String {
        self.fingerprint().unwrap_or_else(|| self.canonical.clone())
    }

    /// What tells it apart on one line: the fingerprint of an SSH key, begin and end of another.
    pub fn short(&self) -> String {
        self.fingerprint().unwrap_or_else(|| {
            let text = self.canonical.as_str();
            // plain ASCII, or it would not have parsed
            let (begin, end) = (text.get(..HEAD), text.len().checked_sub(TAIL));
            match (begin, end.and_then(|end| text.get(end..))) {
                (Some(begin), Some(end)) if text.len() > HEAD + TAIL => format!("{begin}…{end}"),
                _ => text.to_owned(),
            }
        })
    }

    fn new(canonical: String, key: PublicKey) -> Self {
        Self { canonical, key }
    }
}

/// How much of a key is shown where there is no room for all of it.
const HEAD: usize = 16;
const TAIL: usize = 8;

/// Upper case is legal Bech32 but nobody writes public keys so: one spelling for one key.
fn parse_age(text: &str) -> Result<Recipient, RecipientError> {
    let key = if let Ok(key) = text.parse::<age::x25519::Recipient>() {
        PublicKey::X25519(key)
    } else if let Ok(key) = text.parse::<age::tag::Recipient>() {
        PublicKey::Tag(key)
    } else if let Ok(key) = text.parse::<age::tagpq::Recipient>() {
        PublicKey::TagPq(Box::new(key))
    } else if let Ok(key) = text.parse::<age::plugin::Recipient>() {
        // `tag` and `tagpq` that did not parse above are damaged, not plugins.
        if matches!(key.plugin(), "tag" | "tagpq") {
            return Err(RecipientError::BadAge);
        }
        PublicKey::Plugin(key)
    } else {
        return Err(RecipientError::BadAge);
    };
    let canonical = text.to_ascii_lowercase();
    if canonical != text {
        return Err(RecipientError::BadAge);
    }
    Ok(Recipient::new(canonical, key))
}

fn parse_ssh(text: &str) -> Result<Recipient, RecipientError> {
    use age::ssh::ParseRecipientKeyError;
    let mut words = text.split_ascii_whitespace();
    let (Some(kind), Some(body)) = (words.next(), words.next()) else {
        return Err(RecipientError::BadSsh);
    };
    let canonical = format!("{kind} {body}");
    match canonical.parse::<age::ssh::Recipient>() {
        // age reads as much as it needs; what follows must not go unnoticed.
        Ok(key) if key.to_string() == canonical => {
            Ok(Recipient::new(canonical, PublicKey::Ssh(key)))
        }
        Ok(_) => Err(RecipientError::BadSsh),
        Err(ParseRecipientKeyError::RsaModulusTooLarge) => Err(RecipientError::RsaTooLarge),
        Err(ParseRecipientKeyError::RsaModulusTooSmall) => Err(RecipientError::RsaTooSmall),
        Err(ParseRecipientKeyError::Unsupported(_)) => Err(RecipientError::UnsupportedSsh),
        Err(_) if !matches!(kind, "ssh-ed25519" | "ssh-rsa") => Err(RecipientError::UnsupportedSsh),
        Err(_) => Err(RecipientError::BadSsh),
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.canonical)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.canonical)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Recipient {}

impl PartialOrd for Recipient {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Recipient {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

#[cfg(test)]
mod tests;
