use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use super::*;

fn manifest(name: &str) -> ManifestName {
    ManifestName::new(name).unwrap()
}

fn envelope(name: &str) -> Envelope {
    Envelope::from_file_key(
        &manifest(name),
        FileKey::new(Box::new(*b"YELLOW SUBMARINE")),
    )
}

fn reader() -> Recipient {
    Recipient::parse(&crate::crypto::generate_identity().1).unwrap()
}

fn at() -> Timestamp {
    "2026-01-31T23:59:59Z".parse().unwrap()
}

fn seal(envelope: &Envelope, value: &str) -> String {
    envelope
        .seal("TOKEN", 3, at(), &SecretValue::new(value))
        .unwrap()
}

#[test]
fn every_changed_bit_is_refused() {
    let envelope = envelope("production");
    let bytes = BASE64_STANDARD.decode(seal(&envelope, "hunter2")).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let text = BASE64_STANDARD.encode(changed);
        assert_eq!(
            envelope.open("TOKEN", &text),
            Err(OpenError::Authentication),
            "bit {bit}"
        );
    }
}

#[test]
fn every_cut_is_refused() {
    let envelope = envelope("production");
    let bytes = BASE64_STANDARD.decode(seal(&envelope, "hunter2")).unwrap();
    for length in 0..bytes.len() {
        let text = BASE64_STANDARD.encode(&bytes[..length]);
        let error = envelope.open("TOKEN", &text).unwrap_err();
        let expected = if length < OVERHEAD {
            OpenError::Truncated
        } else {
            OpenError::Authentication
        };
        assert_eq!(error, expected, "{length}");
    }
}

#[test]
fn a_value_stays_where_it_was_sealed() {
    let production = envelope("production");
    let payload = seal(&production, "hunter2");
    assert_eq!(
        production.open("OTHER", &payload),
        Err(OpenError::OtherName("TOKEN".to_owned()))
    );
    assert_eq!(
        envelope("staging").open("TOKEN", &payload),
        Err(OpenError::OtherManifest("production".to_owned()))
    );
    let other_key = Envelope::generate(&manifest("production"));
    assert_eq!(
        other_key.open("TOKEN", &payload),
        Err(OpenError::Authentication)
    );
}

#[test]
fn one_base64_text_for_one_payload() {
    let envelope = envelope("production");
    let good = (0..40)
        .map(|length| seal(&envelope, &"x".repeat(length)))
        .find(|text| text.ends_with("=") && !text.ends_with("=="))
        .unwrap();
    let last = good.trim_end_matches('=').len() - 1;
    let mut left_over = good.clone();
    let digit = good.as_bytes()[last];
    left_over.replace_range(last..=last, &char::from(digit + 1).to_string());
    for bad in [
        good.trim_end_matches('=').to_owned(),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        good.replacen('A', "-", 1) + "*",
        left_over,
        String::from("%"),
    ] {
        assert_eq!(
            envelope.open("TOKEN", &bad),
            Err(OpenError::NotBase64),
            "{bad}"
        );
    }
    assert_eq!(envelope.open("TOKEN", ""), Err(OpenError::Truncated));
}

#[test]
fn the_longest_value_passes_and_a_longer_text_is_not_decoded() {
    let envelope = envelope("production");
    let value = "x".repeat(MAX_VALUE_BYTES);
    let payload = seal(&envelope, &value);
    assert!(payload.len() <= MAX_BASE64_BYTES);
    let opened = envelope.open("TOKEN", &payload).unwrap();
    assert_eq!(opened.value.expose(), value);
    let long = "A".repeat(MAX_BASE64_BYTES + 4);
    assert_eq!(envelope.open("TOKEN", &long), Err(OpenError::TooLong));
    let too_long = SecretValue::new(format!("{value}x"));
    assert_eq!(
        envelope.seal("TOKEN", 1, at(), &too_long),
        Err(SealError::TooLong)
    );
}

#[test]
fn what_others_authenticated_but_no_writer_of_ours_made_is_refused() {
    let envelope = envelope("production");
    let open = |plaintext: &[u8]| {
        let payload = BASE64_STANDARD.encode(encrypt_payload(&envelope.file_key, plaintext));
        envelope.open("TOKEN", &payload)
    };
    assert_eq!(open(b"hunter2"), Err(OpenError::BadBinding));
    assert_eq!(open(b""), Err(OpenError::BadBinding));
    let mut not_text =
        b"driftlock/1 production TOKEN 1 2026-01-31T23:59:59Z ..........\n\xff".to_vec();
    assert_eq!(not_text.len(), 64);
    assert_eq!(open(&not_text), Err(OpenError::NotText));
    not_text[63] = b'v';
    assert_eq!(open(&not_text).unwrap().value.expose(), "v");
}

/// Fixed for ever: a change here locks people out of their manifests.
#[test]
fn derived_values_are_pinned() {
    let envelope = envelope("production");
    assert_eq!(
        envelope.key_id().to_string(),
        "21fe8bbb523d8908e739ac1a60e37f55"
    );
    let recipients: Vec<Recipient> = [
        "age1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurs95jt69",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN a",
    ]
    .map(|text| Recipient::parse(text).unwrap())
    .to_vec();
    let mac = envelope.recipients_mac(&recipients);
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "6542bea560553729c8a85d0c5e30e13162750d2c0a216795396b0863cb66182a"
    );
}

#[test]
fn the_recipients_mac_covers_manifest_key_and_list_but_not_order() {
    let recipient = || {
        let public = age::x25519::Identity::generate().to_public().to_string();
        Recipient::parse(&public).unwrap()
    };
    let (a, b, c) = (recipient(), recipient(), recipient());
    let envelope = envelope("production");
    let mac = envelope.recipients_mac(&[a.clone(), b.clone()]);
    assert!(envelope.verify_recipients(&[b.clone(), a.clone(), b.clone()], &mac));
    assert!(!envelope.verify_recipients(std::slice::from_ref(&a), &mac));
    assert!(!envelope.verify_recipients(&[a.clone(), b.clone(), c.clone()], &mac));
    assert!(!envelope.verify_recipients(&[a.clone(), c], &mac));
    assert!(!envelope.verify_recipients(&[], &mac));
    assert!(!envelope.verify_recipients(&[a.clone(), b.clone()], &mac[..31]));
    assert!(!envelope.verify_recipients(&[a.clone(), b.clone()], &[]));
    assert!(!super::tests::envelope("staging").verify_recipients(&[a.clone(), b.clone()], &mac));
    assert!(!Envelope::generate(&manifest("production")).verify_recipients(&[a, b], &mac));
}

#[test]
fn debug_shows_no_key() {
    let envelope = envelope("production");
    let shown = format!("{envelope:?} {:?}", envelope.clone());
    assert!(!shown.contains("YELLOW") && !shown.contains("89, 69"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whoever_was_added_to_a_signed_list_is_found(
        all in 1usize..9, added in proptest::collection::btree_set(0usize..9, 0..4), gone: bool,
    ) {
        let envelope = envelope("production");
        let readers: Vec<Recipient> = (0..all).map(|_| reader()).collect();
        let is_added = |at: &usize| *at > 0 && added.contains(at);
        let signed: Vec<Recipient> = (0..all)
            .filter(|at| !is_added(at))
            .map(|at| readers[at].clone())
            .collect();
        let mac = envelope.recipients_mac(&signed);
        let listed = &readers[usize::from(gone)..];
        let found = envelope.added_since(listed, &mac);
        let expected: Vec<Recipient> =
            (0..all).filter(is_added).map(|at| readers[at].clone()).collect();
        // the first one is always signed: without it no part of the list is
        prop_assert_eq!(found, (!gone).then_some(expected));
    }

    #[test]
    fn what_is_sealed_opens(
        value in "\\PC{0,200}|[\\x00-\\x7f]{0,200}",
        entry in "[A-Za-z0-9._-]{1,255}",
        sequence in any::<u64>(),
        seconds in 0i64..4_000_000_000,
    ) {
        let envelope = envelope("production");
        let sealed_at = Timestamp::from_second(seconds).unwrap();
        let value = SecretValue::new(value);
        let payload = envelope.seal(&entry, sequence, sealed_at, &value).unwrap();
        prop_assert_eq!(BASE64_STANDARD.decode(&payload).unwrap().len() % 32, 0);
        let opened = envelope.open(&entry, &payload).unwrap();
        prop_assert_eq!(opened, Opened { sequence, sealed_at, value });
    }

    #[test]
    fn swapped_names_are_refused(a in "[A-Z_]{1,12}", b in "[A-Z_]{1,12}") {
        let envelope = envelope("production");
        let payload = envelope.seal(&a, 1, at(), &SecretValue::new("v")).unwrap();
        prop_assert_eq!(envelope.open(&b, &payload).is_ok(), a == b);
    }

    #[test]
    fn no_text_makes_it_panic_or_open(text in "[A-Za-z0-9+/]{0,400}={0,2}|\\PC{0,60}") {
        prop_assert!(envelope("production").open("TOKEN", &text).is_err());
    }
}
