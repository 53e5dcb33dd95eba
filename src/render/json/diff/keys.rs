//! What happened to the file key.

use schemars::JsonSchema;
use serde::Serialize;

use crate::render::review_words as said;
use crate::review::KeyFinding;

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffKey", deny_unknown_fields)]
pub(super) struct KeyJson {
    is: KeyKindJson,
    /// The former key id, 32 hex digits.
    from: Option<String>,
    /// The new key id, 32 hex digits.
    to: Option<String>,
    /// Whether a reader of the former key made the new one; `null` where that is not known.
    vouched: Option<bool>,
    /// In words.
    what: String,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "DiffKeyKind")]
pub(super) enum KeyKindJson {
    /// The recipients list is not the one that a reader signed.
    Unsigned,
    /// Another file key.
    Rekeyed,
    /// The first one.
    First,
    /// None any more.
    Dropped,
    /// The same, wrapped anew.
    Rewrapped,
}

impl From<&KeyFinding> for KeyJson {
    fn from(of: &KeyFinding) -> Self {
        let (is, from, to, vouched) = match of {
            KeyFinding::Unsigned => (KeyKindJson::Unsigned, None, None, None),
            KeyFinding::Rekeyed { from, to, vouched } => {
                (KeyKindJson::Rekeyed, Some(from), Some(to), *vouched)
            }
            KeyFinding::FirstKey(id) => (KeyKindJson::First, None, Some(id), None),
            KeyFinding::KeyDropped(id) => (KeyKindJson::Dropped, Some(id), None, None),
            KeyFinding::Rewrapped => (KeyKindJson::Rewrapped, None, None, None),
        };
        Self {
            is,
            from: from.map(ToString::to_string),
            to: to.map(ToString::to_string),
            vouched,
            what: said::key(of).text(),
        }
    }
}
