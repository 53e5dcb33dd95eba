//! Who may read a manifest, changed: the same file key wrapped for others, or a new one under which
//! every value is sealed anew.
//!
//! Nothing is written here. What a re-key makes is opened again before anybody is given it.

mod look;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::load::{FINGERPRINT_ENTRY, Open, OpenValue, Opener, Opening, fingerprint_key_text};
use crate::crypto::{Envelope, Recipient, SealError, SharedPrompt, WrapError, random_bytes};
use crate::manifest::{Manifest, Payload, Seal, Source};
use crate::model::{FingerprintKey, Fingerprinter, VarName};

pub use look::{look, reader_keys};

/// The sequence of a fingerprint key: it never changes under one file key.
const FIRST: u64 = 1;

/// Why a manifest could not be put under other readers. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadersError {
    /// A value that would be lost.
    #[error("{name} does not open: {why}")]
    Value {
        /// Which.
        name: VarName,
        /// To follow the colon.
        why: String,
    },
    /// The header.
    #[error("the key cannot be wrapped: {0}")]
    Wrap(#[from] WrapError),
    /// A value that cannot be sealed again.
    #[error("{0} cannot be sealed: {1}")]
    Seal(String, SealError),
    /// What was made does not say what the old one said.
    #[error("{0} did not come out as it was")]
    Differs(VarName),
}

/// The same file key for other readers: header and signature change, and nothing else.
pub fn rewrap(
    seal: &Seal,
    open: &Open,
    recipients: &[Recipient],
    prompt: &SharedPrompt,
) -> Result<Seal, WrapError> {
    Ok(Seal {
        recipients_mac: open.envelope.recipients_mac(recipients),
        header: open.envelope.wrap(recipients, prompt)?.to_text(),
        ..seal.clone()
    })
}

/// A manifest under a new file key.
#[derive(Debug)]
pub struct Rekeyed {
    /// The end of the file.
    pub seal: Seal,
    /// Every sealed variable, by its name.
    pub sources: BTreeMap<VarName, Source>,
    /// What each of them holds, with sequence and date as they were.
    pub values: BTreeMap<VarName, OpenValue>,
    /// The new key at work.
    pub envelope: Envelope,
    /// The new fingerprint key, and all former ones.
    pub fingerprinter: Fingerprinter,
}

/// Draws a new file key and a new fingerprint key, and seals every value anew for the recipients.
/// Sequences and dates stay: nothing is newer than it was. Values that wait for a reader's `accept`
/// are whole age files and not touched. The former fingerprint key stays, sealed, so that what was
/// applied before is still known.
pub fn rekey(
    manifest: &Manifest,
    opener: &mut Opener<'_>,
    open: &Open,
    recipients: &[Recipient],
    now: Timestamp,
    prompt: &SharedPrompt,
) -> Result<Rekeyed, ReadersError> {
    let envelope = Envelope::generate(&manifest.name);
    let (mut sources, mut values) = (BTreeMap::new(), BTreeMap::new());
    for (name, variable) in &manifest.variables {
        if !matches!(variable.source, Source::Sealed(_)) {
            continue;
        }
        let failed = |why: String| ReadersError::Value {
            name: name.clone(),
            why,
        };
        let value = opener.value(manifest, name).map_err(failed)?;
        let (Some(sequence), Some(sealed_at)) = (value.sequence, value.sealed_at) else {
            return Err(failed("it has no sequence".to_owned()));
        };
        let base64 = envelope
            .seal(name.as_str(), sequence, sealed_at, &value.value)
            .map_err(|error| ReadersError::Seal(name.to_string(), error))?;
        sources.insert(name.clone(), Source::Sealed(payload(&envelope, base64)));
        values.insert(name.clone(), value);
    }
    let mut former = vec![open.fingerprinter.key().clone()];
    former.extend(open.fingerprinter.former().iter().cloned());
    let fingerprinter = Fingerprinter::new(FingerprintKey::new(*random_bytes()), former);
    let seal_key = |key: &FingerprintKey| {
        let text = fingerprint_key_text(key);
        envelope
            .seal(FINGERPRINT_ENTRY, FIRST, now, &text)
            .map(|base64| payload(&envelope, base64))
            .map_err(|error| ReadersError::Seal(FINGERPRINT_ENTRY.to_owned(), error))
    };
    let seal = Seal {
        key_id: envelope.key_id(),
        recipients_mac: envelope.recipients_mac(recipients),
        header: envelope.wrap(recipients, prompt)?.to_text(),
        fingerprints: Some(seal_key(fingerprinter.key())?),
        former_fingerprints: fingerprinter
            .former()
            .iter()
            .map(seal_key)
            .collect::<Result<_, _>>()?,
    };
    Ok(Rekeyed {
        seal,
        sources,
        values,
        envelope,
        fingerprinter,
    })
}

fn payload(envelope: &Envelope, base64: String) -> Payload {
    Payload {
        key: envelope.key_id().short(),
        base64,
    }
}

impl Rekeyed {
    /// Whether a manifest says, under the new key, all that the old one said: looked at before it
    /// takes the place of the old one.
    pub fn prove(&self, written: &Manifest) -> Result<(), ReadersError> {
        for (name, value) in &self.values {
            let opened = match written.variables.get(name).map(|variable| &variable.source) {
                Some(Source::Sealed(payload)) => {
                    self.envelope.open(name.as_str(), &payload.base64).ok()
                }
                _ => None,
            };
            if opened.map(OpenValue::from).as_ref() != Some(value) {
                return Err(ReadersError::Differs(name.clone()));
            }
        }
        Ok(())
    }
}

/// The variables that are whole age files, written by somebody without the key: they are for those
/// who were listed then, whatever happens to the header.
pub fn waiting(manifest: &Manifest) -> Vec<&VarName> {
    let variables = manifest.variables.iter();
    variables
        .filter(|(_, variable)| matches!(variable.source, Source::Armored(_)))
        .map(|(name, _)| name)
        .collect()
}

/// The variables that are sealed under the manifest's key.
pub fn sealed(manifest: &Manifest) -> Vec<&VarName> {
    let variables = manifest.variables.iter();
    variables
        .filter(|(_, variable)| matches!(variable.source, Source::Sealed(_)))
        .map(|(name, _)| name)
        .collect()
}

/// The recipients of a list that did not get there by a reader's hand, as far as that can be told.
pub fn unsigned(manifest: &Manifest, opening: &Opening) -> Option<Vec<Recipient>> {
    let open = opening.as_open()?;
    let seal = manifest.seal.as_ref()?;
    let listed = listed(manifest)?;
    open.envelope.added_since(&listed, &seal.recipients_mac)
}

/// The list, where all of it can be read.
pub fn listed(manifest: &Manifest) -> Option<Vec<Recipient>> {
    let texts = manifest.recipients.iter();
    texts.map(|(text, _)| Recipient::parse(text).ok()).collect()
}
