//! Findings about a value that make a plan wait. Pure text rules; the value itself is never part
//! of what they say.

use super::SecretValue;

/// The rails that a value can touch, by name: `empty`, `placeholder`, `ciphertext`, `private-key`.
pub const LINTS: [&str; 4] = ["empty", "placeholder", "ciphertext", "private-key"];

/// The rail of a value that says itself that it has ended. It takes a clock to see, so it is none of
/// [`LINTS`].
pub const EXPIRED: &str = "expired";

const PLACEHOLDERS: [&str; 12] = [
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "replaceme",
    "replace-me",
    "replace_me",
    "todo",
    "tbd",
    "fixme",
    "xxx",
    "your-secret-here",
];

const CIPHERTEXTS: [&str; 5] = [
    "-----BEGIN AGE ENCRYPTED FILE-----",
    "age-encryption.org/v1",
    "ENC[AES256_GCM,",
    "$ANSIBLE_VAULT;",
    "-----BEGIN PGP MESSAGE-----",
];

/// What is remarkable about a value, by rail name.
pub fn lint_value(value: &SecretValue) -> Vec<&'static str> {
    LINTS
        .into_iter()
        .filter(|lint| shows(lint, value))
        .collect()
}

/// Whether the value touches this rail.
pub fn shows(lint: &str, value: &SecretValue) -> bool {
    let text = value.expose().trim();
    match lint {
        "empty" => value.is_empty(),
        "placeholder" => is_placeholder(text),
        "ciphertext" => CIPHERTEXTS.iter().any(|mark| text.starts_with(mark)),
        "private-key" => is_private_key(text),
        _ => false,
    }
}

fn is_placeholder(text: &str) -> bool {
    let bracketed = text.len() > 2
        && text.len() <= 64
        && text.starts_with('<')
        && text.ends_with('>')
        && !text[1..text.len() - 1].contains(['<', '>']);
    bracketed
        || PLACEHOLDERS
            .iter()
            .any(|known| text.eq_ignore_ascii_case(known))
}

fn is_private_key(text: &str) -> bool {
    let pem = text
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.lines().next())
        .is_some_and(|line| line.ends_with("PRIVATE KEY-----"));
    pem || text.starts_with("AGE-SECRET-KEY-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lint_has_its_texts() {
        let lints = |text: &str| lint_value(&SecretValue::new(text));
        assert_eq!(lints(""), ["empty"]);
        assert_eq!(lints("ChangeMe"), ["placeholder"]);
        assert_eq!(lints("<your key>"), ["placeholder"]);
        assert_eq!(lints("ENC[AES256_GCM,data:x]"), ["ciphertext"]);
        assert_eq!(lints("-----BEGIN RSA PRIVATE KEY-----\nx"), ["private-key"]);
        for plain in [
            "hunter2",
            "<a><b>",
            "-----BEGIN CERTIFICATE-----\nx",
            "todo list",
        ] {
            assert!(lints(plain).is_empty(), "{plain}");
        }
    }
}
