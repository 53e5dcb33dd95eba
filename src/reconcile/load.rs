//! A manifest from its file to open values: parse, unlock, decrypt what is asked for.

use sha2::{Digest, Sha256};

use crate::crypto::{Envelope, Header, Keyring, Opened, Recipient, UnlockError};
use crate::manifest::{self, FolderRails, Manifest, Payload, Seal, Source};
use crate::model::{
    Diagnostic, Fingerprint, FingerprintKey, Fingerprinter, KeyId, SecretValue, VarName,
};

/// The name that the fingerprint key is sealed under. No variable can have it.
pub const FINGERPRINT_ENTRY: &str = ".fingerprint-key";

/// A manifest that parsed.
#[derive(Debug)]
pub struct Loaded {
    /// Checked.
    pub manifest: Manifest,
    /// What is worth a look.
    pub warnings: Vec<Diagnostic>,
    /// SHA-256 of its text.
    pub digest: [u8; 32],
}

impl Loaded {
    /// Puts the limits of its folder on top of its own. Before anything is made from it.
    pub fn tighten(&mut self, folder: &FolderRails) {
        self.manifest.tighten(folder);
    }
}

/// Parses and checks.
pub fn load(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let parsed = manifest::parse(text)?;
    Ok(Loaded {
        manifest: parsed.manifest,
        warnings: parsed.warnings,
        digest: Sha256::digest(text).into(),
    })
}

/// How far a manifest could be opened.
#[derive(Debug)]
pub enum Opening {
    /// Nothing in it is encrypted.
    Clear,
    /// An identity fitted.
    Open(Box<Open>),
    /// It stays sealed; why.
    Sealed(SealedBecause),
}

/// Why a manifest could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedBecause {
    /// No identity fits, or the header was edited.
    #[error("{0}")]
    Locked(UnlockError),
    /// The header is broken.
    #[error("its age header {0}")]
    Header(String),
    /// The header's key is not the one that the manifest names.
    #[error("its age header holds another key than its `key:` line names")]
    KeyMismatch,
    /// The fingerprint key is missing or does not open.
    #[error("its fingerprint key {0}")]
    Fingerprints(String),
}

impl SealedBecause {
    /// Whether the manifest is in order and only no identity fits.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked(UnlockError::NoIdentity { .. }))
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Locked(UnlockError::NoIdentity { .. }) => {
                "name an identity file with --identity or DRIFTLOCK_AGE_KEY_FILE, or ask one of the manifest's readers"
            }
            _ => {
                "restore `key:`, `fingerprints:` and `age:` at the end of the file from git, all from one commit"
            }
        }
    }
}

/// An opened manifest.
#[derive(Debug)]
pub struct Open {
    /// Seals and opens its values.
    pub envelope: Envelope,
    /// Present and former fingerprint keys.
    pub fingerprinter: Fingerprinter,
    /// Which identity fitted, as people read it.
    pub identity: String,
    /// What was noticed while looking for it.
    pub notes: Vec<String>,
    /// Whether the recipients list is the one that a reader signed.
    pub recipients_authentic: bool,
}

/// One encrypted variable, decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenValue {
    /// The text.
    pub value: SecretValue,
    /// From the binding line.
    pub sequence: Option<u64>,
    /// From the binding line.
    pub sealed_at: Option<jiff::Timestamp>,
}

/// Finds an identity that fits and opens the header; no value is decrypted yet.
pub fn open(manifest: &Manifest, keyring: &mut Keyring) -> Opening {
    let Some(seal) = &manifest.seal else {
        return Opening::Clear;
    };
    match open_seal(manifest, seal, keyring) {
        Ok(open) => Opening::Open(Box::new(open)),
        Err(why) => Opening::Sealed(why),
    }
}

fn open_seal(
    manifest: &Manifest,
    seal: &Seal,
    keyring: &mut Keyring,
) -> Result<Open, SealedBecause> {
    let header =
        Header::parse(&seal.header).map_err(|error| SealedBecause::Header(error.to_string()))?;
    let unlocked = keyring.open(&header).map_err(SealedBecause::Locked)?;
    let envelope = Envelope::from_file_key(&manifest.name, unlocked.file_key);
    if envelope.key_id() != seal.key_id {
        return Err(SealedBecause::KeyMismatch);
    }
    let fingerprinter = open_fingerprint_keys(&envelope, seal)?;
    let recipients: Option<Vec<Recipient>> = manifest
        .recipients
        .iter()
        .map(|(text, _)| Recipient::parse(text).ok())
        .collect();
    let recipients_authentic = recipients
        .is_some_and(|recipients| envelope.verify_recipients(&recipients, &seal.recipients_mac));
    Ok(Open {
        envelope,
        fingerprinter,
        identity: unlocked.source,
        notes: unlocked.notes,
        recipients_authentic,
    })
}

fn open_fingerprint_keys(envelope: &Envelope, seal: &Seal) -> Result<Fingerprinter, SealedBecause> {
    let open_one = |payload: &Payload| {
        let opened = envelope
            .open(FINGERPRINT_ENTRY, &payload.base64)
            .map_err(|error| SealedBecause::Fingerprints(error.to_string()))?;
        fingerprint_key(&opened.value)
            .ok_or_else(|| SealedBecause::Fingerprints("is not a key".to_owned()))
    };
    let present = seal
        .fingerprints
        .as_ref()
        .ok_or_else(|| SealedBecause::Fingerprints("is missing".to_owned()))
        .and_then(open_one)?;
    let former = seal
        .former_fingerprints
        .iter()
        .map(open_one)
        .collect::<Result<_, _>>()?;
    Ok(Fingerprinter::new(present, former))
}

/// A fingerprint key is sealed as its 32 bytes in hex.
fn fingerprint_key(text: &SecretValue) -> Option<FingerprintKey> {
    let bytes = Fingerprint::try_from(text.expose()).ok()?;
    Some(FingerprintKey::new(*bytes.as_bytes()))
}

/// The text that a fingerprint key is sealed as.
pub fn fingerprint_key_text(key: &FingerprintKey) -> SecretValue {
    SecretValue::new(String::from(Fingerprint::from_bytes(*key.expose())))
}

impl Opening {
    /// The opened manifest, if it is open.
    pub fn as_open(&self) -> Option<&Open> {
        match self {
            Self::Open(open) => Some(open),
            Self::Clear | Self::Sealed(_) => None,
        }
    }
}

/// Decrypts single values of a manifest.
pub struct Opener<'a> {
    /// How far the manifest is open.
    pub opening: &'a Opening,
    /// For values that are whole age files.
    pub keyring: &'a mut Keyring,
}

impl Opener<'_> {
    /// One encrypted variable, or why it does not open.
    pub fn value(&mut self, manifest: &Manifest, name: &VarName) -> Result<OpenValue, String> {
        match manifest
            .variables
            .get(name)
            .map(|variable| &variable.source)
        {
            Some(Source::Sealed(payload)) => match self.opening {
                Opening::Open(open) => open
                    .envelope
                    .open(name.as_str(), &payload.base64)
                    .map(OpenValue::from)
                    .map_err(|error| error.to_string()),
                // why is said once, for the whole manifest
                Opening::Sealed(_) => Err("the manifest stays sealed".to_owned()),
                Opening::Clear => Err("the manifest has no age header".to_owned()),
            },
            Some(Source::Armored(_)) if self.locked() => {
                Err("the manifest stays sealed".to_owned())
            }
            Some(Source::Armored(text)) => {
                crate::crypto::open_armored(text, &manifest.name, name.as_str(), self.keyring)
                    .map(|opened| OpenValue::from(opened.opened))
                    .map_err(|error| error.to_string())
            }
            Some(Source::Clear(_) | Source::Template(_)) => Err("it is not encrypted".to_owned()),
            None => Err("it is not declared".to_owned()),
        }
    }
}

impl Opener<'_> {
    fn locked(&self) -> bool {
        matches!(self.opening, Opening::Sealed(why) if why.is_locked())
    }
}

impl From<Opened> for OpenValue {
    fn from(opened: Opened) -> Self {
        Self {
            value: opened.value,
            sequence: Some(opened.sequence),
            sealed_at: Some(opened.sealed_at),
        }
    }
}

/// The key id that a manifest names.
pub fn key_id(manifest: &Manifest) -> Option<KeyId> {
    manifest.seal.as_ref().map(|seal| seal.key_id)
}
