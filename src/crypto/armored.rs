//! A complete armored age file in place of a payload: what somebody without an identity can write.
//!
//! It carries the same binding line. But anybody with the public keys can make one, so the caller
//! holds it until a reader accepts it.

use age_core::format::FileKey;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use rand::RngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::binding::{MAX_PLAINTEXT_BYTES, OpenError, Opened, Place, SealError, bind, unbind};
use super::header::{Header, HeaderError};
use super::identity::{Keyring, UnlockError};
use super::payload::{decrypt_in_place, decrypt_payload, encrypt_payload};
use super::prompt::SharedPrompt;
use super::recipients::Recipient;
use super::wrap::{WrapError, wrap};
use crate::model::{ManifestName, SecretValue};

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
const COLUMNS: usize = 64;
/// The longest value, a header of any size that we read, and base64 on top.
const MAX_BYTES: usize = (MAX_PLAINTEXT_BYTES + (1 << 20)) * 3 / 2;

/// A value from an armored file. Anybody could have made it.
#[derive(Debug)]
pub struct OpenedArmored {
    /// The value and its binding.
    pub opened: Opened,
    /// Which identity opened it.
    pub source: String,
}

/// Why no armored file could be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealArmoredError {
    /// The value or its name.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The recipients.
    #[error(transparent)]
    Wrap(#[from] WrapError),
}

/// Why an armored file did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenArmoredError {
    /// Its outermost layer.
    #[error("is not a canonical armored age file; write it anew")]
    Armor,
    /// Its header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// No identity for it.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// Its contents.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Writes a value for the recipients, without any identity.
pub fn seal_armored(
    recipients: &[Recipient],
    manifest: &ManifestName,
    entry: &str,
    sequence: u64,
    sealed_at: Timestamp,
    value: &SecretValue,
    prompt: &SharedPrompt,
) -> Result<String, SealArmoredError> {
    let plaintext = bind(Place { manifest, entry }, sequence, sealed_at, value)?;
    let file_key = FileKey::init_with_mut(|key| OsRng.fill_bytes(key));
    let mut file = wrap(&file_key, recipients, prompt)?.to_text().into_bytes();
    file.extend(encrypt_payload(&file_key, &plaintext));
    Ok(to_armor(&file))
}

/// Opens a value that [`seal_armored`], or `age --armor` with a binding line, made for this place.
pub fn open_armored(
    text: &str,
    manifest: &ManifestName,
    entry: &str,
    keyring: &mut Keyring,
) -> Result<OpenedArmored, OpenArmoredError> {
    let file = from_armor(text).ok_or(OpenArmoredError::Armor)?;
    let (header, payload) = Header::split(&file)?;
    let unlocked = keyring.open(&header)?;
    let mut buffer = Zeroizing::new(payload.to_vec());
    let plaintext = decrypt_in_place(&unlocked.file_key, &mut buffer).map_err(OpenError::from)?;
    Ok(OpenedArmored {
        opened: unbind(Place { manifest, entry }, plaintext)?,
        source: unlocked.source,
    })
}

/// Opens a whole armored age file of others that holds no binding line, such as the data key of a
/// SOPS file. Gives its plaintext, and which identity opened it.
pub fn open_armored_file(
    text: &str,
    keyring: &mut Keyring,
) -> Result<(Zeroizing<Vec<u8>>, String), OpenArmoredError> {
    let file = from_armor(text.trim_end_matches('\n')).ok_or(OpenArmoredError::Armor)?;
    let (header, payload) = Header::split(&file)?;
    let unlocked = keyring.open(&header)?;
    let plaintext =
        decrypt_payload(&unlocked.file_key, payload.to_vec()).map_err(OpenError::from)?;
    Ok((plaintext, unlocked.source))
}

fn to_armor(file: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(file);
    let mut text = String::with_capacity(body.len() / COLUMNS * (COLUMNS + 1) + 160);
    text.push_str(BEGIN);
    text.push('\n');
    for line in body.as_bytes().chunks(COLUMNS) {
        text.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
        text.push('\n');
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// Accepts the one text that [`to_armor`] makes; its final newline may be missing, as it is where
/// YAML strips it.
fn from_armor(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    let body = text.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let body: String = body.split('\n').collect();
    let file = BASE64_STANDARD.decode(body).ok()?;
    (to_armor(&file).trim_end() == text).then_some(file)
}

#[cfg(test)]
mod tests;
