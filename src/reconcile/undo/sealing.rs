//! A former value in its row: sealed under the manifest's file key, and bound to what it is.

use sha2::{Digest, Sha256};

use crate::crypto::{Envelope, SealError};
use crate::journal::{Authenticator, KeptKind, KeptRow};
use crate::model::{SecretValue, Sensitivity};

/// What a variable was before an apply wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Former {
    /// A value, and whether the plan showed it.
    Value(SecretValue, Sensitivity),
    /// Not there.
    Absent,
    /// Not kept; why, in words that follow "not kept: ".
    NotKept(String),
}

/// Why a kept value cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// Sealed under a key that this manifest does not lead to any more.
    #[error("it is sealed under another key of this manifest")]
    OtherKey,
    /// Edited, or put in the place of another.
    #[error("it does not verify: somebody edited the undo file")]
    Forged,
}

pub(super) const NOTHING_TO_SEAL_WITH: &str =
    "it is no clear value, and this manifest has no recipients to seal it for";

/// Puts what a variable was into its row, sealed where there is a key. What cannot be kept is kept as
/// that.
pub(super) fn fill(row: &mut KeptRow, former: &Former, envelope: Option<&Envelope>) {
    (row.kind, row.body, row.key) = match former {
        Former::Absent => (
            KeptKind::Absent,
            String::new(),
            envelope.map(Envelope::key_id),
        ),
        Former::NotKept(why) => not_kept(why, envelope),
        Former::Value(value, sensitivity) => {
            let kind = match sensitivity {
                Sensitivity::Secret => KeptKind::Secret,
                Sensitivity::Clear => KeptKind::Clear,
            };
            match (envelope, kind) {
                (Some(envelope), _) => {
                    row.kind = kind;
                    match envelope.seal(&entry(row), 1, row.at, value) {
                        Ok(payload) => (kind, payload, Some(envelope.key_id())),
                        Err(SealError::TooLong) => {
                            not_kept("it is longer than 1 MiB", Some(envelope))
                        }
                        Err(SealError::EntryName) => {
                            not_kept("it could not be sealed", Some(envelope))
                        }
                    }
                }
                (None, KeptKind::Clear) => (kind, value.expose().to_owned(), None),
                (None, _) => not_kept(NOTHING_TO_SEAL_WITH, None),
            }
        }
    };
}

fn not_kept(
    why: &str,
    envelope: Option<&Envelope>,
) -> (KeptKind, String, Option<crate::model::KeyId>) {
    (
        KeptKind::NotKept,
        why.to_owned(),
        envelope.map(Envelope::key_id),
    )
}

/// What a row holds, if a reader of the manifest wrote it and its key is at hand.
pub fn open(
    row: &KeptRow,
    envelope: Option<&Envelope>,
    auth: &Authenticator,
) -> Result<Former, NotOpened> {
    if row.key != envelope.map(Envelope::key_id) {
        return Err(NotOpened::OtherKey);
    }
    if !row.is_proved(auth) {
        return Err(NotOpened::Forged);
    }
    let sensitivity = match row.kind {
        KeptKind::Absent => return Ok(Former::Absent),
        KeptKind::NotKept => return Ok(Former::NotKept(row.body.clone())),
        KeptKind::Secret => Sensitivity::Secret,
        KeptKind::Clear => Sensitivity::Clear,
    };
    let value = match (envelope, sensitivity) {
        (Some(envelope), _) => {
            let opened = envelope.open(&entry(row), &row.body);
            opened.map_err(|_| NotOpened::Forged)?.value
        }
        (None, Sensitivity::Clear) => SecretValue::new(row.body.as_str()),
        (None, Sensitivity::Secret) => return Err(NotOpened::Forged),
    };
    Ok(Former::Value(value, sensitivity))
}

/// The same row under another apply or another key. `None` where it does not open, or nothing can
/// prove it.
pub(super) fn reseal(
    row: &KeptRow,
    apply: (&str, jiff::Timestamp),
    from: (Option<&Envelope>, &Authenticator),
    to: (Option<&Envelope>, &Authenticator),
) -> Option<KeptRow> {
    let former = open(row, from.0, from.1).ok()?;
    let mut new = KeptRow::new(apply, &row.target, &row.place, &row.variable);
    new.receipt = row.receipt;
    new.wanted.clone_from(&row.wanted);
    fill(&mut new, &former, to.0);
    new.prove(to.1).then_some(new)
}

/// The name that a payload is bound to: what kind of value of which variable, target and apply. The
/// manifest's name is bound by the envelope itself.
fn entry(row: &KeptRow) -> String {
    let at = row.at.to_string();
    let parts = [
        row.plan_id.as_str(),
        &at,
        row.target.as_str(),
        &row.place,
        row.variable.as_str(),
    ];
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    let hex: String = digest[..20]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(".undo.{}.{hex}", row.kind.as_str())
}
