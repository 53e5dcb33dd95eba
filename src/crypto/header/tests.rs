use std::sync::Arc;

use age_core::secrecy::ExposeSecret;

use super::*;
use crate::crypto::{NoPrompt, Recipient, SharedPrompt, wrap};

fn key() -> FileKey {
    FileKey::new(Box::new(*b"YELLOW SUBMARINE"))
}

fn sample(count: usize) -> (Header, age::x25519::Identity) {
    let identities: Vec<_> = (0..count)
        .map(|_| age::x25519::Identity::generate())
        .collect();
    let recipients: Vec<Recipient> = identities
        .iter()
        .map(|identity| Recipient::parse(&identity.to_public().to_string()).unwrap())
        .collect();
    let prompt: SharedPrompt = Arc::new(NoPrompt);
    let header = wrap(&key(), &recipients, &prompt).unwrap();
    (header, identities.into_iter().next_back().unwrap())
}

#[test]
fn text_and_back() {
    let (header, identity) = sample(3);
    let text = header.to_text();
    let again = Header::parse(&text).unwrap();
    assert_eq!(again.to_text(), text);
    assert_eq!(again.stanza_count(), 3);
    let file_key = again.unwrap(&identity).unwrap();
    assert_eq!(file_key.expose_secret(), key().expose_secret());
}

#[test]
fn bodies_of_every_length_round_trip() {
    for length in [0, 1, 2, 47, 48, 49, 95, 96, 97, 256] {
        let stanza = Stanza {
            tag: "some".to_owned(),
            args: vec!["~".to_owned()],
            body: vec![7; length],
        };
        let text = Header::seal(vec![stanza], &key()).to_text();
        let header = Header::parse(&text).unwrap();
        assert_eq!(header.to_text(), text);
        assert_eq!(header.stanzas[0].body.len(), length);
        assert!(header.verifies(&key()));
    }
}

/// A changed character either breaks the form or the MAC or the stanza: it never opens.
#[test]
fn no_changed_character_opens() {
    let (header, identity) = sample(2);
    let text = header.to_text();
    for at in 0..text.len() {
        for with in ["A", "\n", " ", "=", "\r"] {
            let mut changed = text.clone();
            changed.replace_range(at..=at, with);
            if changed == text {
                continue;
            }
            if let Ok(header) = Header::parse(&changed) {
                assert_eq!(header.to_text(), changed, "one text for one header");
                assert!(header.unwrap(&identity).is_err(), "{at} {with:?}");
            }
        }
    }
}

#[test]
fn a_recipient_added_by_a_stranger_is_seen() {
    let (header, identity) = sample(1);
    let (other, _) = sample(1);
    let mut stanzas = Header::parse(&header.to_text()).unwrap().stanzas;
    stanzas.extend(other.stanzas);
    let forged = Header {
        stanzas,
        mac: header.mac,
    };
    assert!(matches!(
        forged.unwrap(&identity),
        Err(UnwrapError::Tampered)
    ));
}

#[test]
fn bad_texts_say_the_line_and_quote_nothing() {
    let (header, _) = sample(1);
    let good = header.to_text();
    let mac_line = good.lines().last().unwrap();
    for (text, error) in [
        (String::new(), HeaderError::Version),
        ("age-encryption.org/v2\n".to_owned(), HeaderError::Version),
        ("age-encryption.org/v1\n".to_owned(), HeaderError::CutOff),
        (good.trim_end().to_owned(), HeaderError::CutOff),
        (format!("{good}\n"), HeaderError::Trailing),
        (good.replace('\n', "\r\n"), HeaderError::Version),
        (
            format!("age-encryption.org/v1\n{mac_line}\n"),
            HeaderError::Line {
                line: 2,
                what: "no recipient before it",
            },
        ),
        (
            good.replace("--- ", "---"),
            HeaderError::Line {
                line: 4,
                what: "not a MAC",
            },
        ),
        (
            good.replace("-> X25519", "->  X25519"),
            HeaderError::Line {
                line: 2,
                what: "not a recipient",
            },
        ),
        (
            good.replace("-> X25519 ", "-> scrypt "),
            HeaderError::Passphrase,
        ),
        (
            good.replace("-> X25519", "x hunter2"),
            HeaderError::Line {
                line: 2,
                what: "neither a recipient nor the last line",
            },
        ),
        (
            good.replace("-> X25519", "-> é"),
            HeaderError::Line {
                line: 2,
                what: "not plain ASCII",
            },
        ),
        (
            format!("age-encryption.org/v1\n-> a\n{}", "A".repeat(2 << 20)),
            HeaderError::TooLarge,
        ),
    ] {
        let got = Header::parse(&text).unwrap_err();
        assert_eq!(got, error);
        assert!(!got.to_string().contains("hunter2"));
    }
}

#[test]
fn a_header_and_what_follows_are_told_apart() {
    let (header, _) = sample(1);
    let mut file = header.to_text().into_bytes();
    file.extend(b"\n\xffrest");
    let (_, rest) = Header::split(&file).unwrap();
    assert_eq!(rest, b"\n\xffrest");
}

proptest::proptest! {
    #[test]
    fn what_parses_is_its_own_canonical_form(
        stanza in "-> [!-~]{1,8}( [!-~]{1,8}){0,3}\n([A-Za-z0-9+/]{64}\n){0,2}[A-Za-z0-9+/]{0,70}\n?",
        mac in "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048A-Za-z]",
    ) {
        let text = format!("age-encryption.org/v1\n{stanza}--- {mac}\n");
        if let Ok(header) = Header::parse(&text) {
            proptest::prop_assert_eq!(header.to_text(), text);
            proptest::prop_assert!(!header.verifies(&key()));
        }
    }
}
