//! Keyed fingerprints: they say *changed* without saying what.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Deserializer, Serialize, de};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{SecretValue, TargetName, VarName};

/// HMAC-SHA256 over length-framed target, name and value. 32 bytes are stored and compared, 8 hex
/// digits are shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// From its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// All 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 8 hex digits that people see. Never compare these.
    pub fn short(&self) -> String {
        to_hex(&self.0[..4])
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        to_hex(&fingerprint.0)
    }
}

impl TryFrom<&str> for Fingerprint {
    type Error = &'static str;
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        from_hex(text)
            .map(Self)
            .ok_or("a fingerprint is 64 hex digits")
    }
}

/// Without a text of its own: a journal holds one for each variable.
impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Hex;
        impl de::Visitor<'_> for Hex {
            type Value = Fingerprint;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 hex digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fingerprint, E> {
                Fingerprint::try_from(text).map_err(E::custom)
            }
        }
        from.deserialize_str(Hex)
    }
}

/// The 32 random bytes that fingerprints are keyed with. Wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FingerprintKey(Zeroizing<[u8; 32]>);

impl FingerprintKey {
    /// From its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for sealing and for deriving further keys.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA256 of `message` under a key derived from this one for one purpose, for example
    /// `driftlock/receipt/v1`.
    pub fn derive_mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let subkey = Zeroizing::new(hmac_sha256(&*self.0, &[purpose.as_bytes()]));
        hmac_sha256(&*subkey, &[message])
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(redacted)")
    }
}

/// Makes the fingerprints of one run: the present key, and the former ones that older receipts
/// were made with.
#[derive(Debug, Clone)]
pub struct Fingerprinter {
    key: FingerprintKey,
    former: Vec<FingerprintKey>,
}

impl Fingerprinter {
    /// `former` is newest first.
    pub fn new(key: FingerprintKey, former: Vec<FingerprintKey>) -> Self {
        Self { key, former }
    }

    /// The present key.
    pub fn key(&self) -> &FingerprintKey {
        &self.key
    }

    /// The former keys, newest first.
    pub fn former(&self) -> &[FingerprintKey] {
        &self.former
    }

    /// The fingerprint under the present key.
    pub fn fingerprint(
        &self,
        target: &TargetName,
        name: &VarName,
        value: &SecretValue,
    ) -> Fingerprint {
        fingerprint_with(&self.key, target, name, value)
    }

    /// Whether `recorded` is this value, under the present key or a former one.
    pub fn matches(
        &self,
        recorded: &Fingerprint,
        target: &TargetName,
        name: &VarName,
        value: &SecretValue,
    ) -> bool {
        std::iter::once(&self.key)
            .chain(&self.former)
            .any(|key| fingerprint_with(key, target, name, value) == *recorded)
    }
}

fn fingerprint_with(
    key: &FingerprintKey,
    target: &TargetName,
    name: &VarName,
    value: &SecretValue,
) -> Fingerprint {
    let parts = [
        target.as_str().as_bytes(),
        name.as_str().as_bytes(),
        value.expose().as_bytes(),
    ];
    let mut framed: Vec<&[u8]> = Vec::with_capacity(parts.len() * 2);
    let lengths = parts.map(|part| (part.len() as u64).to_be_bytes());
    for (length, part) in lengths.iter().zip(parts) {
        framed.push(length);
        framed.push(part);
    }
    Fingerprint(hmac_sha256(key.expose(), &framed))
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Names a file key without giving it away: 128 bits derived from it, 32 hex digits beside the
/// header, the first 6 in front of every value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId([u8; 16]);

impl KeyId {
    /// From its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// All 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The 6 hex digits in front of every value.
    pub fn short(&self) -> String {
        to_hex(&self.0[..3])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for KeyId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        from_hex(&text).map(Self).ok_or("a key id is 32 hex digits")
    }
}

/// Lower-case hex.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Lower-case hex only: one spelling for one value.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text = text.as_bytes();
    if text.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprinter(byte: u8) -> Fingerprinter {
        Fingerprinter::new(FingerprintKey::new([byte; 32]), vec![])
    }

    #[test]
    fn framing_keeps_neighbours_apart() {
        let f = fingerprinter(1);
        let make = |target: &str, name: &str, value: &str| {
            f.fingerprint(
                &target.parse().unwrap(),
                &name.parse().unwrap(),
                &SecretValue::new(value),
            )
        };
        assert_ne!(make("a", "B", "C"), make("aB", "C", ""));
        assert_ne!(make("a", "B", "C"), make("a", "BC", ""));
        assert_eq!(make("a", "B", "C"), make("a", "B", "C"));
    }

    #[test]
    fn a_former_key_still_matches() {
        let (target, name) = ("t".parse().unwrap(), "N".parse().unwrap());
        let value = SecretValue::new("v");
        let old = fingerprinter(1).fingerprint(&target, &name, &value);
        let new = Fingerprinter::new(
            FingerprintKey::new([2; 32]),
            vec![FingerprintKey::new([1; 32])],
        );
        assert!(new.matches(&old, &target, &name, &value));
        assert!(!fingerprinter(2).matches(&old, &target, &name, &value));
    }

    #[test]
    fn a_fingerprint_is_read_back_whole_or_not_at_all() {
        let print = Fingerprint::from_bytes([0xa5; 32]);
        let json = serde_json::to_string(&print).unwrap();
        assert_eq!(json, format!("\"{}\"", "a5".repeat(32)));
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), print);
        for bad in [json.to_uppercase(), json.replacen('a', "", 1), "7".into()] {
            assert!(serde_json::from_str::<Fingerprint>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hex_round_trips() {
        let id = KeyId::from_bytes(*b"0123456789abcdef");
        assert_eq!(KeyId::try_from(id.to_string()).unwrap(), id);
        assert!(KeyId::try_from("ABCDEF".repeat(6)).is_err());
    }
}
