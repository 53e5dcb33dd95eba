//! From a body to an answer. The parts of an error may be of any type: an odd one must not hide the
//! rest.

use std::fmt;
use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::{Answer, ErrorKind, GraphError};
use crate::model::SecretValue;

/// Why a body is no answer. Positions only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum BadBody {
    Shape { line: usize, column: usize },
    Nothing,
}

/// Reads a body. `after` is what the headers said about waiting.
pub(in super::super) fn parse<T: DeserializeOwned>(
    body: &[u8],
    after: Option<Duration>,
) -> Result<Answer<T>, BadBody> {
    match serde_json::from_slice::<Envelope<T>>(body) {
        Ok(envelope) => envelope.into_answer(after),
        // the data may be of another form because of the errors beside it
        Err(error) => match serde_json::from_slice::<ErrorsOnly>(body) {
            Ok(ErrorsOnly { errors }) if !errors.is_empty() => Ok(Answer {
                data: None,
                errors: errors.into_iter().map(|raw| raw.classify(after)).collect(),
            }),
            _ => Err(BadBody::Shape {
                line: error.line(),
                column: error.column(),
            }),
        },
    }
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Envelope<T> {
    #[serde(default = "nothing")]
    data: Option<T>,
    #[serde(default, deserialize_with = "or_default")]
    errors: Vec<RawError>,
}

fn nothing<T>() -> Option<T> {
    None
}

impl<T> Envelope<T> {
    fn into_answer(self, after: Option<Duration>) -> Result<Answer<T>, BadBody> {
        if self.data.is_none() && self.errors.is_empty() {
            return Err(BadBody::Nothing);
        }
        let errors = self.errors.into_iter();
        Ok(Answer {
            data: self.data,
            errors: errors.map(|raw| raw.classify(after)).collect(),
        })
    }
}

#[derive(Deserialize)]
struct ErrorsOnly {
    errors: Vec<RawError>,
}

#[derive(Deserialize)]
struct RawError {
    /// It may quote a value that we sent.
    #[serde(default)]
    message: Loose,
    #[serde(default, deserialize_with = "or_default")]
    path: Vec<Loose>,
    #[serde(default, deserialize_with = "or_default")]
    extensions: Extensions,
    #[serde(default, rename = "traceId")]
    trace: Loose,
}

#[derive(Default, Deserialize)]
struct Extensions {
    #[serde(default)]
    code: Loose,
    #[serde(default, rename = "traceId")]
    trace: Loose,
}

/// A part of an error, of whatever type: an odd one must not hide the rest.
#[derive(Default)]
enum Loose {
    Text(SecretValue),
    Number(u64),
    #[default]
    Other,
}

impl Loose {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text.expose(),
            Self::Number(_) | Self::Other => "",
        }
    }

    /// `LIKE_THIS`; anything else could be a value, and is dropped.
    fn code(&self) -> Option<String> {
        word(self.text(), |byte| {
            byte.is_ascii_uppercase() || byte == b'_'
        })
    }

    /// A number or hexadecimal id; anything else is dropped.
    fn trace(&self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number.to_string()),
            Self::Text(_) | Self::Other => {
                word(self.text(), |byte| byte.is_ascii_hexdigit() || byte == b'-')
            }
        }
    }

    /// What a field or an alias can be called, or a position.
    fn part(&self) -> String {
        match self {
            Self::Number(at) => at.to_string(),
            Self::Text(_) | Self::Other => word(self.text(), |byte| {
                byte.is_ascii_alphanumeric() || byte == b'_'
            })
            .unwrap_or_else(|| "?".to_owned()),
        }
    }
}

fn word(text: &str, like: fn(u8) -> bool) -> Option<String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(like);
    fits.then(|| text.to_owned())
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Anything;
        impl<'de> Visitor<'de> for Anything {
            type Value = Loose;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose::Text(SecretValue::new(text)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
                Ok(Loose::Number(number))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }
        }
        from.deserialize_any(Anything)
    }
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

impl RawError {
    fn classify(self, after: Option<Duration>) -> GraphError {
        let code = self.extensions.code.code();
        let message = Zeroizing::new(self.message.text().to_ascii_lowercase());
        GraphError {
            path: self.path.iter().map(Loose::part).collect(),
            kind: kind_of(&message, code.as_deref(), after),
            trace: self.trace.trace().or_else(|| self.extensions.trace.trace()),
            code,
        }
    }
}

/// From the most to the least telling. `message` is in lower case.
fn kind_of(message: &str, code: Option<&str>, after: Option<Duration>) -> ErrorKind {
    let says = |text: &str| message.contains(text);
    match code {
        Some("STALE_ENVIRONMENT_BASE") => return ErrorKind::StaleBase,
        Some("GRAPHQL_VALIDATION_FAILED" | "GRAPHQL_PARSE_FAILED") => return ErrorKind::Validation,
        _ => {}
    }
    if says("project token not found") {
        ErrorKind::ProjectTokenNotFound
    } else if says("not authorized") || says("unauthorized") {
        ErrorKind::NotAuthorized
    } else if says("two factor authentication required") {
        ErrorKind::TwoFactor
    } else if says("cannot redeploy yet") {
        ErrorKind::RedeployWhileBuilding
    } else if says("cannot redeploy without a snapshot") {
        ErrorKind::NoSnapshot
    } else if says("rate limit") || says("too quickly") || says("try again in") {
        ErrorKind::RateLimited { after }
    } else if says("problem processing request") {
        ErrorKind::ProblemProcessing
    } else if says("not found") {
        ErrorKind::NotFound(what_is_missing(message))
    } else if code == Some("BAD_USER_INPUT") {
        ErrorKind::BadInput
    } else {
        ErrorKind::Other
    }
}

fn what_is_missing(message: &str) -> &'static str {
    const KNOWN: [&str; 7] = [
        "environment",
        "service instance",
        "service",
        "variable",
        "deployment",
        "workspace",
        "project",
    ];
    let named = KNOWN.into_iter();
    let mut named = named.filter(|what| message.contains(&format!("{what} not found")));
    named.next().unwrap_or("something")
}
