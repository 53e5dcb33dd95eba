//! Proofs on records: an HMAC under a key derived from the manifest's fingerprint key, so that who
//! cannot read secrets cannot forge them.

use subtle::ConstantTimeEq;

use crate::model::{FingerprintKey, Fingerprinter};

/// The present key and the former ones, for proofs only.
#[derive(Debug, Clone)]
pub struct Authenticator {
    /// The present one first; empty without an identity.
    keys: Vec<(KeyHint, FingerprintKey)>,
}

/// Tells which key made a proof, without giving it away.
pub(super) type KeyHint = [u8; 8];

/// A proof as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) key: KeyHint,
    pub(super) mac: [u8; 32],
}

/// What a proof shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Genuine,
    OtherKey,
    Forged,
}

impl Authenticator {
    /// Proves under the present key, accepts the former ones too.
    pub fn new(fingerprinter: &Fingerprinter) -> Self {
        let keys = std::iter::once(fingerprinter.key())
            .chain(fingerprinter.former())
            .map(|key| (hint(key), key.clone()))
            .collect();
        Self { keys }
    }

    /// Without an identity: nothing can be proved and nothing can be believed.
    pub const fn without_key() -> Self {
        Self { keys: Vec::new() }
    }

    /// Proves `parts` for one purpose; `None` without a key.
    pub(super) fn seal(&self, purpose: &str, parts: &[&[u8]]) -> Option<Seal> {
        let (key, secret) = self.keys.first()?;
        let mac = secret.derive_mac(purpose, &frame(parts));
        Some(Seal { key: *key, mac })
    }

    pub(super) fn verify(&self, purpose: &str, parts: &[&[u8]], seal: &Seal) -> Verdict {
        let Some((_, secret)) = self.keys.iter().find(|(key, _)| *key == seal.key) else {
            return Verdict::OtherKey;
        };
        let mac = secret.derive_mac(purpose, &frame(parts));
        if bool::from(mac.ct_eq(&seal.mac)) {
            Verdict::Genuine
        } else {
            Verdict::Forged
        }
    }

    /// Whether fingerprints made under this key can still be made again.
    pub(super) fn holds(&self, key: &KeyHint) -> bool {
        self.keys.iter().any(|(held, _)| held == key)
    }
}

fn hint(key: &FingerprintKey) -> KeyHint {
    let mac = key.derive_mac("driftlock/journal-key-hint/v1", b"");
    let mut hint = KeyHint::default();
    hint.copy_from_slice(&mac[..8]);
    hint
}

/// Length-framed, so that neighbours cannot trade bytes.
pub(super) fn frame(parts: &[&[u8]]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        framed.extend_from_slice(&(part.len() as u64).to_be_bytes());
        framed.extend_from_slice(part);
    }
    framed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(present: u8, former: &[u8]) -> Authenticator {
        let key = |byte: u8| FingerprintKey::new([byte; 32]);
        let former = former.iter().copied().map(key).collect();
        Authenticator::new(&Fingerprinter::new(key(present), former))
    }

    #[test]
    fn only_the_same_key_purpose_and_parts_verify() {
        let seal = auth(1, &[]).seal("p", &[b"ab", b"c"]).unwrap();
        let verdict =
            |auth: Authenticator, purpose, parts: &[&[u8]]| auth.verify(purpose, parts, &seal);
        assert_eq!(verdict(auth(1, &[]), "p", &[b"ab", b"c"]), Verdict::Genuine);
        assert_eq!(
            verdict(auth(2, &[1]), "p", &[b"ab", b"c"]),
            Verdict::Genuine
        );
        assert_eq!(verdict(auth(1, &[]), "p", &[b"a", b"bc"]), Verdict::Forged);
        assert_eq!(verdict(auth(1, &[]), "q", &[b"ab", b"c"]), Verdict::Forged);
        assert_eq!(
            verdict(auth(2, &[]), "p", &[b"ab", b"c"]),
            Verdict::OtherKey
        );
    }

    #[test]
    fn without_a_key_nothing_is_proved_or_believed() {
        let seal = auth(1, &[]).seal("p", &[b"x"]).unwrap();
        let none = Authenticator::without_key();
        assert_eq!(none.seal("p", &[b"x"]), None);
        assert_eq!(none.verify("p", &[b"x"], &seal), Verdict::OtherKey);
    }
}
