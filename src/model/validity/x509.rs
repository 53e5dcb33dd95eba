//! The validity of X.509 certificates in PEM, or in base64 of it. Only the fields before it are walked
//! over; no signature is checked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Reader, SliceReader, Tag, Tagged};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Dated, Validity, second};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// `-----BEGIN ` in base64.
const ENCODED: &str = "LS0tLS1CRUdJTi";

pub(super) fn find(text: &str) -> Option<Validity> {
    if text.starts_with(ENCODED) {
        let joined: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        let bytes = Zeroizing::new(STANDARD.decode(joined.as_bytes()).ok()?);
        return of_pem(std::str::from_utf8(&bytes).ok()?);
    }
    of_pem(text)
}

/// One certificate, as far as it matters here.
struct Certificate {
    issuer: Vec<u8>,
    subject: Vec<u8>,
    begins: Option<Timestamp>,
    ends: Option<Timestamp>,
}

impl Certificate {
    fn is_root(&self) -> bool {
        self.issuer == self.subject
    }
}

fn of_pem(text: &str) -> Option<Validity> {
    let mut blocks = text
        .split(BEGIN)
        .skip(1)
        .map(|rest| Some(rest.split_once(END)?.0))
        .map(|block| parse(&decode(block?)?));
    let first = blocks.next()??;
    let rest: Vec<Option<Certificate>> = blocks.collect();
    let is_chain = match rest.first() {
        None => true,
        Some(next) => next
            .as_ref()
            .is_none_or(|next| next.subject == first.issuer && !first.is_root()),
    };
    let (begins, ends) = if is_chain {
        chain(first, rest)
    } else {
        // what trusts one of many ends with the last of them
        let rest: Option<Vec<_>> = rest.into_iter().collect();
        let all = rest?.into_iter().chain([first]).map(|one| one.ends);
        (None, all.collect::<Option<Vec<_>>>()?.into_iter().max())
    };
    Some(Validity {
        of: Dated::Certificate,
        issued: begins,
        begins,
        ends,
    })
}

/// The latest beginning and the first end. A root at its end does not count: whoever verifies has a
/// copy of his own.
fn chain(
    first: Certificate,
    rest: Vec<Option<Certificate>>,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let (mut begins, mut ends) = (first.begins, first.ends);
    let mut issuer = first.issuer;
    for next in rest.into_iter().map_while(|next| next) {
        if next.subject != issuer || next.is_root() {
            break;
        }
        begins = begins.max(next.begins);
        ends = match (ends, next.ends) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        issuer = next.issuer;
    }
    (begins, ends)
}

/// A line break may be written as `\n`, as environment variables often have it.
fn decode(block: &str) -> Option<Vec<u8>> {
    let plain: String = block
        .replace("\\n", "")
        .replace("\\r", "")
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    STANDARD.decode(plain).ok()
}

fn parse(bytes: &[u8]) -> Option<Certificate> {
    let whole = sequence(&mut SliceReader::new(bytes).ok()?)?;
    let mut signed = SliceReader::new(sequence(&mut SliceReader::new(whole).ok()?)?).ok()?;
    // the version is optional, the serial number is not
    let mut one: AnyRef<'_> = signed.decode().ok()?;
    if one.tag().is_context_specific() {
        one = signed.decode().ok()?;
    }
    if one.tag() != Tag::Integer {
        return None;
    }
    sequence(&mut signed)?;
    let issuer = sequence(&mut signed)?.to_vec();
    let mut validity = SliceReader::new(sequence(&mut signed)?).ok()?;
    let begins = time(validity.decode().ok()?)?;
    let ends = time(validity.decode().ok()?)?;
    let subject = sequence(&mut signed)?.to_vec();
    Some(Certificate {
        issuer,
        subject,
        begins,
        ends,
    })
}

/// The contents of the next item, which is a sequence.
fn sequence<'a>(reader: &mut SliceReader<'a>) -> Option<&'a [u8]> {
    let item: AnyRef<'a> = reader.decode().ok()?;
    (item.tag() == Tag::Sequence).then(|| item.value())
}

/// `None` where it is no date; `Some(None)` for the one that stands for no end.
fn time(item: AnyRef<'_>) -> Option<Option<Timestamp>> {
    let seconds = match item.tag() {
        Tag::UtcTime => item.decode_as::<UtcTime>().ok()?.to_unix_duration(),
        Tag::GeneralizedTime => item.decode_as::<GeneralizedTime>().ok()?.to_unix_duration(),
        _ => return None,
    };
    Some(second(i64::try_from(seconds.as_secs()).ok()?))
}
