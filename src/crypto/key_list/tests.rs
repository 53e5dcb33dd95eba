use super::*;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";
const AGE: &str = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";

fn one(text: &str) -> ListedKey {
    let mut all = parse_key_list(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[track_caller]
fn is(text: &str, canonical: &str, name: Option<&str>) {
    let found = one(text);
    let key = found.key.map(|key| key.canonical().to_owned());
    assert_eq!(key, Ok(canonical.to_owned()), "{text}");
    assert_eq!(found.name.as_deref(), name, "{text}");
}

#[track_caller]
fn is_not(text: &str, why: KeyLineError) {
    assert_eq!(one(text).key, Err(why), "{text}");
}

#[test]
fn keys_of_every_layout() {
    let commented = format!("{ED25519} alice@laptop");
    is(ED25519, ED25519, None);
    is(&commented, ED25519, Some("alice@laptop"));
    is(
        &format!("{ED25519}   two words "),
        ED25519,
        Some("two words"),
    );
    is(AGE, AGE, None);
    is(&format!("{AGE}  # ops laptop"), AGE, Some("ops laptop"));
    is(&format!("\u{feff}{AGE}\r\n"), AGE, None);
    // authorized_keys
    is(
        &format!("no-pty,restrict {commented}"),
        ED25519,
        Some("alice@laptop"),
    );
    is(
        &format!("command=\"echo \\\"a b\\\"\",from=\"10.0.0.1,ssh-rsa x\" {commented}"),
        ED25519,
        Some("alice@laptop"),
    );
    is(
        &format!("environment=\"valid-before=1\" {ED25519}"),
        ED25519,
        None,
    );
    is(
        &format!("no-pty\t{}\tx", ED25519.replace(' ', "\t")),
        ED25519,
        Some("x"),
    );
    // allowed_signers
    is(
        &format!("alice@example.com {ED25519}"),
        ED25519,
        Some("alice@example.com"),
    );
    is(
        &format!("a@x,b@x namespaces=\"git\" {ED25519} laptop"),
        ED25519,
        Some("laptop"),
    );
}

#[test]
fn blank_lines_and_comments_are_no_keys() {
    let text = format!("# ops\n\n  \n{ED25519}\n   # {AGE}\n{AGE}\n");
    let lines: Vec<usize> = parse_key_list(&text).iter().map(|one| one.line).collect();
    assert_eq!(lines, [4, 6]);
    assert_eq!(parse_key_list(""), []);
}

#[test]
fn what_cannot_be_a_reader_says_why() {
    use RecipientError as Why;
    let body = ED25519.split(' ').nth(1).unwrap();
    for (text, why) in [
        (format!("ecdsa-sha2-nistp256 {body} x"), Why::UnsupportedSsh),
        (
            format!("sk-ssh-ed25519@openssh.com {body}"),
            Why::UnsupportedSsh,
        ),
        (
            format!("no-pty sk-ecdsa-sha2-nistp256@openssh.com {body}"),
            Why::UnsupportedSsh,
        ),
        (
            format!("ssh-ed25519-cert-v01@openssh.com {body}"),
            Why::UnsupportedSsh,
        ),
        (ED25519[..60].to_owned(), Why::BadSsh),
        ("ssh-ed25519".to_owned(), Why::BadSsh),
        (AGE[..40].to_owned(), Why::BadAge),
        (format!("{AGE} and more"), Why::BadAge),
        ("example.com line".to_owned(), Why::Unknown),
        ("AGE-SECRET-KEY-1QQ".to_owned(), Why::PrivateKey),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
            Why::PrivateKey,
        ),
    ] {
        is_not(&text, why.into());
    }
    for (text, why) in [
        (format!("cert-authority {ED25519}"), KeyLineError::Authority),
        (
            format!("*.example.com cert-authority {ED25519}"),
            KeyLineError::Authority,
        ),
        (
            format!("no-pty,expiry-time=\"20300101\" {ED25519}"),
            KeyLineError::Limited,
        ),
        (
            format!("a@x valid-before=\"20200101\" {ED25519}"),
            KeyLineError::Limited,
        ),
        (format!("@revoked * {ED25519}"), KeyLineError::Revoked),
    ] {
        is_not(&text, why);
    }
}

#[test]
fn no_message_quotes_a_line() {
    let secret = "AGE-SECRET-KEY-1CANARYCANARY";
    for text in [
        secret.to_owned(),
        format!("x {secret}"),
        format!("{secret} y"),
    ] {
        let Err(why) = one(&text).key else { panic!() };
        assert!(!why.to_string().contains("CANARY"));
    }
    assert!(one(secret).key.unwrap_err().is_private_key());
}
