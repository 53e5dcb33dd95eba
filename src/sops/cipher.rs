//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, all of it base64.

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Tag};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::number;
use super::recognise::ENCRYPTED;
use super::tree::Scalar;
use super::yaml::is_rfc3339;

/// Bytes of a data key, and of a nonce.
pub(super) const KEY: usize = 32;
const NONCE: usize = 32;
const TAG: usize = 16;

/// Opens the values of one file.
pub(super) struct Cipher(AesGcm<Aes256, U32>);

/// The parts of an encrypted value.
struct Parts<'a> {
    data: &'a str,
    nonce: &'a str,
    tag: &'a str,
    kind: &'a str,
}

const NO_FORM: &str = "is not encrypted, or not whole";
const NOT_AUTHENTIC: &str =
    "does not authenticate: it was changed, or moved here, after the file was encrypted";

impl Cipher {
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        (key.len() == KEY).then(|| Self(AesGcm::new(GenericArray::from_slice(key))))
    }

    /// What is in an encrypted value. `place` is what it is bound to. An empty text stands for
    /// itself: SOPS does not encrypt it.
    pub(super) fn open(&self, text: &str, place: &str) -> Result<Scalar, &'static str> {
        if text.is_empty() {
            return Ok(Scalar::text(""));
        }
        let parts = parts(text).ok_or(NO_FORM)?;
        let bytes = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| NO_FORM);
        let (nonce, tag) = (bytes(parts.nonce)?, bytes(parts.tag)?);
        if nonce.len() != NONCE || tag.len() != TAG {
            return Err(NO_FORM);
        }
        let mut data = Zeroizing::new(bytes(parts.data)?);
        self.0
            .decrypt_in_place_detached(
                GenericArray::from_slice(&nonce),
                place.as_bytes(),
                &mut data,
                Tag::from_slice(&tag),
            )
            .map_err(|_| NOT_AUTHENTIC)?;
        let text = std::str::from_utf8(&data).map_err(|_| "is not UTF-8 text")?;
        typed(parts.kind, text)
    }
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let inner = text.strip_prefix(ENCRYPTED)?.strip_suffix(']')?;
    let mut parts = inner.split(',');
    let mut part = |name: &str| parts.next()?.strip_prefix(name);
    let found = Parts {
        data: part("data:")?,
        nonce: part("iv:")?,
        tag: part("tag:")?,
        kind: part("type:")?,
    };
    parts.next().is_none().then_some(found)
}

/// The kind is not authenticated: a text that is not exactly what SOPS writes for it is refused.
fn typed(kind: &str, text: &str) -> Result<Scalar, &'static str> {
    let unfit = "does not hold what its type says";
    match kind {
        "str" => Ok(Scalar::text(text)),
        "int" => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Ok(Scalar::Int(number)),
            _ => Err(unfit),
        },
        "float" => match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number::plain(number) == text => {
                Ok(Scalar::Float(number, None))
            }
            _ => Err(unfit),
        },
        "bool" => match text {
            "True" => Ok(Scalar::Bool(true)),
            "False" => Ok(Scalar::Bool(false)),
            _ => Err(unfit),
        },
        "time" if is_rfc3339(text) => Ok(Scalar::Time(text.to_owned())),
        "time" => Err(unfit),
        "comment" => Ok(Scalar::Comment),
        "bytes" => Err("has the type bytes, which SOPS itself shows in different ways"),
        _ => Err("has a type that no value has"),
    }
}
