use super::*;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

fn x25519() -> String {
    age::x25519::Identity::generate().to_public().to_string()
}

#[test]
fn an_age_key_is_its_own_canonical_form() {
    let text = x25519();
    let recipient = Recipient::parse(&format!("  {text}\n")).unwrap();
    assert_eq!(recipient.canonical(), text);
    assert_eq!(recipient.plugin(), None);
}

#[test]
fn an_ssh_comment_is_dropped() {
    let with = Recipient::parse(&format!("{ED25519} release machine")).unwrap();
    assert_eq!(with.canonical(), ED25519);
    assert_eq!(with, Recipient::parse(ED25519).unwrap());
}

#[test]
fn what_follows_an_ssh_key_without_a_space_is_an_error() {
    assert_eq!(
        Recipient::parse(&format!("{ED25519}AAAA")),
        Err(RecipientError::BadSsh)
    );
    assert_eq!(
        Recipient::parse(&ED25519[..50]),
        Err(RecipientError::BadSsh)
    );
}

#[test]
fn bad_texts_name_their_reason_and_are_not_quoted() {
    let mut typo = x25519();
    typo.replace_range(20..21, if &typo[20..21] == "q" { "p" } else { "q" });
    let secret = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    let ecdsa = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHFliOyIZs1gxGF3fmDxFykQhE88wy6AKDGFBfn0R6ZuvRmENABZQa9+pj9hMki+LX0qDJbmHTiWDbYv/cmFt/Q=";
    for (text, error) in [
        ("", RecipientError::Empty),
        ("   ", RecipientError::Empty),
        ("hunter2", RecipientError::Unknown),
        ("scrypt", RecipientError::Passphrase),
        (typo.as_str(), RecipientError::BadAge),
        (&x25519().to_uppercase(), RecipientError::BadAge),
        (secret, RecipientError::PrivateKey),
        (&secret.to_lowercase(), RecipientError::PrivateKey),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nx",
            RecipientError::PrivateKey,
        ),
        ("age1aaa\nage1bbb", RecipientError::NotOneLine),
        (ecdsa, RecipientError::UnsupportedSsh),
        ("ssh-dss AAAA", RecipientError::UnsupportedSsh),
    ] {
        let got = Recipient::parse(text).unwrap_err();
        assert_eq!(got, error, "{text}");
        assert!(!got.to_string().contains("GQ9778"));
    }
}

#[test]
fn a_plugin_recipient_names_its_plugin() {
    // Bech32 of eight bytes 07 under the prefix `age1demo`.
    let made = "age1demo1qurswpc8qurswr86mpy";
    assert_eq!(Recipient::parse(made).unwrap().plugin(), Some("demo"));
    assert_eq!(
        Recipient::parse("age1demo1qurswpc8qurswr86mpq"),
        Err(RecipientError::BadAge)
    );
}

#[test]
fn a_key_is_known_by_a_part_of_it() {
    let ssh = Recipient::parse(ED25519).unwrap();
    assert_eq!(ssh.kind(), "ssh-ed25519");
    assert_eq!(ssh.fingerprint().unwrap(), ssh.short());
    assert_eq!(ssh.short().len(), "SHA256:".len() + 43);
    let age = Recipient::parse(&x25519()).unwrap();
    assert_eq!((age.kind().as_str(), age.fingerprint()), ("X25519", None));
    let short = age.short();
    let (begin, end) = short.split_once('…').unwrap();
    assert!(age.canonical().starts_with(begin) && age.canonical().ends_with(end));
    let plugin = Recipient::parse("age1demo1qurswpc8qurswr86mpy").unwrap();
    assert_eq!(plugin.kind(), "plugin demo");
    assert!(plugin.is_held_elsewhere() && !age.is_held_elsewhere());
}

#[test]
fn a_native_tagged_recipient_needs_no_plugin() {
    let text = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";
    let recipient = Recipient::parse(text).unwrap();
    assert!(matches!(recipient.key, PublicKey::Tag(_)));
    assert_eq!(recipient.plugin(), None);
    assert_eq!(
        Recipient::parse(&text[..text.len() - 1]),
        Err(RecipientError::BadAge)
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(age1|ssh-rsa |ssh-ed25519 |AGE-)?\\PC{0,90}") {
        if let Ok(recipient) = Recipient::parse(&text) {
            let again = Recipient::parse(recipient.canonical()).unwrap();
            proptest::prop_assert_eq!(again, recipient);
        }
    }
}
