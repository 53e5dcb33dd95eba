//! Recipes in one word, as the command line and manifests both take them.

use std::str::FromStr;

use super::{Alphabet, MAX_LENGTH, RecipeError, Shape, TextRecipe};

/// What is taken, for help texts.
pub const SHORT_FORMS: &str =
    "`base64url:32`, `base64:32`, `hex:64`, `uuid` or `alphabet:A-Za-z0-9:24`";

impl FromStr for TextRecipe {
    type Err = RecipeError;

    /// `base64url`, `base64:32`, `hex:64`, `uuid`, `alphabet:A-Za-z0-9:24`.
    fn from_str(text: &str) -> Result<Self, RecipeError> {
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text, None),
        };
        let size = |usual: usize| rest.map_or(Ok(usual), size_of);
        let shape = match word {
            "hex" => Shape::Hex {
                digits: size(64)?,
                upper: false,
            },
            "base64" => Shape::Base64 { bytes: size(32)? },
            "base64url" => Shape::Base64url { bytes: size(32)? },
            "uuid" if rest.is_none() => Shape::Uuid { upper: false },
            "alphabet" => {
                let written = rest.ok_or(RecipeError::Unknown)?;
                let (characters, length) = written.rsplit_once(':').ok_or(RecipeError::Size)?;
                Shape::Alphabet(Alphabet::new(characters, size_of(length)?, [])?)
            }
            _ => return Err(RecipeError::Unknown),
        };
        Self::of(shape).checked()
    }
}

/// From 1 to [`MAX_LENGTH`], in plain digits.
pub fn size_of(text: &str) -> Result<usize, RecipeError> {
    let plain =
        text.len() <= 4 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    plain
        .then(|| text.parse().ok())
        .flatten()
        .filter(|size| (1..=MAX_LENGTH).contains(size))
        .ok_or(RecipeError::Size)
}
