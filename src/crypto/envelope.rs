//! One manifest's file key at work: seals and opens its values, names itself, and authenticates
//! the list of recipients.

use std::collections::BTreeSet;
use std::fmt;

use age_core::format::FileKey;
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::binding::{MAX_PLAINTEXT_BYTES, OpenError, Opened, Place, SealError, bind, unbind};
use super::derive::{derive, mac};
use super::payload::{OVERHEAD, decrypt_in_place, encrypt_payload};
use super::prompt::SharedPrompt;
use super::recipients::Recipient;
use super::wrap::{WrapError, wrap};
use super::{Header, MAX_VALUE_BYTES};
use crate::model::{KeyId, ManifestName, SecretValue};

/// Chunks of 64 KiB add 16 bytes each; base64 makes 4 of 3.
const MAX_BASE64_BYTES: usize =
    (MAX_PLAINTEXT_BYTES + OVERHEAD + (MAX_VALUE_BYTES >> 12) * 2) / 3 * 4 + 8;

/// How many recipients are hashed at most to find out who was added to a list.
const MOST_TRIES: usize = 400_000;

/// Those at these places, and the others.
fn divide(recipients: &[Recipient], chosen: &[usize]) -> (Vec<Recipient>, Vec<Recipient>) {
    let (mut out, mut rest) = (vec![], vec![]);
    for (place, one) in recipients.iter().enumerate() {
        let side = match chosen.contains(&place) {
            true => &mut out,
            false => &mut rest,
        };
        side.push(one.clone());
    }
    (out, rest)
}

/// The next choice of as many places out of `of`; `false` after the last one.
fn advance(chosen: &mut [usize], of: usize) -> bool {
    let size = chosen.len();
    let Some(at) = (0..size).rev().find(|at| chosen[*at] < of - size + at) else {
        return false;
    };
    chosen[at] += 1;
    for next in at + 1..size {
        chosen[next] = chosen[next - 1] + 1;
    }
    true
}

/// The file key of one manifest. Wiped when dropped, never shown.
pub struct Envelope {
    manifest: ManifestName,
    file_key: FileKey,
    key_id: KeyId,
}

impl Envelope {
    /// Draws a new file key.
    pub fn generate(manifest: &ManifestName) -> Self {
        let file_key = FileKey::init_with_mut(|key| OsRng.fill_bytes(key));
        Self::from_file_key(manifest, file_key)
    }

    /// From the file key that a header gave.
    pub fn from_file_key(manifest: &ManifestName, file_key: FileKey) -> Self {
        let derived = derive(&file_key, "driftlock/key-id/v1");
        let mut id = [0; 16];
        id.copy_from_slice(&derived[..16]);
        Self {
            manifest: manifest.clone(),
            file_key,
            key_id: KeyId::from_bytes(id),
        }
    }

    /// The manifest that its values are bound to.
    pub fn manifest(&self) -> &ManifestName {
        &self.manifest
    }

    /// Names the file key without giving it away.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// A header for these recipients, all stanzas made anew.
    pub fn wrap(
        &self,
        recipients: &[Recipient],
        prompt: &SharedPrompt,
    ) -> Result<Header, WrapError> {
        wrap(&self.file_key, recipients, prompt)
    }

    /// Authenticates the list of recipients, in any order and however often each is listed.
    pub fn recipients_mac(&self, recipients: &[Recipient]) -> [u8; 32] {
        self.mac_over(recipients).finalize().into_bytes().into()
    }

    /// Whether a reader of this manifest vouched for exactly these recipients; in constant time.
    pub fn verify_recipients(&self, recipients: &[Recipient], recorded: &[u8]) -> bool {
        self.mac_over(recipients).verify_slice(recorded).is_ok()
    }

    /// The listed recipients that nobody vouched for, where leaving them out makes the list the one
    /// that a reader signed: the fewest that do. `None` where there are none such, as when somebody
    /// was taken out of the list, or where there would be too many to try.
    pub fn added_since(&self, recipients: &[Recipient], recorded: &[u8]) -> Option<Vec<Recipient>> {
        let mut tries = MOST_TRIES / recipients.len().max(1);
        for size in 0..recipients.len() {
            let mut chosen: Vec<usize> = (0..size).collect();
            loop {
                tries = tries.checked_sub(1)?;
                let (out, rest) = divide(recipients, &chosen);
                if self.verify_recipients(&rest, recorded) {
                    return Some(out);
                }
                if !advance(&mut chosen, recipients.len()) {
                    break;
                }
            }
        }
        None
    }

    fn mac_over(&self, recipients: &[Recipient]) -> Hmac<Sha256> {
        let sorted: BTreeSet<&str> = recipients.iter().map(Recipient::canonical).collect();
        let parts: Vec<&str> = std::iter::once(self.manifest.as_str())
            .chain(sorted)
            .collect();
        let lengths: Vec<[u8; 8]> = parts
            .iter()
            .map(|part| (part.len() as u64).to_be_bytes())
            .collect();
        let framed = lengths
            .iter()
            .zip(&parts)
            .flat_map(|(length, part)| [length.as_slice(), part.as_bytes()]);
        mac(&derive(&self.file_key, "driftlock/recipients/v1"), framed)
    }

    /// Seals a value for one entry: a variable's name, or a reserved one such as
    /// `.fingerprint-key`. Gives the canonical base64 text, without the short key id.
    pub fn seal(
        &self,
        entry: &str,
        sequence: u64,
        sealed_at: Timestamp,
        value: &SecretValue,
    ) -> Result<String, SealError> {
        let plaintext = bind(self.place(entry), sequence, sealed_at, value)?;
        Ok(BASE64_STANDARD.encode(encrypt_payload(&self.file_key, &plaintext)))
    }

    /// Opens what [`Self::seal`] made for the same entry.
    pub fn open(&self, entry: &str, payload: &str) -> Result<Opened, OpenError> {
        if payload.len() > MAX_BASE64_BYTES {
            return Err(OpenError::TooLong);
        }
        // The engine takes one text for one sequence of bytes: padding and left-over bits count.
        let mut buffer = Zeroizing::new(
            BASE64_STANDARD
                .decode(payload)
                .map_err(|_| OpenError::NotBase64)?,
        );
        let plaintext = decrypt_in_place(&self.file_key, &mut buffer)?;
        unbind(self.place(entry), plaintext)
    }

    fn place<'a>(&'a self, entry: &'a str) -> Place<'a> {
        Place {
            manifest: &self.manifest,
            entry,
        }
    }
}

impl Clone for Envelope {
    fn clone(&self) -> Self {
        let file_key =
            FileKey::init_with_mut(|key| key.copy_from_slice(self.file_key.expose_secret()));
        Self {
            manifest: self.manifest.clone(),
            file_key,
            key_id: self.key_id,
        }
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({}, key {})", self.manifest, self.key_id)
    }
}

#[cfg(test)]
mod tests;
