//! What follows the header in an age file: a 16-byte nonce, then STREAM, which is
//! ChaCha20-Poly1305 over chunks of 64 KiB, under a key of file key and nonce.
//!
//! A value is nearly always one short chunk, so everything happens in place, in one buffer.

use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret;
use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce, Tag};
use rand::RngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

const NONCE: usize = 16;
const TAG: usize = 16;
const CHUNK: usize = 64 * 1024;
/// What a payload is longer than its plaintext, while that fits one chunk.
pub(super) const OVERHEAD: usize = NONCE + TAG;

/// Why a payload did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Shorter than any payload.
    #[error("is cut off")]
    Truncated,
    /// Changed, or made with another key. Cut off at the end counts as changed.
    #[error("does not authenticate: it was changed, or sealed under another key")]
    Authentication,
    /// An empty chunk after full ones: no writer makes that.
    #[error("ends with an empty chunk")]
    EmptyFinalChunk,
}

/// Opens what [`encrypt_payload`] and every age implementation make. All or nothing: unlike a
/// stream, no byte is given out before the last chunk has been verified.
pub fn decrypt_payload(
    file_key: &FileKey,
    payload: Vec<u8>,
) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    let mut buffer = Zeroizing::new(payload);
    let length = decrypt_in_place(file_key, &mut buffer)?.len();
    buffer.copy_within(NONCE..NONCE + length, 0);
    buffer.truncate(length);
    Ok(buffer)
}

/// Opens a payload inside its own buffer and gives the part that holds the plaintext.
pub(super) fn decrypt_in_place<'a>(
    file_key: &FileKey,
    buffer: &'a mut [u8],
) -> Result<&'a [u8], PayloadError> {
    if buffer.len() < OVERHEAD {
        return Err(PayloadError::Truncated);
    }
    let (nonce, body) = buffer.split_at_mut(NONCE);
    let cipher = cipher(file_key, nonce);
    let chunks = body.len().div_ceil(CHUNK + TAG);
    let mut written = 0;
    for index in 0..chunks {
        let start = index * (CHUNK + TAG);
        let end = body.len().min(start + CHUNK + TAG);
        let length = (end - start)
            .checked_sub(TAG)
            .ok_or(PayloadError::Truncated)?;
        let last = index + 1 == chunks;
        if last && length == 0 && index > 0 {
            return Err(PayloadError::EmptyFinalChunk);
        }
        let (text, tag) = body[start..end].split_at_mut(length);
        cipher
            .decrypt_in_place_detached(&nonce_of(index, last), &[], text, Tag::from_slice(tag))
            .map_err(|_| PayloadError::Authentication)?;
        if index > 0 {
            body.copy_within(start..start + length, written);
        }
        written += length;
    }
    Ok(&body[..written])
}

/// Seals a plaintext under a fresh random nonce.
pub fn encrypt_payload(file_key: &FileKey, plaintext: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    OsRng.fill_bytes(&mut nonce);
    let cipher = cipher(file_key, &nonce);
    let chunks = plaintext.len().div_ceil(CHUNK).max(1);
    // Large enough from the start: growing would leave copies of the plaintext behind.
    let mut payload = Vec::with_capacity(NONCE + plaintext.len() + chunks * TAG);
    payload.extend_from_slice(&nonce);
    for index in 0..chunks {
        let start = index * CHUNK;
        let end = plaintext.len().min(start + CHUNK);
        let at = payload.len();
        payload.extend_from_slice(&plaintext[start..end]);
        let tag = cipher
            .encrypt_in_place_detached(
                &nonce_of(index, index + 1 == chunks),
                &[],
                &mut payload[at..],
            )
            .expect("a chunk is far below the limit of the cipher");
        payload.extend_from_slice(&tag);
    }
    payload
}

fn cipher(file_key: &FileKey, nonce: &[u8]) -> ChaCha20Poly1305 {
    let key = Zeroizing::new(hkdf(nonce, b"payload", file_key.expose_secret()));
    ChaCha20Poly1305::new((&*key).into())
}

/// 11 bytes of big-endian counter, then whether the chunk is the last.
fn nonce_of(index: usize, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&(index as u64).to_be_bytes());
    nonce[11] = u8::from(last);
    nonce.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> FileKey {
        FileKey::new(Box::new(*b"YELLOW SUBMARINE"))
    }

    #[test]
    fn sizes_around_the_chunk_survive() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
            let plain: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let payload = encrypt_payload(&key(), &plain);
            let chunks = length.div_ceil(CHUNK).max(1);
            assert_eq!(payload.len(), NONCE + length + chunks * TAG);
            assert_eq!(*decrypt_payload(&key(), payload).unwrap(), plain);
        }
    }

    #[test]
    fn chunks_cannot_be_dropped_swapped_or_added() {
        let payload = encrypt_payload(&key(), &vec![1; 2 * CHUNK + 5]);
        let whole = CHUNK + TAG;
        let mut swapped = payload.clone();
        swapped[NONCE..NONCE + 2 * whole].rotate_left(whole);
        let mut longer = payload.clone();
        longer.push(0);
        let mut empty_last = encrypt_payload(&key(), &vec![1; CHUNK]);
        empty_last.extend_from_slice(&[0; TAG]);
        for (bad, error) in [
            (
                payload[..NONCE + whole].to_vec(),
                PayloadError::Authentication,
            ),
            (
                payload[..NONCE + 2 * whole].to_vec(),
                PayloadError::Authentication,
            ),
            (
                payload[..NONCE + 2 * whole + 3].to_vec(),
                PayloadError::Truncated,
            ),
            (swapped, PayloadError::Authentication),
            (longer, PayloadError::Authentication),
            (payload[..OVERHEAD - 1].to_vec(), PayloadError::Truncated),
            (vec![], PayloadError::Truncated),
        ] {
            assert_eq!(decrypt_payload(&key(), bad).unwrap_err(), error);
        }
        assert!(decrypt_payload(&key(), empty_last).is_err());
    }

    #[test]
    fn two_payloads_of_one_text_differ() {
        assert_ne!(encrypt_payload(&key(), b"x"), encrypt_payload(&key(), b"x"));
    }
}
