//! Key pairs that recipes make: both halves in the spelling that their readers know.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::SigningKey;
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{LineEnding, PrivateKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::keygen::{generate_identity, random_bytes};
use crate::model::{Ed25519Spelling, PairKind, SecretValue, VarName, X25519Spelling, to_hex};

/// Both halves of a new key pair.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// The private half.
    pub secret: SecretValue,
    /// The public half, for everyone to read.
    pub public: String,
}

/// Why no key pair could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyPairError {
    /// The key could not be spelled for OpenSSH.
    #[error("the key cannot be written in OpenSSH's format")]
    Openssh,
}

/// What stands before the 32 bytes of an Ed25519 key in DER, by RFC 8410: version 0, the algorithm
/// 1.3.101.112 and two octet strings; the public key's algorithm and a bit string.
const ED25519_DER: (&[u8; 16], &[u8; 12]) = (
    b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20",
    b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",
);

/// The same for X25519, whose algorithm is 1.3.101.110.
const X25519_DER: (&[u8; 16], &[u8; 12]) = (
    b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20",
    b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00",
);

/// A new key pair. `name` is the comment of an OpenSSH key.
pub fn make_key_pair(kind: PairKind, name: &VarName) -> Result<KeyPair, KeyPairError> {
    match kind {
        PairKind::Ed25519(spelling) => ed25519(spelling, name),
        PairKind::X25519(X25519Spelling::Age) => {
            let (secret, public) = generate_identity();
            Ok(KeyPair {
                secret: SecretValue::new(secret.as_str()),
                public,
            })
        }
        PairKind::X25519(spelling) => Ok(x25519(spelling)),
    }
}

fn ed25519(spelling: Ed25519Spelling, name: &VarName) -> Result<KeyPair, KeyPairError> {
    let seed = random_bytes::<32>();
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    Ok(match spelling {
        Ed25519Spelling::Pkcs8 => pem(ED25519_DER, &seed, &public),
        Ed25519Spelling::Base64 => base64(&seed, &public),
        Ed25519Spelling::Hex => hex(&seed, &public),
        Ed25519Spelling::Openssh => openssh(&seed, public, name)?,
    })
}

fn openssh(seed: &[u8; 32], public: [u8; 32], name: &VarName) -> Result<KeyPair, KeyPairError> {
    let pair = Ed25519Keypair {
        public: Ed25519PublicKey(public),
        private: Ed25519PrivateKey::from_bytes(seed),
    };
    let failed = |_: ssh_key::Error| KeyPairError::Openssh;
    let key = PrivateKey::new(KeypairData::Ed25519(pair), name.as_str()).map_err(failed)?;
    let secret = key.to_openssh(LineEnding::LF).map_err(failed)?;
    Ok(KeyPair {
        secret: SecretValue::new(secret.as_str()),
        public: key.public_key().to_openssh().map_err(failed)?,
    })
}

fn x25519(spelling: X25519Spelling) -> KeyPair {
    let mut seed = random_bytes::<32>();
    // as WireGuard writes it: the bits that RFC 7748 fixes are fixed in the text too
    seed[0] &= 0xf8;
    seed[31] = seed[31] & 0x7f | 0x40;
    let public = PublicKey::from(&StaticSecret::from(*seed)).to_bytes();
    match spelling {
        X25519Spelling::Pkcs8 => pem(X25519_DER, &seed, &public),
        X25519Spelling::Hex => hex(&seed, &public),
        X25519Spelling::Base64 | X25519Spelling::Age => base64(&seed, &public),
    }
}

fn base64(secret: &[u8; 32], public: &[u8; 32]) -> KeyPair {
    KeyPair {
        secret: SecretValue::new(Zeroizing::new(BASE64_STANDARD.encode(secret)).as_str()),
        public: BASE64_STANDARD.encode(public),
    }
}

fn hex(secret: &[u8; 32], public: &[u8; 32]) -> KeyPair {
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in secret {
        text.push_str(&to_hex(&[*byte]));
    }
    KeyPair {
        secret: SecretValue::new(text.as_str()),
        public: to_hex(public),
    }
}

fn pem(der: (&[u8; 16], &[u8; 12]), secret: &[u8; 32], public: &[u8; 32]) -> KeyPair {
    let mut private = Zeroizing::new([0; 48]);
    private[..16].copy_from_slice(der.0);
    private[16..].copy_from_slice(secret);
    let public = [&der.1[..], public].concat();
    KeyPair {
        secret: SecretValue::new(armored("PRIVATE KEY", &*private).as_str()),
        public: armored("PUBLIC KEY", &public).to_string(),
    }
}

/// Both fit on one line of PEM, which holds 64 characters.
fn armored(label: &str, der: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(2 * label.len() + 128));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    BASE64_STANDARD.encode_string(der, &mut text);
    text.push_str("\n-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(kind: PairKind) -> (String, String) {
        let pair = make_key_pair(kind, &"KEY".parse().unwrap()).unwrap();
        (pair.secret.expose().to_owned(), pair.public)
    }

    #[test]
    fn every_kind_is_new_each_time_and_spelled_as_it_says() {
        for (curve, spelling, kind) in PairKind::ALL {
            let (secret, public) = made(kind);
            let (other, other_public) = made(kind);
            assert!(secret != other && public != other_public);
            let begins = match (curve, spelling) {
                (_, "pkcs8") => (
                    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2V",
                    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2V",
                ),
                (_, "openssh") => (
                    "-----BEGIN OPENSSH PRIVATE KEY-----\n",
                    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
                ),
                (_, "age") => ("AGE-SECRET-KEY-1", "age1"),
                _ => ("", ""),
            };
            assert!(
                secret.starts_with(begins.0) && public.starts_with(begins.1),
                "{curve} {spelling}"
            );
            let length = match spelling {
                "base64" => 44,
                "hex" => 64,
                _ => continue,
            };
            assert_eq!((secret.len(), public.len()), (length, length));
        }
    }

    /// The first test of RFC 8032, 7.1.
    #[test]
    fn the_public_half_is_that_of_the_standard() {
        let bytes = |hex: &str| -> [u8; 32] { crate::model::from_hex(hex).unwrap() };
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        assert_eq!(
            to_hex(&public),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }
}
