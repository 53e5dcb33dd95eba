//! A file's values in their order: the MAC goes over them one after the other.

use std::fmt;

use zeroize::Zeroizing;

use super::SopsError;

/// The most levels that are read.
pub(super) const MAX_DEPTH: usize = 64;
/// The key of the metadata.
const METADATA: &str = "sops";

/// A part of the tree.
pub(super) enum Node {
    Map(Vec<(String, Self)>),
    List(Vec<Self>),
    Leaf(Scalar),
}

/// One value, encrypted or not.
#[derive(Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Text(Zeroizing<String>),
    Bool(bool),
    Int(i64),
    /// With the text that the file shows, where that is the one text of the number.
    Float(f64, Option<String>),
    /// RFC 3339.
    Time(String),
    /// In a list, SOPS encrypts a comment as an item of it.
    Comment,
    /// Something that programs read differently, and why.
    Odd(&'static str),
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Text(_) => "text",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(..) => "float",
            Self::Time(_) => "time",
            Self::Comment => "comment",
            Self::Odd(_) => "odd",
        })
    }
}

impl Scalar {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(found, _)| found == key)
                .map(|(_, node)| node),
            Self::List(_) | Self::Leaf(_) => None,
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Map(_) | Self::Leaf(_) => &[],
        }
    }

    /// A text, or what is written without quotes and reads as one.
    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Self::Leaf(Scalar::Text(text)) => Some(text.as_str().to_owned()),
            Self::Leaf(Scalar::Time(text)) => Some(text.clone()),
            Self::Leaf(Scalar::Int(number)) => Some(number.to_string()),
            Self::Leaf(Scalar::Bool(truth)) => Some(truth.to_string()),
            Self::Leaf(_) | Self::Map(_) | Self::List(_) => None,
        }
    }

    /// The metadata out of a tree.
    pub(super) fn split_metadata(self) -> Result<(Self, Self), SopsError> {
        let Self::Map(mut entries) = self else {
            return Err(SopsError::NoMetadata);
        };
        let place = entries.iter().position(|(key, _)| key == METADATA);
        let (_, metadata) = entries.remove(place.ok_or(SopsError::NoMetadata)?);
        Ok((Self::Map(entries), metadata))
    }
}

/// The key that a map has twice, if any.
pub(super) fn twice<'a>(keys: impl Iterator<Item = &'a String>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    keys.into_iter().any(|key| !seen.insert(key))
}
