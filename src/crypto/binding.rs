//! The first line of every plaintext, which binds it to its place:
//! `driftlock/1 <manifest> <ENTRY> <sequence> <sealed at> <dots>`, then the value.
//!
//! The dots, 1 to 32 of them, make the whole a multiple of 32 bytes, so that a payload gives away
//! the value's length only roughly. There is one spelling for one binding; anything else is refused.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::payload::PayloadError;
use crate::model::{ManifestName, SecretValue};

/// Longest value.
pub const MAX_VALUE_BYTES: usize = 1 << 20;
const MAX_ENTRY_BYTES: usize = 255;
const FORMAT: &str = "driftlock/1";
const BLOCK: usize = 32;
/// `2026-01-31T23:59:59Z`
const DATE_BYTES: usize = 20;
/// Format, manifest, entry, sequence, date, dots and their separators, at most, and a block.
const MAX_LINE_BYTES: usize = 512;
/// No plaintext is longer.
pub(super) const MAX_PLAINTEXT_BYTES: usize = MAX_VALUE_BYTES + MAX_LINE_BYTES;

/// An opened value and what its binding says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How often it was sealed anew.
    pub sequence: u64,
    /// When, to the second.
    pub sealed_at: Timestamp,
    /// The value.
    pub value: SecretValue,
}

/// Why a value could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Its entry name.
    #[error("an entry's name must be 1 to 255 of A-Z, a-z, 0-9, dot, dash and _")]
    EntryName,
    /// Its length.
    #[error("the value is longer than 1 MiB; keep it elsewhere and store where it is")]
    TooLong,
}

/// Why a value did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not the one base64 text of its bytes.
    #[error(
        "is not canonical base64: it was edited or cut off; restore it from git or set it anew"
    )]
    NotBase64,
    /// Over the limit.
    #[error("is longer than any value can be; restore it from git or set it anew")]
    TooLong,
    /// Shorter than any payload.
    #[error("is cut off; restore it from git or set it anew")]
    Truncated,
    /// Tampered, or another key.
    #[error(
        "does not authenticate: it was changed, or sealed under another key; restore it from git \
         or set it anew"
    )]
    Authentication,
    /// A payload moved to another name.
    #[error("was sealed for the name {0} and moved here; set it anew under this name")]
    OtherName(String),
    /// A payload moved to another manifest.
    #[error("was sealed for the manifest {0} and moved here; set it anew in this manifest")]
    OtherManifest(String),
    /// No binding line, or not in its one form.
    #[error("does not begin with a driftlock binding line; set it anew")]
    BadBinding,
    /// Not padded as every writer pads.
    #[error("is not padded as driftlock pads; set it anew")]
    BadPadding,
    /// Bytes that no variable can hold.
    #[error("is not UTF-8 text, so no variable can hold it; set it anew")]
    NotText,
}

impl From<PayloadError> for OpenError {
    fn from(error: PayloadError) -> Self {
        match error {
            PayloadError::Truncated => Self::Truncated,
            PayloadError::Authentication | PayloadError::EmptyFinalChunk => Self::Authentication,
        }
    }
}

/// The names that a value is bound to.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) manifest: &'a ManifestName,
    pub(super) entry: &'a str,
}

/// Puts the binding line in front of a value.
pub(super) fn bind(
    place: Place<'_>,
    sequence: u64,
    sealed_at: Timestamp,
    value: &SecretValue,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let Place { manifest, entry } = place;
    if !is_entry_name(entry) {
        return Err(SealError::EntryName);
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(SealError::TooLong);
    }
    let date = format_date(sealed_at);
    let line = format!("{FORMAT} {manifest} {entry} {sequence} {date} ");
    // The newline counts too.
    let unpadded = line.len() + 1 + value.len();
    let dots = BLOCK - unpadded % BLOCK;
    let mut text = Zeroizing::new(Vec::with_capacity(unpadded + dots));
    text.extend_from_slice(line.as_bytes());
    text.resize(line.len() + dots, b'.');
    text.push(b'\n');
    text.extend_from_slice(value.expose().as_bytes());
    Ok(text)
}

/// Checks the binding line word by word, and takes the value out.
pub(super) fn unbind(place: Place<'_>, plaintext: &[u8]) -> Result<Opened, OpenError> {
    let end = plaintext
        .iter()
        .take(MAX_LINE_BYTES)
        .position(|byte| *byte == b'\n')
        .ok_or(OpenError::BadBinding)?;
    let (line, value) = (&plaintext[..end], &plaintext[end + 1..]);
    let line = std::str::from_utf8(line).map_err(|_| OpenError::BadBinding)?;
    let mut words = line.split(' ');
    let mut word = || words.next().ok_or(OpenError::BadBinding);
    if word()? != FORMAT {
        return Err(OpenError::BadBinding);
    }
    let (manifest, entry, sequence, date, dots) = (word()?, word()?, word()?, word()?, word()?);
    if words.next().is_some() || !is_entry_name(entry) {
        return Err(OpenError::BadBinding);
    }
    if manifest != place.manifest.as_str() {
        return Err(match ManifestName::new(manifest) {
            Ok(other) => OpenError::OtherManifest(other.into()),
            Err(_) => OpenError::BadBinding,
        });
    }
    if entry != place.entry {
        return Err(OpenError::OtherName(entry.to_owned()));
    }
    let sequence = parse_sequence(sequence).ok_or(OpenError::BadBinding)?;
    let sealed_at = parse_date(date).ok_or(OpenError::BadBinding)?;
    let padded = (1..=BLOCK).contains(&dots.len()) && plaintext.len().is_multiple_of(BLOCK);
    if !padded || dots.bytes().any(|byte| byte != b'.') {
        return Err(OpenError::BadPadding);
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(OpenError::TooLong);
    }
    let value = std::str::from_utf8(value).map_err(|_| OpenError::NotText)?;
    Ok(Opened {
        sequence,
        sealed_at,
        value: SecretValue::new(value),
    })
}

/// Variables, and reserved entries such as `.fingerprint-key`.
pub(super) fn is_entry_name(text: &str) -> bool {
    (1..=MAX_ENTRY_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// Decimal, without a sign or leading zeros.
fn parse_sequence(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = plain && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

/// RFC 3339, UTC, whole seconds. A clock that is set before 1970 is taken as 1970.
pub(super) fn format_date(at: Timestamp) -> String {
    at.max(Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// The inverse, for exactly what [`format_date`] makes. Compares with a pattern instead of formatting
/// again: this runs once for every value.
fn parse_date(text: &str) -> Option<Timestamp> {
    const PATTERN: &[u8; DATE_BYTES] = b"0000-00-00T00:00:00Z";
    let fits = |(byte, pattern): (u8, &u8)| match pattern {
        b'0' => byte.is_ascii_digit(),
        other => byte == *other,
    };
    let spelled = text.len() == DATE_BYTES && text.bytes().zip(PATTERN).all(fits);
    // A leap second would be read as the second before it.
    if !spelled || text.ends_with("60Z") {
        return None;
    }
    let at: Timestamp = text.parse().ok()?;
    (at >= Timestamp::UNIX_EPOCH).then_some(at)
}

#[cfg(test)]
mod tests;
