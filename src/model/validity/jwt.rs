//! The claims of a JWT. Nothing is verified: who signed it is no question here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::super::clear::{is_jwt, words_of};
use super::{Dated, Validity, second};

pub(super) fn find(text: &str) -> Option<Validity> {
    if !text.contains("eyJ") || text.starts_with(['{', '[']) {
        return None;
    }
    let mut tokens = words_of(text).filter(|word| is_jwt(word));
    let token = tokens.next()?;
    // of several nobody knows which one counts
    if tokens.next().is_some() {
        return None;
    }
    read(token)
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    exp: Claim,
    #[serde(default)]
    nbf: Claim,
    #[serde(default)]
    iat: Claim,
}

/// A number of seconds, perhaps with a fraction; anything else says nothing.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Claim {
    At(f64),
    Other(IgnoredAny),
    #[default]
    #[serde(skip)]
    Missing,
}

impl Claim {
    fn date(&self) -> Option<Timestamp> {
        // of what is beyond an i64 the year is beyond all reason too
        const MOST: f64 = 1e15;
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second")]
            Self::At(seconds) if seconds.is_finite() && (1.0..MOST).contains(seconds) => {
                second(*seconds as i64)
            }
            _ => None,
        }
    }
}

fn read(token: &str) -> Option<Validity> {
    let payload = token.split('.').nth(1)?;
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    let claims: Claims = serde_json::from_slice(&bytes).ok()?;
    let begins = claims.nbf.date();
    Some(Validity {
        of: Dated::Jwt,
        issued: claims.iat.date().or(begins),
        begins,
        ends: claims.exp.date(),
    })
}
