//! Keys and MACs that come from a file key.

use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// HKDF-SHA256 of the file key, without a salt, for one purpose.
pub(super) fn derive(file_key: &FileKey, purpose: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hkdf(&[], purpose.as_bytes(), file_key.expose_secret()))
}

/// A MAC that has been fed `parts`. `verify_slice` on it compares in constant time.
pub(super) fn mac<'a>(key: &[u8; 32], parts: impl IntoIterator<Item = &'a [u8]>) -> Hmac<Sha256> {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}
