//! The shapes of random text, and the drawing of it.

use std::fmt;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{Alphabet, Draw};

/// How a random text is spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Hex digits.
    Hex {
        /// How many.
        digits: usize,
        /// `A-F` in place of `a-f`.
        upper: bool,
    },
    /// Bytes as standard base64, padded.
    Base64 {
        /// How many bytes.
        bytes: usize,
    },
    /// Bytes as base64url, without padding.
    Base64url {
        /// How many bytes.
        bytes: usize,
    },
    /// A UUID of version 4: 122 of its 128 bits are random.
    Uuid {
        /// `A-F` in place of `a-f`.
        upper: bool,
    },
    /// Characters of an alphabet.
    Alphabet(Alphabet),
}

impl Shape {
    /// As manifests and the command line call it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Hex { .. } => "hex",
            Self::Base64 { .. } => "base64",
            Self::Base64url { .. } => "base64url",
            Self::Uuid { .. } => "uuid",
            Self::Alphabet(_) => "alphabet",
        }
    }

    /// Digits, bytes or characters: what is asked for.
    pub const fn size(&self) -> usize {
        match self {
            Self::Hex { digits, .. } => *digits,
            Self::Base64 { bytes } | Self::Base64url { bytes } => *bytes,
            Self::Uuid { .. } => 4,
            Self::Alphabet(alphabet) => alphabet.length(),
        }
    }

    /// How many characters its texts have.
    pub const fn length(&self) -> usize {
        match self {
            Self::Hex { digits, .. } => *digits,
            Self::Base64 { bytes } => (*bytes).div_ceil(3) * 4,
            Self::Base64url { bytes } => (*bytes * 4).div_ceil(3),
            Self::Uuid { .. } => 36,
            Self::Alphabet(alphabet) => alphabet.length(),
        }
    }

    /// The base-2 logarithm of how many texts it has.
    pub(super) fn bits(&self) -> f64 {
        match self {
            Self::Hex { digits, .. } => *digits as f64 * 4.0,
            Self::Base64 { bytes } | Self::Base64url { bytes } => *bytes as f64 * 8.0,
            Self::Uuid { .. } => 122.0,
            Self::Alphabet(alphabet) => alphabet.bits(),
        }
    }

    /// Puts a new text behind what is there. There is room for it.
    pub(super) fn push(&self, text: &mut String, draw: impl FnMut() -> Draw) {
        let mut source = Bytes::new(draw);
        match self {
            Self::Hex { digits, upper } => {
                for at in 0..*digits {
                    // two digits of one byte
                    let byte = match at % 2 {
                        0 => source.next() >> 4,
                        _ => source.last() & 15,
                    };
                    text.push(digit(byte, *upper));
                }
            }
            Self::Uuid { upper } => uuid(text, *upper, &mut source),
            Self::Base64 { bytes } => {
                BASE64_STANDARD.encode_string(source.take(*bytes).as_slice(), text);
            }
            Self::Base64url { bytes } => {
                BASE64_URL_SAFE_NO_PAD.encode_string(source.take(*bytes).as_slice(), text);
            }
            Self::Alphabet(alphabet) => alphabet.push(text, &mut source),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hex { digits, .. } => write!(f, "{digits} hex digits"),
            Self::Base64 { bytes } => write!(f, "{bytes} random bytes as base64 text"),
            Self::Base64url { bytes } => write!(f, "{bytes} random bytes as base64url text"),
            Self::Uuid { .. } => f.write_str("a UUID"),
            Self::Alphabet(alphabet) => alphabet.fmt(f),
        }
    }
}

fn uuid(text: &mut String, upper: bool, source: &mut Bytes<impl FnMut() -> Draw>) {
    let mut bytes = source.take(16);
    // version 4, and the variant that says so
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(digit(byte >> 4, upper));
        text.push(digit(byte & 15, upper));
    }
}

fn digit(four_bits: u8, upper: bool) -> char {
    let digits = match upper {
        false => b"0123456789abcdef",
        true => b"0123456789ABCDEF",
    };
    char::from(digits[usize::from(four_bits & 15)])
}

/// Random bytes one by one, drawn as they are needed. None is used twice.
pub(super) struct Bytes<F> {
    draw: F,
    drawn: Draw,
    used: usize,
}

impl<F: FnMut() -> Draw> Bytes<F> {
    fn new(draw: F) -> Self {
        Self {
            draw,
            drawn: Zeroizing::new([0; 32]),
            used: 32,
        }
    }

    pub(super) fn next(&mut self) -> u8 {
        if self.used == self.drawn.len() {
            self.drawn = (self.draw)();
            self.used = 0;
        }
        self.used += 1;
        self.drawn[self.used - 1]
    }

    /// The byte of the last `next` once more.
    fn last(&self) -> u8 {
        self.drawn[self.used - 1]
    }

    fn take(&mut self, count: usize) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(count));
        for _ in 0..count {
            bytes.push(self.next());
        }
        bytes
    }
}
