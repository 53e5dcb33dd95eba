//! `key`, `fingerprints`, `former_fingerprints` and `age`: what the end of the file says about its
//! encryption. Only its form is looked at; whether it holds is for whoever has a key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fields::{self, Fields, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::{Payload, Seal};
use crate::manifest::tree::Node;
use crate::model::{KeyId, Position};

/// 16 bytes of nonce and 16 of tag: shorter is no payload.
const MIN_PAYLOAD: usize = 32;

#[derive(Default)]
pub(in crate::manifest) struct SealFields {
    pub(in crate::manifest) seal: Option<Seal>,
    /// Where `key` or `age` stands, if either does.
    pub(in crate::manifest) position: Option<Position>,
}

pub(super) fn decode_seal(fields: &Fields<'_>, problems: &mut Problems) -> SealFields {
    let key = fields.get("key");
    let header = fields.get("age");
    let position = key.or(header).map(|(key, _)| key.position);
    match (key, header) {
        (Some((present, _)), None) | (None, Some((present, _))) => {
            problems.error(
                present.position,
                code::BAD_SEAL,
                "`key` and `age` belong together, and one is missing",
                Some("take both from the last good revision"),
            );
        }
        (None, None) => {
            for name in ["fingerprints", "former_fingerprints"] {
                if let Some((present, _)) = fields.get(name) {
                    let message = format!("`{name}` means nothing without `key` and `age`");
                    problems.error(present.position, code::BAD_SEAL, message, None);
                }
            }
        }
        (Some(_), Some(_)) => {}
    }
    let key = key.and_then(|(_, node)| decode_key(node, problems));
    let header = header.and_then(|(_, node)| decode_header(node, problems));
    let fingerprints = fields
        .get("fingerprints")
        .and_then(|(_, node)| decode_fingerprints(node, problems));
    let former = match fields.get("former_fingerprints") {
        Some((_, node)) => fields::decode_list(node, "`former_fingerprints`", problems),
        None => &[],
    };
    let former_fingerprints = former
        .iter()
        .filter_map(|node| decode_fingerprints(node, problems))
        .collect();
    let seal = key
        .zip(header)
        .map(|((key_id, recipients_mac), header)| Seal {
            key_id,
            recipients_mac,
            header,
            fingerprints,
            former_fingerprints,
        });
    SealFields { seal, position }
}

fn decode_key(node: &Node, problems: &mut Problems) -> Option<(KeyId, [u8; 32])> {
    let text = decode_text(node, "`key`", problems)?;
    let parsed = text.split_once('.').and_then(|(id, mac)| {
        let id = KeyId::try_from(id.to_owned()).ok()?;
        // 64 lower-case hex digits have one reader already
        let mac = crate::model::Fingerprint::try_from(mac).ok()?;
        Some((id, *mac.as_bytes()))
    });
    if parsed.is_none() {
        problems.error(
            node.position,
            code::BAD_SEAL,
            "`key` is damaged",
            Some("take `key` and `age` from the last good revision"),
        );
    }
    parsed
}

fn decode_header(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`age`", problems)?;
    let text = text.trim_end_matches('\n');
    let last = text.lines().next_back().unwrap_or_default();
    if !text.starts_with("age-encryption.org/v1\n-> ") || !last.starts_with("--- ") {
        problems.error(
            node.position,
            code::BAD_SEAL,
            "`age` does not hold an age header",
            Some("take `key` and `age` from the last good revision"),
        );
        return None;
    }
    Some(format!("{text}\n"))
}

fn decode_fingerprints(node: &Node, problems: &mut Problems) -> Option<Payload> {
    let text = decode_text(node, "the fingerprint key", problems)?;
    let payload = parse_payload(text);
    if payload.is_none() {
        problems.error(
            node.position,
            code::BAD_PAYLOAD,
            "the sealed fingerprint key is damaged",
            Some("take it from the last good revision"),
        );
    }
    payload
}

/// `<6 lower-case hex>.<canonical standard base64 of at least 32 bytes>`.
pub(in crate::manifest) fn parse_payload(text: &str) -> Option<Payload> {
    let (key, base64) = text.split_once('.')?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if key.len() != 6 || !key.bytes().all(is_hex) {
        return None;
    }
    // refuses line ends, missing padding and stray bits: one spelling for one payload
    let bytes = STANDARD.decode(base64).ok()?;
    (bytes.len() >= MIN_PAYLOAD).then(|| Payload {
        key: key.to_owned(),
        base64: base64.to_owned(),
    })
}
