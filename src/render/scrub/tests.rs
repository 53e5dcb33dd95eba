use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

fn scrubber(secrets: &[&str]) -> Scrubber {
    Scrubber::new(
        secrets.iter().map(|text| SecretValue::new(*text)),
        &BTreeSet::new(),
    )
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[test]
fn every_form_is_caught() {
    let secret = "s3cr3t/?>é\"\\ \n\u{1b}tail";
    let net = scrubber(&[secret]);
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let forms = [
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD.encode(format!("x{secret}yy")),
        URL_SAFE.encode(format!("xy{secret}z")),
        hex.to_uppercase(),
        hex,
        percent_encoded(secret),
        serde_json::to_string(secret).unwrap(),
        format!("{secret:?}"),
        crate::render::escape::terminal(secret),
        crate::render::escape::markdown(secret),
    ];
    for form in forms {
        let text = format!("before {form} after");
        let scrubbed = net.scrub(&text);
        assert!(scrubbed.contains(REDACTED), "not caught: {form}");
        assert!(scrubbed.starts_with("before "), "{scrubbed}");
        assert!(scrubbed.ends_with(" after"), "{scrubbed}");
    }
}

#[test]
fn padding_goes_with_the_secret() {
    let secret = "hunter2-hunter";
    let text = format!("<{}>", STANDARD.encode(secret));
    assert_eq!(scrubber(&[secret]).scrub(&text), format!("<{REDACTED}>"));
}

#[test]
fn one_line_of_a_key_is_caught() {
    let pem = "-----BEGIN X-----\nMIIEowIBAAKCAQEAabcdef\n-----END X-----";
    let net = scrubber(&[pem]);
    assert_eq!(net.scrub("-----BEGIN X-----"), "-----BEGIN X-----");
    assert_eq!(
        net.scrub("k MIIEowIBAAKCAQEAabcdef k"),
        format!("k {REDACTED} k")
    );
}

#[test]
fn short_common_and_public_texts_stay() {
    let public = BTreeSet::from(["LOG_LEVEL".to_owned()]);
    let secrets = ["12345", "production", "LOG_LEVEL"].map(SecretValue::new);
    let net = Scrubber::new(secrets, &public);
    assert!(net.is_empty());
    let text = "production 12345 LOG_LEVEL";
    assert_eq!(net.scrub(text), text);
}

#[test]
fn overlapping_secrets_leave_nothing() {
    let net = scrubber(&["abcdefgh", "efghijkl"]);
    assert_eq!(net.scrub("[abcdefghijkl]"), format!("[{REDACTED}]"));
}

#[test]
fn a_stream_is_scrubbed_across_writes_and_flushes() {
    let secret = "correct horse battery staple";
    let net = scrubber(&[secret]);
    let mut out = Vec::new();
    let mut writer = ScrubWriter::new(&net, &mut out);
    for chunk in ["key is correct", " horse bat", "tery staple", ".\n"] {
        writer.write_all(chunk.as_bytes()).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!("key is {REDACTED}.\n")
    );
}

#[test]
fn a_flush_lets_a_prompt_through() {
    let net = scrubber(&["correct horse battery staple"]);
    let mut out = Vec::new();
    let mut writer = ScrubWriter::new(&net, &mut out);
    writer.write_all(b"Apply? [y/N] ").unwrap();
    writer.flush().unwrap();
    assert_eq!(writer.buffer.len(), 0);
    drop(writer);
    assert_eq!(out, b"Apply? [y/N] ");
}

proptest! {
    #[test]
    fn no_form_of_any_secret_survives(
        secret in "[ -~é\n]{6,40}",
        before in "[a-z]{0,5}",
        after in "[a-z]{0,5}",
    ) {
        let net = scrubber(&[&secret]);
        prop_assume!(!net.is_empty());
        let whole = format!("{before}{secret}{after}");
        for form in [
            whole.clone(),
            STANDARD_NO_PAD.encode(&whole),
            URL_SAFE.encode(&whole),
            percent_encoded(&whole),
            serde_json::to_string(&whole).unwrap(),
        ] {
            prop_assert!(net.scrub(&form).contains(REDACTED), "{}", form);
        }
    }

    #[test]
    fn chunks_do_not_matter(text in "[abc]{0,60}", cuts in proptest::collection::vec(1usize..9, 0..20)) {
        let net = scrubber(&["abcabc", "bbbbbbb", "cacacacac"]);
        let mut out = Vec::new();
        let mut writer = ScrubWriter::new(&net, &mut out);
        let mut rest = text.as_bytes();
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            writer.write_all(head).unwrap();
            rest = tail;
        }
        writer.write_all(rest).unwrap();
        writer.finish().unwrap();
        prop_assert_eq!(String::from_utf8(out).unwrap(), net.scrub(&text).into_owned());
    }
}
