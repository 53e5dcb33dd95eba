//! Which values of a file are encrypted.

use regex::Regex;

use super::SopsError;
use super::recognise::ENCRYPTED;
use super::tree::Node;

/// What SOPS does where a file names no rule.
const USUAL_SUFFIX: &str = "_unencrypted";

/// The one rule of a file.
#[derive(Debug)]
pub(super) enum Rule {
    /// All but below a key that ends so.
    UnencryptedSuffix(String),
    EncryptedSuffix(String),
    /// All but below a key that matches.
    UnencryptedRegex(Regex),
    EncryptedRegex(Regex),
    /// By the comments above. These say nothing that the values do not show: what is encrypted looks
    /// so, and the MAC holds both kinds to what was there.
    Comment,
}

const NAMES: [&str; 6] = [
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
];

impl Rule {
    pub(super) fn of(metadata: &Node) -> Result<Self, SopsError> {
        let text = |name: &str| {
            let text = metadata.get(name).and_then(Node::as_text);
            text.filter(|text| !text.is_empty())
        };
        let named: Vec<(&str, String)> = NAMES
            .iter()
            .filter_map(|name| Some((*name, text(name)?)))
            .collect();
        let (name, text) = match <[_; 1]>::try_from(named) {
            Ok([one]) => one,
            Err(named) if named.is_empty() => (NAMES[0], USUAL_SUFFIX.to_owned()),
            Err(_) => {
                return Err(SopsError::Metadata(
                    "it names several rules of what is encrypted".to_owned(),
                ));
            }
        };
        let regex = |text: &str| {
            Regex::new(text).map_err(|_| {
                SopsError::Metadata(format!("its {name} is no pattern that is understood here"))
            })
        };
        Ok(match name {
            "unencrypted_suffix" => Self::UnencryptedSuffix(text),
            "encrypted_suffix" => Self::EncryptedSuffix(text),
            "unencrypted_regex" => Self::UnencryptedRegex(regex(&text)?),
            "encrypted_regex" => Self::EncryptedRegex(regex(&text)?),
            _ => Self::Comment,
        })
    }

    /// Whether the value below these keys is encrypted.
    pub(super) fn encrypts(&self, keys: &[&str], text: Option<&str>) -> bool {
        let ends = |suffix: &String| keys.iter().any(|key| key.ends_with(suffix.as_str()));
        let matches = |regex: &Regex| keys.iter().any(|key| regex.is_match(key));
        match self {
            Self::UnencryptedSuffix(suffix) => !ends(suffix),
            Self::EncryptedSuffix(suffix) => ends(suffix),
            Self::UnencryptedRegex(regex) => !matches(regex),
            Self::EncryptedRegex(regex) => matches(regex),
            Self::Comment => text.is_some_and(|text| text.starts_with(ENCRYPTED)),
        }
    }
}
