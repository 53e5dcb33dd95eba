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

    /// The first bytes of this form, at least a window. Only the head of the secret is encoded.
    pub(super) fn beginning(self, secret: &SecretValue) -> Zeroizing<Vec<u8>> {
        let bytes = secret.expose().as_bytes();
        self.encode(&bytes[..bytes.len().min(WINDOW + 2)])
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
            Self::HexLower => hex(bytes, b"0123456789abcdef"),
            Self::HexUpper => hex(bytes, b"0123456789ABCDEF"),
            Self::Base64(behind) => base64(bytes, usize::from(behind)),
        })
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
