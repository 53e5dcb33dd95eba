//! From a parsed file to its values: the data key, each value at its place, and the MAC over all.

use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::number;
use super::tree::{Node, Scalar};
use super::variables::{Content, Entry, Step};
use super::{Sealed, SopsError, Store};
use crate::crypto::{Keyring, OpenArmoredError, UnlockError, open_armored_file};
use crate::model::SecretValue;

/// What a MAC over encrypted values alone begins with (`MACOnlyEncryptedInitialization`).
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A file whose MAC holds.
#[derive(Debug)]
pub struct Opened {
    /// Every value, in the file's order.
    pub entries: Vec<Entry>,
    /// Which identity opened it: place and public key.
    pub identity: String,
    /// Whether the MAC is said to go over encrypted values alone: then anybody may have changed the
    /// others.
    pub mac_only_encrypted: bool,
}

pub(super) fn open(sealed: &Sealed, keyring: &mut Keyring) -> Result<Opened, SopsError> {
    let (key, identity) = data_key(sealed, keyring)?;
    let cipher = Cipher::new(&key)
        .ok_or_else(|| SopsError::DataKey("it does not have 32 bytes".to_owned()))?;
    let metadata = &sealed.metadata;
    let mut walk = Walk {
        sealed,
        cipher: &cipher,
        hash: Sha512::new(),
        steps: vec![],
        entries: vec![],
    };
    if metadata.mac_only_encrypted {
        walk.hash.update(ONLY_ENCRYPTED);
    }
    walk.node(&sealed.tree)?;
    let found = walk.hash.finalize();
    let entries = walk.entries;
    verify(&cipher, sealed, &found)?;
    Ok(Opened {
        entries,
        identity,
        mac_only_encrypted: metadata.mac_only_encrypted,
    })
}

/// The first recipient's stanza that one of our identities opens.
fn data_key(
    sealed: &Sealed,
    keyring: &mut Keyring,
) -> Result<(Zeroizing<Vec<u8>>, String), SopsError> {
    let mut locked: Option<UnlockError> = None;
    let mut damaged: Option<OpenArmoredError> = None;
    for key in &sealed.metadata.age {
        match open_armored_file(&key.file, keyring) {
            Ok(opened) => return Ok(opened),
            Err(OpenArmoredError::Unlock(why @ UnlockError::NoIdentity { .. })) => {
                locked.get_or_insert(why);
            }
            Err(error) => {
                damaged.get_or_insert(error);
            }
        }
    }
    match (damaged, locked) {
        (Some(error), _) => Err(SopsError::DataKey(format!("the age file in it {error}"))),
        (None, Some(why)) => Err(SopsError::Locked {
            recipients: sealed.metadata.age.iter().map(shown).collect(),
            why,
        }),
        (None, None) => Err(SopsError::Metadata("it names no keys".to_owned())),
    }
}

/// A recipient as far as it can be one.
fn shown(key: &super::metadata::AgeKey) -> String {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || " +/=@.-_".contains(*letter);
    key.recipient.chars().filter(plain).take(100).collect()
}

fn verify(cipher: &Cipher, sealed: &Sealed, found: &[u8]) -> Result<(), SopsError> {
    use std::fmt::Write as _;
    let metadata = &sealed.metadata;
    if metadata.mac.is_empty() {
        return Err(SopsError::Mac("it has no MAC"));
    }
    let mut text = String::with_capacity(128);
    for byte in found {
        write!(text, "{byte:02X}").expect("a string takes any text");
    }
    let said = cipher
        .open(&metadata.mac, &metadata.last_modified)
        .map_err(|_| SopsError::Mac("its MAC does not authenticate"))?;
    match said {
        Scalar::Text(said) if bool::from(said.as_bytes().ct_eq(text.as_bytes())) => Ok(()),
        _ => Err(SopsError::Mac("its MAC is over other values")),
    }
}

struct Walk<'a> {
    sealed: &'a Sealed,
    cipher: &'a Cipher,
    hash: Sha512,
    steps: Vec<Step>,
    entries: Vec<Entry>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node) -> Result<(), SopsError> {
        match node {
            Node::Map(entries) if entries.is_empty() && !self.steps.is_empty() => {
                self.put(
                    Content::Unfit("is an empty map, which no variable can be"),
                    true,
                );
            }
            Node::List(items) if items.is_empty() => {
                self.put(
                    Content::Unfit("is an empty list, which no variable can be"),
                    true,
                );
            }
            Node::Map(entries) => {
                for (key, node) in entries {
                    self.steps.push(Step::Key(key.clone()));
                    self.node(node)?;
                    self.steps.pop();
                }
            }
            Node::List(items) => {
                let mut index = 0;
                for node in items {
                    self.steps.push(Step::Index(index));
                    let count = self.entries.len();
                    self.node(node)?;
                    self.steps.pop();
                    // an encrypted comment is an item of the text, and none of the list
                    index += usize::from(self.entries.len() > count);
                }
            }
            Node::Leaf(scalar) => self.leaf(scalar)?,
        }
        Ok(())
    }

    fn leaf(&mut self, scalar: &Scalar) -> Result<(), SopsError> {
        if *scalar == Scalar::Null {
            self.put(
                Content::Unfit("is null, which no variable can be: give it a text, or none"),
                true,
            );
            return Ok(());
        }
        let metadata = &self.sealed.metadata;
        let keys: Vec<&str> = self.steps.iter().filter_map(Step::key).collect();
        let text = match scalar {
            Scalar::Text(text) => Some(text.as_str()),
            _ => None,
        };
        let encrypted = metadata.rule.encrypts(&keys, text);
        let value = if encrypted {
            let place = format!("{}:", keys.join(":"));
            text.ok_or("is not encrypted, though the file says so")
                .and_then(|text| self.cipher.open(text, &place))
                .map_err(|why| self.wrong(why))?
        } else {
            scalar.clone()
        };
        if value == Scalar::Comment {
            return match self.steps.last() {
                Some(Step::Index(_)) => Ok(()),
                _ => Err(self.wrong("has the type of a comment, and is none")),
            };
        }
        if encrypted || !metadata.mac_only_encrypted {
            let bytes = hashed(&value).ok_or_else(|| {
                self.wrong("is not encrypted, and written in a way that SOPS does not keep")
            })?;
            self.hash.update(bytes.as_bytes());
        }
        self.put(content(self.sealed.store, value), encrypted);
        Ok(())
    }

    fn wrong(&self, why: &'static str) -> SopsError {
        SopsError::Value {
            path: super::variables::shown(&self.steps),
            why,
        }
    }

    fn put(&mut self, content: Content, is_encrypted: bool) {
        self.entries.push(Entry {
            steps: self.steps.clone(),
            content,
            is_encrypted,
        });
    }
}

/// What the MAC goes over (`ToBytes`).
fn hashed(value: &Scalar) -> Option<Zeroizing<String>> {
    Some(match value {
        Scalar::Text(text) => text.clone(),
        Scalar::Int(number) => Zeroizing::new(number.to_string()),
        Scalar::Float(number, _) => Zeroizing::new(number::plain(*number)),
        Scalar::Bool(true) => Zeroizing::new("True".to_owned()),
        Scalar::Bool(false) => Zeroizing::new("False".to_owned()),
        Scalar::Time(text) => Zeroizing::new(text.clone()),
        Scalar::Null | Scalar::Comment | Scalar::Odd(_) => return None,
    })
}

/// The one text that a value is, or why it has none.
fn content(store: Store, value: Scalar) -> Content {
    let text = match value {
        Scalar::Text(text) if text.contains('\0') => {
            return Content::Unfit("holds a NUL character, which no environment variable can");
        }
        Scalar::Text(text) => SecretValue::new(text.as_str()),
        Scalar::Int(number) => SecretValue::new(number.to_string()),
        Scalar::Bool(truth) => SecretValue::new(truth.to_string()),
        Scalar::Time(text) => SecretValue::new(text),
        Scalar::Float(_, Some(text)) => SecretValue::new(text),
        Scalar::Float(number, None) => match float(store, number) {
            Some(text) => SecretValue::new(text),
            None => {
                return Content::Unfit(
                    "is a number that SOPS itself shows in several ways: make it a text in the file",
                );
            }
        },
        Scalar::Odd(why) => return Content::Unfit(why),
        Scalar::Null | Scalar::Comment => {
            return Content::Unfit("is null, which no variable can be");
        }
    };
    Content::Text(text)
}

/// A decrypted number, where the file's store would show what was encrypted. JSON knows no whole
/// numbers apart from others; in YAML `1` and `1.0` are two, and SOPS forgets which it was.
fn float(store: Store, number: f64) -> Option<String> {
    let plain = number::plain(number);
    match store {
        Store::Json => number::in_json(number),
        _ if plain.contains('.') && number::in_yaml(number) == plain => Some(plain),
        _ => None,
    }
}
