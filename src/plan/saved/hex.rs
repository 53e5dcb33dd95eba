//! Bytes as hex in a file.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::model::{from_hex, to_hex};

pub(super) fn serialize<const N: usize, S: Serializer>(
    bytes: &[u8; N],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_str(&to_hex(bytes))
}

pub(super) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
    from: D,
) -> Result<[u8; N], D::Error> {
    from_hex(&String::deserialize(from)?)
        .ok_or_else(|| de::Error::custom("not that many hex digits"))
}
