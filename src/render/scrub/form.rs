//! The forms that a secret is searched in, apart from those that `view` decodes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::WINDOW;
use crate::model::SecretValue;

/// One way to spell a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// As it is.
    Raw,
    /// Hexadecimal, lower case.
    HexLower,
    /// Hexadecimal, upper case.
    HexUpper,
    /// Base64, behind this many bytes (modulo 3) of something else.
    Base64(u8),
}

impl Form {
    pub(super) const ALL: [Self; 6] = [
        Self::Raw,
        Self::HexLower,
        Self::HexUpper,
        Self::Base64(0),
        Self::Base64(1),
        Self::Base64(2),
    ];

    /// The first window of this form of a secret that is no shorter than one. Made for every secret
    /// of a run, so without a buffer.
    pub(super) fn beginning(self, secret: &SecretValue) -> Zeroizing<[u8; WINDOW]> {
        let bytes = secret.expose().as_bytes();
        let mut window = Zeroizing::new([0; WINDOW]);
        match self {
            Self::Raw => window.copy_from_slice(&bytes[..WINDOW]),
            Self::HexLower => hex_window(bytes, LOWER, &mut window),
            Self::HexUpper => hex_window(bytes, UPPER, &mut window),
            Self::Base64(behind) => base64_window(bytes, usize::from(behind), &mut window),
        }
        window
    }

    /// How much of the beginning of `text` is this secret in this form.
    pub(super) fn matches(self, secret: &SecretValue, text: &[u8]) -> Option<usize> {
        let bytes = secret.expose().as_bytes();
        // no form is shorter than the secret: spares the encoding of a long one near the end
        if text.len() < bytes.len() {
            return None;
        }
        let full = self.encode(bytes);
        let head = text.get(..full.len())?;
        self.same(head, &full).then(|| self.end(text, full.len()))
    }

    /// Whether `text` ends before this secret in this form does, and is alike so far.
    pub(super) fn begins_with(self, secret: &SecretValue, text: &[u8]) -> bool {
        let full = self.encode(secret.expose().as_bytes());
        full.len() > text.len() && self.same(text, &full[..text.len()])
    }

    fn same(self, text: &[u8], full: &[u8]) -> bool {
        match self {
            Self::Base64(_) => text
                .iter()
                .zip(full)
                .all(|(byte, wanted)| standard_alphabet(*byte) == *wanted),
            _ => text == full,
        }
    }

    /// Base64 goes on with a digit that is shared with what follows, and padding.
    fn end(self, text: &[u8], mut end: usize) -> usize {
        if let Self::Base64(_) = self {
            let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
            end += usize::from(text.get(end).is_some_and(is_digit));
            while text.get(end) == Some(&b'=') {
                end += 1;
            }
        }
        end
    }

    fn encode(self, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Raw => bytes.to_vec(),
            Self::HexLower => hex(bytes, LOWER),
            Self::HexUpper => hex(bytes, UPPER),
            Self::Base64(behind) => base64(bytes, usize::from(behind)),
        })
    }
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn hex_window(bytes: &[u8], digits: &[u8; 16], window: &mut [u8; WINDOW]) {
    for (pair, byte) in window.chunks_exact_mut(2).zip(bytes) {
        pair[0] = digits[usize::from(byte >> 4)];
        pair[1] = digits[usize::from(byte & 15)];
    }
}

/// A window of six digits behind at most three shared ones reaches no further than six bytes.
fn base64_window(bytes: &[u8], behind: usize, window: &mut [u8; WINDOW]) {
    let mut framed = Zeroizing::new([0; WINDOW + 3]);
    framed[behind..behind + WINDOW].copy_from_slice(&bytes[..WINDOW]);
    let first = (behind * 8).div_ceil(6);
    for (index, digit) in window.iter_mut().enumerate() {
        let bit = (first + index) * 6;
        let two = u16::from_be_bytes([framed[bit / 8], framed[bit / 8 + 1]]);
        *digit = BASE64[usize::from(two >> (10 - bit % 8) & 63)];
    }
}

/// The digits that are the secret's alone, when it stands behind `behind` other bytes.
fn base64(bytes: &[u8], behind: usize) -> Vec<u8> {
    let mut framed = Zeroizing::new(vec![0; behind]);
    framed.extend_from_slice(bytes);
    let mut digits = STANDARD_NO_PAD.encode(&*framed).into_bytes();
    digits.truncate(framed.len() * 8 / 6);
    digits.drain(..(behind * 8).div_ceil(6));
    digits
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| digits[usize::from(digit)])
        .collect()
}

/// The standard base64 digit for one of the URL alphabet.
pub(super) fn standard_alphabet(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_beginning_is_the_beginning(text in "\\PC{6,20}") {
            let secret = SecretValue::new(text.as_str());
            for form in Form::ALL {
                let full = form.encode(text.as_bytes());
                let beginning = form.beginning(&secret);
                prop_assert_eq!(beginning.as_slice(), &full[..WINDOW]);
            }
        }
    }
}
