//! What an answer says: data, and errors by kind. The text of an error is looked at here and dropped:
//! it may quote what we sent.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::limits::in_words;
use crate::model::SecretValue;
use crate::platforms::railway::wire;

/// An answer of the API: data, errors, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// All of it, or `None`: one failing field that may not be null takes all others with it.
    pub data: Option<T>,
    /// What failed; [`GraphError::alias`] tells which root field to leave out next time.
    pub errors: Vec<GraphError>,
}

/// One error of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// Root field or alias first; empty where the whole request failed.
    pub path: Vec<String>,
    /// What it means.
    pub kind: ErrorKind,
    /// The server's code, where it is a plain word.
    pub code: Option<String>,
    /// For Railway's support, where it is a plain word.
    pub trace: Option<String>,
}

/// What an error means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong token, wrong header, no access, or not there: the API does not say which.
    NotAuthorized,
    /// The project token is unknown.
    ProjectTokenNotFound,
    /// This thing is not there.
    NotFound(&'static str),
    /// The server does not know the document: its schema moved.
    Validation,
    /// The server did not like a variable of the request.
    BadInput,
    /// Hidden: passing, or a malformed id.
    ProblemProcessing,
    /// The workspace insists on a second factor.
    TwoFactor,
    /// Too much, too quickly.
    RateLimited {
        /// How long to wait, where the server says it.
        after: Option<Duration>,
    },
    /// The service is building; a redeploy has to wait.
    RedeployWhileBuilding,
    /// The service has never been built.
    NoSnapshot,
    /// The environment moved since the base that we named.
    StaleBase,
    /// Anything else.
    Other,
}

impl GraphError {
    /// The root field or alias that failed.
    pub fn alias(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }

    /// Whether the token as such was refused, and not a part of what was asked for.
    pub(super) fn refuses_token(&self) -> bool {
        self.path.len() <= 1
            && matches!(
                self.kind,
                ErrorKind::NotAuthorized | ErrorKind::ProjectTokenNotFound
            )
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if let (ErrorKind::Other | ErrorKind::Validation, Some(code)) = (&self.kind, &self.code) {
            write!(f, " ({code})")?;
        }
        match &self.trace {
            Some(trace) => write!(f, " (trace {trace})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAuthorized => f.write_str("not authorized, or not there"),
            Self::ProjectTokenNotFound => f.write_str("the project token is unknown"),
            Self::NotFound(what) => write!(f, "{what} not found"),
            Self::Validation => f.write_str("the API does not know this request any more"),
            Self::BadInput => f.write_str("the API refused a value or an id in the request"),
            Self::ProblemProcessing => f.write_str("the API failed inside"),
            Self::TwoFactor => f.write_str("the workspace asks for two-factor authentication"),
            Self::RateLimited { after: None } => f.write_str("too many requests"),
            Self::RateLimited { after: Some(span) } => {
                write!(f, "too many requests; again in {}", in_words(*span))
            }
            Self::RedeployWhileBuilding => f.write_str("a deployment is still being built"),
            Self::NoSnapshot => f.write_str("nothing has been built yet"),
            Self::StaleBase => f.write_str("the environment moved in between"),
            Self::Other => f.write_str("an error of a kind that is not known here"),
        }
    }
}

/// Why a body is no answer. Positions only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadBody {
    Shape { line: usize, column: usize },
    Nothing,
}

/// Reads a body. `after` is what the headers said about waiting.
pub(super) fn parse<T: DeserializeOwned>(
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
    #[serde(default, deserialize_with = "wire::secret_or_null")]
    message: Option<SecretValue>,
    #[serde(default, deserialize_with = "or_default")]
    path: Vec<PathPart>,
    #[serde(default, deserialize_with = "or_default")]
    extensions: Extensions,
    #[serde(default, rename = "traceId")]
    trace: Option<Word>,
}

#[derive(Default, Deserialize)]
struct Extensions {
    code: Option<Word>,
    #[serde(rename = "traceId")]
    trace: Option<Word>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PathPart {
    Index(u64),
    Name(String),
}

/// A plain word stays; anything else could be a value.
struct Word(Option<String>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = wire::secret_or_null(from)?;
        let plain = text.filter(|text| is_plain_word(text.expose()));
        Ok(Self(plain.map(|text| text.expose().to_owned())))
    }
}

fn is_plain_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

impl RawError {
    fn classify(self, after: Option<Duration>) -> GraphError {
        let code = self.extensions.code.and_then(|word| word.0);
        let message = self.message.as_ref().map_or("", SecretValue::expose);
        let kind = kind_of(&message.to_ascii_lowercase(), code.as_deref(), after);
        let part = |part| match part {
            PathPart::Index(at) => at.to_string(),
            PathPart::Name(name) if is_plain_word(&name) => name,
            PathPart::Name(_) => "?".to_owned(),
        };
        GraphError {
            path: self.path.into_iter().map(part).collect(),
            kind,
            trace: self
                .trace
                .and_then(|word| word.0)
                .or_else(|| self.extensions.trace.and_then(|word| word.0)),
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
