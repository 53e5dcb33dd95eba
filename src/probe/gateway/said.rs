//! What an answer means that may be a gateway's, and how it is told. Nothing of it is quoted.

use serde::Deserialize;

use crate::probe::Door;
use crate::probe::judge::Answer;

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Who asks may ask; the request lacks what it is about.
    Incomplete,
    /// The token is not taken.
    Unauthorized,
    /// It is taken, and not for this.
    Forbidden,
    /// Nobody's token is looked at.
    UnknownProxy,
    /// Nobody's token is looked at for a while, after too many wrong ones.
    Locked,
    /// Nobody is there yet.
    Down,
    /// No gateway says this.
    Other,
}

impl Said {
    pub(super) fn of(door: &Door, answer: &Answer) -> Self {
        match answer.status {
            // also the pages that proxies make of it
            502..=504 => Self::Down,
            // a page, so that what its status means is another one's word; or too long for any
            // answer of a gateway, and then a curl may not even have seen that it is a page
            _ if is_page(answer) || answer.body.is_none() => Self::Other,
            400 if is_incomplete(door, answer) => Self::Incomplete,
            401 => Self::Unauthorized,
            403 if error_type(answer) == Some(ErrorType::ProxyAttributionRequired) => {
                Self::UnknownProxy
            }
            403 => Self::Forbidden,
            429 => Self::Locked,
            _ => Self::Other,
        }
    }
}

fn is_page(answer: &Answer) -> bool {
    answer.is("text/html") || answer.is("application/xhtml+xml")
}

fn is_incomplete(door: &Door, answer: &Answer) -> bool {
    match door {
        Door::Gateway => error_type(answer) == Some(ErrorType::InvalidRequest),
        Door::Hooks { .. } => wants_text(answer),
    }
}

/// How a gateway's own door names its refusals.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ErrorType {
    InvalidRequest,
    ProxyAttributionRequired,
    #[serde(other)]
    Other,
}

fn error_type(answer: &Answer) -> Option<ErrorType> {
    #[derive(Deserialize)]
    struct Refusal {
        error: Reason,
    }
    #[derive(Deserialize)]
    struct Reason {
        r#type: ErrorType,
    }
    let refusal: Refusal = json(answer)?;
    Some(refusal.error.r#type)
}

/// Whether it says in the words of hooks that there is no text.
fn wants_text(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Refusal<'a> {
        ok: bool,
        // within the answer, which is wiped; one that has to be unescaped is none of these words
        error: &'a str,
    }
    json(answer).is_some_and(|Refusal { ok, error }| {
        let says = |word| {
            error
                .split(|letter: char| !letter.is_ascii_alphanumeric())
                .any(|part| part.eq_ignore_ascii_case(word))
        };
        !ok && says("text") && says("required")
    })
}

fn json<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Option<T> {
    let body = answer.body.as_ref()?;
    if !answer.is("application/json") {
        return None;
    }
    // what it complains of might quote
    serde_json::from_slice(body.as_slice()).ok()
}

/// For who is locked out.
pub(super) fn locked(door: &Door, retry_after: Option<u32>) -> String {
    let long = retry_after.map_or(String::new(), |seconds| format!(", for {seconds} s more"));
    let so = match door {
        Door::Gateway => "the right token gets 429 too",
        // they look at the token first
        Door::Hooks { .. } => "hooks let the right token in all the same, a proxy may not",
    };
    format!(
        "locked out after too many wrong tokens (status 429{long}): {so}; nothing is tried again \
         in this run"
    )
}

/// For an answer that no gateway gives, or not to this.
pub(super) fn stranger(door: &Door, answer: &Answer) -> String {
    let came = in_words(answer);
    match (door, answer.status) {
        (Door::Hooks { .. }, 404) => format!(
            "{came}: hooks are switched off there or have another path, or what answers is no \
             OpenClaw gateway, or a proxy stands in between"
        ),
        (_, 500..) => format!("{came}: a fault of the gateway, or of a proxy before it"),
        _ => format!(
            "{came}: what answers there is no OpenClaw gateway, or a proxy stands in between"
        ),
    }
}

/// The answer by what is known of it beforehand.
pub(super) fn in_words(answer: &Answer) -> String {
    let kind = answer.kind();
    match answer.status {
        status @ (301 | 302 | 303 | 307 | 308) => {
            format!("a redirect (status {status}), which is not followed")
        }
        400 if answer.is("application/json") => {
            "application/json in another shape (status 400)".to_owned()
        }
        status => format!("{kind} (status {status})"),
    }
}
