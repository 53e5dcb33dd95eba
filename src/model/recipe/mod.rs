//! How a new value of a variable is made.

mod alphabet;
mod shape;
mod short;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{SecretValue, VarName};
pub use alphabet::{Alphabet, CharClass};
pub use shape::Shape;
pub use short::{SHORT_FORMS, size_of};

/// One draw of randomness.
pub type Draw = Zeroizing<[u8; 32]>;

/// A recipe of fewer bits is no secret: it is refused.
pub const MIN_BITS: f64 = 64.0;

/// A recipe of fewer bits is warned of: NIST SP 800-131A asks for a strength of at least 112 bits.
pub const GOOD_BITS: f64 = 112.0;

/// The most characters, digits or bytes that a recipe may ask for.
pub const MAX_LENGTH: usize = 4096;

/// The longest prefix, in bytes.
pub const MAX_PREFIX: usize = 64;

/// How long a command may take where nothing is said.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// How a value is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipe {
    /// A random text.
    Text(TextRecipe),
    /// The private half of a key pair.
    Pair(PairRecipe),
    /// Whatever a program prints.
    Command(CommandRecipe),
}

/// A random text of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRecipe {
    /// What every value begins with; no secret. Printable ASCII without spaces, perhaps empty.
    pub prefix: String,
    /// What follows.
    pub shape: Shape,
}

/// A key pair: the private half is the variable's value, the public half goes into a clear one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairRecipe {
    /// Which curve, and how both halves are spelled.
    pub kind: PairKind,
    /// The clear variable that gets the public half.
    pub public: VarName,
}

/// The curve of a key pair and its spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairKind {
    /// Ed25519: for signatures.
    Ed25519(Ed25519Spelling),
    /// X25519: for key agreement.
    X25519(X25519Spelling),
}

/// How an Ed25519 key is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ed25519Spelling {
    /// PEM: PKCS #8 and `SubjectPublicKeyInfo`, as in RFC 8410.
    Pkcs8,
    /// An OpenSSH private key, and a line for `authorized_keys`.
    Openssh,
    /// The 32 bytes of RFC 8032 as standard base64.
    Base64,
    /// The same as hex digits.
    Hex,
}

/// How an X25519 key is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum X25519Spelling {
    /// PEM: PKCS #8 and `SubjectPublicKeyInfo`, as in RFC 8410.
    Pkcs8,
    /// The 32 bytes of RFC 7748 as standard base64, as WireGuard has them.
    Base64,
    /// The same as hex digits.
    Hex,
    /// An age identity and its recipient.
    Age,
}

/// A program whose standard output is the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRecipe {
    /// A command line for `sh`.
    pub line: String,
    /// How long it may take.
    pub limit: Duration,
}

impl Recipe {
    /// The clear variable that it makes as well.
    pub fn public(&self) -> Option<&VarName> {
        match self {
            Self::Pair(pair) => Some(&pair.public),
            Self::Text(_) | Self::Command(_) => None,
        }
    }

    /// The command that it runs.
    pub fn command(&self) -> Option<&CommandRecipe> {
        match self {
            Self::Command(command) => Some(command),
            Self::Text(_) | Self::Pair(_) => None,
        }
    }

    /// As a manifest spells it, on one line.
    pub fn to_source(&self) -> String {
        match self {
            Self::Text(text) => text.to_source(),
            Self::Pair(pair) => {
                let (curve, spelling) = pair.kind.words();
                format!("{{ {curve}: {spelling}, public: {} }}", pair.public)
            }
            Self::Command(command) => {
                let line = quoted(&command.line);
                match command.limit {
                    COMMAND_LIMIT => format!("{{ command: {line} }}"),
                    limit => format!("{{ command: {line}, timeout: {}s }}", limit.as_secs()),
                }
            }
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Pair(pair) => {
                let (curve, spelling) = pair.kind.words();
                write!(
                    f,
                    "an {curve} key ({spelling}), its public half in {}",
                    pair.public
                )
            }
            Self::Command(_) => f.write_str("what its command printed"),
        }
    }
}

impl TextRecipe {
    /// 32 bytes as 43 letters, digits, `-` and `_`, which every platform takes.
    pub const fn usual() -> Self {
        Self::of(Shape::Base64url { bytes: 32 })
    }

    /// One without a prefix.
    pub const fn of(shape: Shape) -> Self {
        Self {
            prefix: String::new(),
            shape,
        }
    }

    /// The base-2 logarithm of how many values it can make, all of them equally likely.
    pub fn bits(&self) -> f64 {
        self.shape.bits()
    }

    /// A new value. Each call of `draw` gives fresh randomness.
    pub fn make(&self, draw: impl FnMut() -> Draw) -> SecretValue {
        let mut text = Zeroizing::new(String::with_capacity(
            self.prefix.len() + self.shape.length(),
        ));
        text.push_str(&self.prefix);
        self.shape.push(&mut text, draw);
        SecretValue::new(text.as_str())
    }

    fn to_source(&self) -> String {
        let prefix = match self.prefix.as_str() {
            "" => String::new(),
            prefix => format!(", prefix: {}", quoted(prefix)),
        };
        match &self.shape {
            Shape::Alphabet(alphabet) => {
                let required: Vec<&str> = alphabet.required().map(CharClass::word).collect();
                let required = match required.is_empty() {
                    true => String::new(),
                    false => format!(", require: [{}]", required.join(", ")),
                };
                format!(
                    "{{ alphabet: {}, length: {}{required}{prefix} }}",
                    quoted(alphabet.written()),
                    alphabet.length()
                )
            }
            Shape::Uuid { .. } if prefix.is_empty() => "uuid".to_owned(),
            Shape::Uuid { .. } => format!("{{ uuid: 4{prefix} }}"),
            shape => match (shape.word(), shape.size()) {
                (word, size) if prefix.is_empty() => format!("{word}:{size}"),
                (word, size) => format!("{{ {word}: {size}{prefix} }}"),
            },
        }
    }
}

impl fmt::Display for TextRecipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shape.fmt(f)?;
        match self.prefix.as_str() {
            "" => Ok(()),
            prefix => write!(f, ", after {prefix}"),
        }
    }
}

impl PairKind {
    /// Every kind: the curve, its spelling, and what they stand for.
    pub const ALL: [(&'static str, &'static str, Self); 8] = [
        ("ed25519", "pkcs8", Self::Ed25519(Ed25519Spelling::Pkcs8)),
        (
            "ed25519",
            "openssh",
            Self::Ed25519(Ed25519Spelling::Openssh),
        ),
        ("ed25519", "base64", Self::Ed25519(Ed25519Spelling::Base64)),
        ("ed25519", "hex", Self::Ed25519(Ed25519Spelling::Hex)),
        ("x25519", "pkcs8", Self::X25519(X25519Spelling::Pkcs8)),
        ("x25519", "base64", Self::X25519(X25519Spelling::Base64)),
        ("x25519", "hex", Self::X25519(X25519Spelling::Hex)),
        ("x25519", "age", Self::X25519(X25519Spelling::Age)),
    ];

    /// Curve and spelling.
    pub fn words(self) -> (&'static str, &'static str) {
        let known = Self::ALL.iter().find(|(_, _, kind)| *kind == self);
        known.map_or(("", ""), |(curve, spelling, _)| (curve, spelling))
    }
}

/// Why a text is no recipe. Never holds the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// None of the known words.
    #[error("this is no recipe")]
    Unknown,
    /// A size that is no number, or too large.
    #[error("the size must be a number from 1 to {MAX_LENGTH}")]
    Size,
    /// A character that has no place in a value.
    #[error("an alphabet has printable ASCII characters only, without the space")]
    Character,
    /// One that stands there twice would come twice as often.
    #[error("a character is in the alphabet twice")]
    Twice,
    /// Such as `z-a`, `A-z` or `0-z`.
    #[error(
        "a range goes upwards within one kind of characters: `A-Z`, `a-z`, `0-9` or a part of one"
    )]
    Range,
    /// Nothing could be chosen.
    #[error("an alphabet has at least 2 characters")]
    TooFew,
    /// A class that cannot come, or not in so short a value.
    #[error("what is required is not in the alphabet, or does not fit into the length")]
    Required,
    /// Too easily guessed.
    #[error(
        "a value of this recipe has only {0} bits, and can be guessed; at least {MIN_BITS} are needed"
    )]
    Weak(u32),
    /// A prefix that is too long, or holds what no prefix may.
    #[error("`prefix` is at most {MAX_PREFIX} printable ASCII characters, without the space")]
    Prefix,
}

impl TextRecipe {
    /// Refuses what can be guessed, and a prefix that no value may begin with.
    pub fn checked(self) -> Result<Self, RecipeError> {
        let bits = self.bits();
        if bits < MIN_BITS {
            return Err(RecipeError::Weak(whole(bits)));
        }
        let fits = self.prefix.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits || self.prefix.len() > MAX_PREFIX {
            return Err(RecipeError::Prefix);
        }
        Ok(self)
    }

    /// The bits of a recipe that is warned of, rounded down.
    pub fn is_thin(&self) -> Option<u32> {
        let bits = self.bits();
        (bits < GOOD_BITS).then(|| whole(bits))
    }
}

fn whole(bits: f64) -> u32 {
    bits.max(0.0) as u32
}

/// A text as JSON and YAML both read it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
