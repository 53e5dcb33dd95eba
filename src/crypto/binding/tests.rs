use super::*;

fn open(plaintext: &str) -> Result<Opened, OpenError> {
    let manifest = ManifestName::new("production").unwrap();
    let place = Place {
        manifest: &manifest,
        entry: "TOKEN",
    };
    unbind(place, plaintext.as_bytes())
}

/// A line with the dots that fit.
fn padded(words: &str, value: &str) -> String {
    let dots = BLOCK - (words.len() + 2 + value.len()) % BLOCK;
    format!("{words} {}\n{value}", ".".repeat(dots))
}

const GOOD: &str = "driftlock/1 production TOKEN 7 2026-01-31T23:59:59Z";

#[test]
fn the_line_is_what_the_design_says() {
    let manifest = ManifestName::new("production").unwrap();
    let place = Place {
        manifest: &manifest,
        entry: "TOKEN",
    };
    let at = "2026-01-31T23:59:59.9Z".parse().unwrap();
    let text = bind(place, 7, at, &SecretValue::new("hunter2\n")).unwrap();
    let text = std::str::from_utf8(&text).unwrap();
    assert_eq!(text, padded(GOOD, "hunter2\n"));
    let opened = open(text).unwrap();
    assert_eq!(opened.value.expose(), "hunter2\n");
    assert_eq!(opened.sequence, 7);
    assert_eq!(opened.sealed_at, "2026-01-31T23:59:59Z".parse().unwrap());
}

#[test]
fn every_length_is_padded_to_a_block_by_1_to_32_dots() {
    let manifest = ManifestName::new("m").unwrap();
    let place = Place {
        manifest: &manifest,
        entry: "A",
    };
    let mut seen = std::collections::BTreeSet::new();
    for length in 0..70 {
        let value = SecretValue::new(".".repeat(length));
        let text = bind(place, 0, Timestamp::UNIX_EPOCH, &value).unwrap();
        assert!(text.len().is_multiple_of(BLOCK));
        seen.insert(
            text.iter()
                .take_while(|byte| **byte != b'\n')
                .filter(|byte| **byte == b'.')
                .count(),
        );
        assert_eq!(unbind(place, &text).unwrap().value, value);
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        (1..=32).collect::<Vec<_>>()
    );
}

#[test]
fn other_places_are_named() {
    let other = GOOD.replace("TOKEN", "OTHER");
    assert_eq!(
        open(&padded(&other, "v")),
        Err(OpenError::OtherName("OTHER".to_owned()))
    );
    let other = GOOD.replace("production", "staging");
    assert_eq!(
        open(&padded(&other, "v")),
        Err(OpenError::OtherManifest("staging".to_owned()))
    );
}

#[test]
fn a_line_in_another_spelling_is_refused() {
    for (from, to) in [
        ("driftlock/1", "driftlock/2"),
        ("driftlock/1", "Driftlock/1"),
        (" 7 ", " 07 "),
        (" 7 ", " +7 "),
        (" 7 ", " -7 "),
        (" 7 ", "  "),
        (" 7 ", " 18446744073709551616 "),
        (" 7 ", " 7  "),
        ("59Z", "60Z"),
        ("59Z", "59z"),
        ("T23", " 23"),
        ("T23", "t23"),
        ("59:59Z", "59:59+00:00"),
        ("59:59Z", "59:59.0Z"),
        ("2026-01-31", "2026-02-31"),
        ("2026-01-31T23:59:59Z", "20260131T235959.00Z"),
        ("TOKEN", "TO/KEN"),
        ("TOKEN", ""),
        ("production", "../x"),
    ] {
        let line = GOOD.replacen(from, to, 1);
        assert_ne!(line, GOOD);
        assert_eq!(
            open(&padded(&line, "v")),
            Err(OpenError::BadBinding),
            "{line}"
        );
    }
    assert_eq!(open(""), Err(OpenError::BadBinding));
    assert_eq!(open(&"x".repeat(640)), Err(OpenError::BadBinding));
    assert_eq!(open(GOOD), Err(OpenError::BadBinding));
}

#[test]
fn padding_is_checked() {
    let good = padded(GOOD, "v");
    let dots = good.matches('.').count();
    for bad in [
        good.replacen('.', "..", 1),
        format!("{good}v"),
        good.replacen('.', "x", 1),
        good.replacen(&".".repeat(dots), &".".repeat(dots + BLOCK), 1),
        format!("{GOOD} \n{}", "v".repeat(BLOCK - (GOOD.len() + 2) % BLOCK)),
    ] {
        assert_eq!(open(&bad), Err(OpenError::BadPadding), "{bad}");
    }
}

#[test]
fn limits_hold_on_both_sides() {
    let manifest = ManifestName::new("m").unwrap();
    let seal = |entry: &str, length| {
        let place = Place {
            manifest: &manifest,
            entry,
        };
        bind(
            place,
            1,
            Timestamp::UNIX_EPOCH,
            &SecretValue::new("x".repeat(length)),
        )
    };
    assert!(seal("A", MAX_VALUE_BYTES).is_ok());
    assert_eq!(seal("A", MAX_VALUE_BYTES + 1), Err(SealError::TooLong));
    assert_eq!(seal("", 1), Err(SealError::EntryName));
    assert_eq!(seal("A B", 1), Err(SealError::EntryName));
    assert_eq!(seal(&"A".repeat(256), 1), Err(SealError::EntryName));
    assert!(seal(".fingerprint-key", 1).is_ok());
}
