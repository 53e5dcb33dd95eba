//! Dates that a value says about itself: a JWT, a certificate, an SSH certificate, a signed URL. Pure;
//! the value is never part of what is said, and what cannot be read says nothing.

mod jwt;
mod ssh;
#[cfg(test)]
mod tests;
mod url;
mod x509;

use std::fmt;

use jiff::Timestamp;

/// What a date was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dated {
    /// `exp` and `nbf` of a JSON Web Token (RFC 7519, section 4.1).
    Jwt,
    /// The validity of an X.509 certificate in PEM (RFC 5280, section 4.1.2.5).
    Certificate,
    /// `valid before` and `valid after` of an OpenSSH certificate (its PROTOCOL.certkeys).
    SshCertificate,
    /// A URL or a token of a storage service with a date among what it signs.
    SignedUrl,
}

impl fmt::Display for Dated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jwt => "JWT",
            Self::Certificate => "certificate",
            Self::SshCertificate => "SSH certificate",
            Self::SignedUrl => "signed URL",
        })
    }
}

/// From when to when a value says that it is good. UTC; a side without a date has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// What says so.
    pub of: Dated,
    /// When it was made, or began.
    pub issued: Option<Timestamp>,
    /// Not before.
    pub begins: Option<Timestamp>,
    /// Not after.
    pub ends: Option<Timestamp>,
}

/// What the value says of its own time, if it is of a kind that does.
///
/// A JWT counts where it is the only one in the value, as a whole word: in a header, in a URL. A JSON
/// document is not searched: what holds several tokens renews them by itself. Of a chain of
/// certificates the first that ends counts, of a bundle of unrelated ones the last.
pub fn validity(text: &str) -> Option<Validity> {
    let text = text.trim();
    jwt::find(text)
        .or_else(|| x509::find(text))
        .or_else(|| ssh::find(text))
        .or_else(|| url::find(text))
        .filter(|found| found.begins.is_some() || found.ends.is_some())
}

/// Seconds since 1970; nothing beyond the year 9999, where nobody counts.
fn second(seconds: i64) -> Option<Timestamp> {
    (seconds > 0)
        .then(|| Timestamp::from_second(seconds).ok())
        .flatten()
}
