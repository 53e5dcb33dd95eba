//! The dates of an OpenSSH certificate, as its PROTOCOL.certkeys lays them out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::{Dated, Validity, second};

/// Each kind of key, and so many fields of it stand between the nonce and the serial number.
const KINDS: [(&str, usize); 8] = [
    ("ssh-ed25519-cert-v01@openssh.com", 1),
    ("ssh-rsa-cert-v01@openssh.com", 2),
    ("ssh-dss-cert-v01@openssh.com", 4),
    ("ecdsa-sha2-nistp256-cert-v01@openssh.com", 2),
    ("ecdsa-sha2-nistp384-cert-v01@openssh.com", 2),
    ("ecdsa-sha2-nistp521-cert-v01@openssh.com", 2),
    ("sk-ssh-ed25519-cert-v01@openssh.com", 2),
    ("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3),
];

pub(super) fn find(text: &str) -> Option<Validity> {
    let mut words = text.split_ascii_whitespace();
    let kind = words.next()?;
    let (_, fields) = KINDS.iter().find(|(known, _)| *known == kind)?;
    let blob = STANDARD.decode(words.next()?).ok()?;
    let mut rest = blob.as_slice();
    if string(&mut rest)? != kind.as_bytes() {
        return None;
    }
    // the nonce, and the key
    for _ in 0..=*fields {
        string(&mut rest)?;
    }
    let _serial: [u8; 8] = take(&mut rest)?;
    let _of_user_or_host: [u8; 4] = take(&mut rest)?;
    let (_id, _principals) = (string(&mut rest)?, string(&mut rest)?);
    let (after, before) = (take(&mut rest)?, take(&mut rest)?);
    let begins = date(after);
    Some(Validity {
        of: Dated::SshCertificate,
        issued: begins,
        begins,
        ends: date(before),
    })
}

/// Zero and the greatest number stand for no date.
fn date(bytes: [u8; 8]) -> Option<Timestamp> {
    second(i64::try_from(u64::from_be_bytes(bytes)).ok()?)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(*first)
}

/// A length of four bytes, and so many.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_be_bytes(take(rest)?)).ok()?;
    let (first, others) = rest.split_at_checked(length)?;
    *rest = others;
    Some(first)
}
