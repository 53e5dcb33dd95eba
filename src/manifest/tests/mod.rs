//! What a manifest says, and how edits of its text behave.

mod added;
mod allowlist;
mod edits;
mod facts;
mod hosts;
mod openclaw;
mod overlap;
mod parsing;
mod railway;
mod reconcile;
mod round_trip;
mod speed;
mod templates;
mod trees;

use super::{Payload, Seal};
use crate::model::KeyId;

/// A payload that has the right form: `byte` repeated.
pub(super) fn payload(byte: u8) -> Payload {
    use base64::Engine;
    Payload {
        key: "3fa9c1".to_owned(),
        base64: base64::engine::general_purpose::STANDARD.encode([byte; 128]),
    }
}

pub(super) fn seal(byte: u8) -> Seal {
    let key_id = KeyId::try_from("3fa9c1000000000000000000000000ff".to_owned()).unwrap();
    Seal {
        key_id,
        recipients_mac: [byte; 32],
        header: format!("age-encryption.org/v1\n-> X25519 stanza{byte}\nbody\n--- mac{byte}\n"),
        fingerprints: Some(payload(byte)),
        former_fingerprints: vec![],
    }
}
