//! Text of chosen characters, each equally likely.

use std::fmt;

use zeroize::Zeroize;

use super::shape::Bytes;
use super::{Draw, RecipeError};

/// Characters to choose from, and how many are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alphabet {
    /// As it was written, with ranges.
    written: String,
    /// Each once; ASCII.
    characters: Vec<u8>,
    length: usize,
    /// In their own order, each once.
    require: Vec<CharClass>,
}

/// A kind of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CharClass {
    /// `A-Z`
    Upper,
    /// `a-z`
    Lower,
    /// `0-9`
    Digit,
    /// Every other printable character.
    Symbol,
}

/// A text that holds all required kinds is drawn at least once in so many times.
const SELDOM: f64 = 64.0;

impl CharClass {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Upper, Self::Lower, Self::Digit, Self::Symbol];

    /// As manifests call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Digit => "digit",
            Self::Symbol => "symbol",
        }
    }

    pub(super) const fn of(character: u8) -> Self {
        match character {
            b'A'..=b'Z' => Self::Upper,
            b'a'..=b'z' => Self::Lower,
            b'0'..=b'9' => Self::Digit,
            _ => Self::Symbol,
        }
    }
}

impl Alphabet {
    /// `written` has single characters and ranges such as `A-Z`; a dash that stands first or last is
    /// one itself.
    pub fn new(
        written: &str,
        length: usize,
        require: impl IntoIterator<Item = CharClass>,
    ) -> Result<Self, RecipeError> {
        if length == 0 || length > super::MAX_LENGTH {
            return Err(RecipeError::Size);
        }
        let characters = spread(written)?;
        let mut require: Vec<CharClass> = require.into_iter().collect();
        require.sort_unstable();
        require.dedup();
        let alphabet = Self {
            written: written.to_owned(),
            characters,
            length,
            require,
        };
        if alphabet.share() * SELDOM < 1.0 {
            return Err(RecipeError::Required);
        }
        Ok(alphabet)
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Each character once, in the written order.
    pub fn characters(&self) -> &[u8] {
        &self.characters
    }

    /// How many characters a text has.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// What a text holds at least one of.
    pub fn required(&self) -> impl Iterator<Item = CharClass> {
        self.require.iter().copied()
    }

    /// Of the texts that hold what is required.
    pub(super) fn bits(&self) -> f64 {
        self.length as f64 * (self.characters.len() as f64).log2() + self.share().log2()
    }

    /// Which part of all texts holds what is required: all, less those that lack one kind, and so on
    /// (inclusion and exclusion).
    fn share(&self) -> f64 {
        let all = self.characters.len() as f64;
        let subsets = 0..1_u32 << self.require.len();
        let parts = subsets.map(|subset| {
            let lacks = |character: &u8| {
                let class = CharClass::of(*character);
                let place = self.require.iter().position(|one| *one == class);
                place.is_some_and(|place| subset & (1 << place) != 0)
            };
            let left = self.characters.iter().filter(|one| !lacks(one)).count();
            let sign = if subset.count_ones() % 2 == 0 {
                1.0
            } else {
                -1.0
            };
            sign * (left as f64 / all).powf(self.length as f64)
        });
        parts.sum::<f64>().clamp(0.0, 1.0)
    }

    /// Bytes beyond the last whole multiple of the alphabet are thrown away, and so is a text that
    /// lacks what is required: whatever is left is equally likely.
    pub(super) fn push(&self, text: &mut String, source: &mut Bytes<impl FnMut() -> Draw>) {
        let count = self.characters.len();
        let whole = 256 - 256 % count;
        let mut drawn = Vec::with_capacity(self.length);
        loop {
            drawn.clear();
            while drawn.len() < self.length {
                let byte = usize::from(source.next());
                if byte < whole {
                    drawn.push(self.characters[byte % count]);
                }
            }
            let holds = |class: &CharClass| drawn.iter().any(|one| CharClass::of(*one) == *class);
            if self.require.iter().all(holds) {
                break;
            }
        }
        text.extend(drawn.iter().map(|one| char::from(*one)));
        drawn.zeroize();
    }
}

fn spread(written: &str) -> Result<Vec<u8>, RecipeError> {
    let bytes = written.as_bytes();
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(RecipeError::Character);
    }
    let mut characters = Vec::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let (last, after) = match after {
            [b'-', last, after @ ..] => (last, after),
            _ => (first, after),
        };
        if last < first || CharClass::of(*first) != CharClass::of(*last) {
            return Err(RecipeError::Range);
        }
        // symbols stand in several places of the table: a range stays within its kind
        characters
            .extend((*first..=*last).filter(|one| CharClass::of(*one) == CharClass::of(*first)));
        rest = after;
    }
    let mut sorted = characters.clone();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(RecipeError::Twice);
    }
    if characters.len() < 2 {
        return Err(RecipeError::TooFew);
    }
    Ok(characters)
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} characters of {}", self.length, self.written)?;
        let words: Vec<&str> = self.required().map(CharClass::word).collect();
        match words.is_empty() {
            true => Ok(()),
            false => write!(f, " with {}", words.join(" and ")),
        }
    }
}
