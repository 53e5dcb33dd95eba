//! Signed URLs and tokens of storage services. Only where the signature stands beside the date: a
//! parameter of that name alone says nothing.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;

use super::{Dated, Validity, second};

/// What Azure's tokens begin with: in a connection string, and as the header of Service Bus.
const SHARED: [&str; 2] = ["SharedAccessSignature=", "SharedAccessSignature "];

pub(super) fn find(text: &str) -> Option<Validity> {
    let is_signed = ["ignature", "sig="].iter().any(|sign| text.contains(sign));
    if !is_signed || text.contains(char::is_control) {
        return None;
    }
    let query = Query::of(text);
    query
        .signed_for("X-Amz")
        .or_else(|| query.signed_for("X-Goog"))
        .or_else(|| query.azure())
        .or_else(|| query.epoch())
        .map(|(begins, ends)| Validity {
            of: Dated::SignedUrl,
            issued: begins,
            begins,
            ends: Some(ends),
        })
}

struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    fn of(text: &'a str) -> Self {
        let shared = SHARED.iter().find_map(|mark| {
            Some(
                text.split_once(mark)?
                    .1
                    .split(';')
                    .next()
                    .unwrap_or_default(),
            )
        });
        let text = shared.unwrap_or_else(|| match text.split_once('?') {
            Some((_, query)) => query.split('#').next().unwrap_or_default(),
            None => text,
        });
        Self(
            text.split('&')
                .filter_map(|one| one.split_once('='))
                .collect(),
        )
    }

    /// The only value of a parameter.
    fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut found = self.0.iter().filter(|(key, _)| *key == name);
        let (_, value) = found.next()?;
        match found.next() {
            None => percent_decode_str(value).decode_utf8().ok(),
            Some(_) => None,
        }
    }

    /// AWS Signature Version 4 and Google's V4: a date, and so many seconds from it.
    fn signed_for(&self, who: &str) -> Option<(Option<Timestamp>, Timestamp)> {
        self.get(&format!("{who}-Signature"))?;
        let date = self.get(&format!("{who}-Date"))?;
        let begin = DateTime::strptime("%Y%m%dT%H%M%SZ", &*date).ok()?;
        let begin = begin.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let seconds: u32 = self.get(&format!("{who}-Expires"))?.parse().ok()?;
        let end = begin.checked_add(SignedDuration::from_secs(seconds.into()));
        Some((Some(begin), end.ok()?))
    }

    /// A shared access signature: of storage with dates in ISO 8601, of Service Bus with seconds.
    fn azure(&self) -> Option<(Option<Timestamp>, Timestamp)> {
        self.get("sig")?;
        let end = self.get("se")?;
        let begin = self.get("st").and_then(|text| iso(&text));
        Some((begin, iso(&end).or_else(|| epoch(&end))?))
    }

    /// CloudFront, the former signatures of S3 and Google, and others: seconds since 1970.
    fn epoch(&self) -> Option<(Option<Timestamp>, Timestamp)> {
        self.get("Signature")?;
        Some((None, epoch(&self.get("Expires")?)?))
    }
}

fn epoch(text: &str) -> Option<Timestamp> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| second(text.parse().ok()?)).flatten()
}

/// A date alone is its first moment.
fn iso(text: &str) -> Option<Timestamp> {
    if text.len() == 10 {
        let day: Date = text.parse().ok()?;
        return Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    text.parse().ok()
}
