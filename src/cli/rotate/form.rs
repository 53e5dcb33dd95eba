//! How a value is spelled, and another one that is spelled alike. Pure: randomness is drawn by the
//! caller.

use std::fmt;

use zeroize::Zeroizing;

use crate::cli::authoring;
use crate::model::{SecretValue, shows_lint};

/// One draw of randomness.
pub(super) type Draw = Zeroizing<[u8; 32]>;

/// A hex text of fewer digits has less than 128 bits, and becomes [`Form::Text`].
const MIN_HEX_DIGITS: usize = 32;

/// How a new value is spelled, so that whoever reads it takes it as it took the former one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// So many hex digits.
    Hex(usize, Case),
    /// A UUID of version 4: 122 of its 128 bits are random.
    Uuid(Case),
    /// What `set --generate` makes: 32 bytes as base64url text.
    Text,
}

/// Of hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
}

/// Why another value cannot be made by chance. Follows the variable's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unmakable {
    #[error("holds a private key")]
    PrivateKey,
    #[error("holds more than one line")]
    Lines,
    #[error("holds something encrypted")]
    Ciphertext,
    #[error("holds JSON")]
    Json,
    #[error("is a JWT, which its issuer signs")]
    Jwt,
    #[error("is a URL, which whoever serves it gives out")]
    Url,
    #[error("refers to another variable of its platform, which holds the secret")]
    Reference,
    #[error("begins like a token that a service gives out")]
    Issued,
}

/// How tokens of well-known services begin. Far from all of them, and none so short that a value made
/// by chance could well begin like it.
const ISSUED: [&str; 21] = [
    "AIza",
    "AKIA",
    "ASIA",
    "SG.",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "npm_",
    "pypi-",
    "rk_live_",
    "rk_test_",
    "sk-ant-",
    "sk-proj-",
    "sk_live_",
    "sk_test_",
    "xapp-",
    "xoxb-",
    "xoxp-",
];

/// The form that a successor of this value has.
pub(super) fn form_of(value: &SecretValue) -> Result<Form, Unmakable> {
    if let Some(why) = unmakable(value) {
        return Err(why);
    }
    let text = value.expose();
    let case = case_of(text);
    Ok(match case {
        _ if is_uuid(text) => Form::Uuid(case.unwrap_or(Case::Lower)),
        Some(case) if is_hex(text) && text.len() >= MIN_HEX_DIGITS => Form::Hex(text.len(), case),
        _ => Form::Text,
    })
}

impl Form {
    /// A new value of this form.
    pub(super) fn make(self, mut draw: impl FnMut() -> Draw) -> SecretValue {
        match self {
            Self::Hex(digits, case) => hex(digits, case, draw),
            Self::Uuid(case) => uuid(case, draw),
            Self::Text => authoring::base64url(&draw()),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hex(..) => "hex digits, as many as before",
            Self::Uuid(_) => "a UUID, as before",
            Self::Text => "32 random bytes as base64url text",
        })
    }
}

fn unmakable(value: &SecretValue) -> Option<Unmakable> {
    let text = value.expose().trim();
    // a key may also stand inside of JSON, with its line ends escaped
    if shows_lint("private-key", value) || text.contains("PRIVATE KEY-----") {
        Some(Unmakable::PrivateKey)
    } else if value.expose().contains(['\n', '\r']) {
        Some(Unmakable::Lines)
    } else if shows_lint("ciphertext", value) {
        Some(Unmakable::Ciphertext)
    } else if is_json(text) {
        Some(Unmakable::Json)
    } else if is_jwt(text) {
        Some(Unmakable::Jwt)
    } else if text.contains("${{") {
        Some(Unmakable::Reference)
    } else if is_url(text) {
        Some(Unmakable::Url)
    } else if ISSUED.iter().any(|begin| text.starts_with(begin)) {
        Some(Unmakable::Issued)
    } else {
        None
    }
}

fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Signed, with three parts, or encrypted, with five; the first is JSON and begins with `{"`.
fn is_jwt(text: &str) -> bool {
    let base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.starts_with("eyJ")
        && matches!(text.split('.').count(), 3 | 5)
        && text.split('.').all(|part| part.chars().all(base64url))
}

/// `https://…`, `postgres://…`, also `jdbc:postgresql://…`.
fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | ':'))
    })
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_uuid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

/// `None` where both stand side by side. Digits alone are as good as lower case.
fn case_of(text: &str) -> Option<Case> {
    let any = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    match (any(u8::is_ascii_lowercase), any(u8::is_ascii_uppercase)) {
        (true, true) => None,
        (false, true) => Some(Case::Upper),
        (_, false) => Some(Case::Lower),
    }
}

fn hex(digits: usize, case: Case, mut draw: impl FnMut() -> Draw) -> SecretValue {
    let mut text = Zeroizing::new(String::with_capacity(digits));
    while text.len() < digits {
        let missing = digits - text.len();
        text.extend(
            draw()
                .iter()
                .flat_map(|byte| pair(*byte, case))
                .take(missing),
        );
    }
    SecretValue::new(text.as_str())
}

fn uuid(case: Case, mut draw: impl FnMut() -> Draw) -> SecretValue {
    let mut bytes = draw();
    // version 4, and the variant that says so
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = Zeroizing::new(String::with_capacity(36));
    for (at, byte) in bytes[..16].iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.extend(pair(*byte, case));
    }
    SecretValue::new(text.as_str())
}

fn pair(byte: u8, case: Case) -> [char; 2] {
    let alphabet = match case {
        Case::Lower => b"0123456789abcdef",
        Case::Upper => b"0123456789ABCDEF",
    };
    [byte >> 4, byte & 15].map(|digit| char::from(alphabet[usize::from(digit)]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(text: &str) -> Result<Form, Unmakable> {
        form_of(&SecretValue::new(text))
    }

    /// Bytes that count on from one draw to the next.
    fn counting() -> impl FnMut() -> Draw {
        let mut next = 0_u8;
        move || {
            let mut bytes = Zeroizing::new([0; 32]);
            for byte in bytes.iter_mut() {
                *byte = next;
                next = next.wrapping_add(1);
            }
            bytes
        }
    }

    fn made(form: Form) -> String {
        form.make(counting()).expose().to_owned()
    }

    #[test]
    fn hex_and_uuids_are_known_by_their_spelling() {
        let (lower, upper) = ("0123456789abcdef", "0123456789ABCDEF");
        for (text, wanted) in [
            (lower.repeat(2), Form::Hex(32, Case::Lower)),
            (lower.repeat(4), Form::Hex(64, Case::Lower)),
            (upper.repeat(2) + "A", Form::Hex(33, Case::Upper)),
            ("7".repeat(32), Form::Hex(32, Case::Lower)),
            (
                "1b4e28ba-2fa1-11d2-883f-0016d3cca427".into(),
                Form::Uuid(Case::Lower),
            ),
            (
                "1B4E28BA-2FA1-11D2-883F-0016D3CCA427".into(),
                Form::Uuid(Case::Upper),
            ),
            (
                "1B4E28BA-2fa1-11d2-883f-0016d3cca427".into(),
                Form::Uuid(Case::Lower),
            ),
        ] {
            assert_eq!(form(&text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn anything_else_becomes_text() {
        let lower = "0123456789abcdef";
        for text in [
            "",
            "changeme",
            "hunter2 with spaces",
            // 124 bits
            &lower.repeat(2)[1..],
            // both cases
            &(lower.repeat(2) + "A"),
            &format!("0x{}", lower.repeat(4)),
            &format!(" {}", lower.repeat(4)),
            "1b4e28ba2-fa1-11d2-883f-0016d3cca427",
            "1b4e28ba-2fa1-11d2-883f-0016d3cca42g",
            "{1b4e28ba-2fa1-11d2-883f-0016d3cca427}",
            "a.b.c",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJ a.b.c",
            "://x",
            "{not json}",
            "ghp",
        ] {
            assert_eq!(form(text), Ok(Form::Text), "{text}");
        }
    }

    #[test]
    fn what_chance_cannot_make_is_refused() {
        for (text, why) in [
            ("-----BEGIN EC PRIVATE KEY-----\nx\n", Unmakable::PrivateKey),
            ("AGE-SECRET-KEY-1QQ", Unmakable::PrivateKey),
            (
                r#"{"key":"-----BEGIN PRIVATE KEY-----\nx"}"#,
                Unmakable::PrivateKey,
            ),
            ("-----BEGIN CERTIFICATE-----\nx\n", Unmakable::Lines),
            ("abc\n", Unmakable::Lines),
            ("abc\rdef", Unmakable::Lines),
            ("ENC[AES256_GCM,data:x]", Unmakable::Ciphertext),
            (r#"{"user":"a","password":"b"}"#, Unmakable::Json),
            ("[1,2]", Unmakable::Json),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_",
                Unmakable::Jwt,
            ),
            ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", Unmakable::Jwt),
            ("eyJhbGciOiJSU0EifQ.a.b.c.d", Unmakable::Jwt),
            (" https://hooks.example.com/T0/B0/x", Unmakable::Url),
            ("postgres://app:pw@db/app", Unmakable::Url),
            ("jdbc:postgresql://db/app", Unmakable::Url),
            ("REDISS://:pw@cache", Unmakable::Url),
            ("${{Postgres.DATABASE_URL}}", Unmakable::Reference),
            ("https://${{api.HOST}}/x", Unmakable::Reference),
            ("ghp_0123456789abcdef", Unmakable::Issued),
            ("sk_live_0123456789", Unmakable::Issued),
        ] {
            assert_eq!(form(text), Err(why), "{text}");
        }
    }

    #[test]
    fn new_values_are_spelled_as_their_form_says() {
        let counted = "000102030405060708090a0b0c0d0e0f1";
        assert_eq!(made(Form::Hex(33, Case::Lower)), counted);
        assert_eq!(made(Form::Hex(33, Case::Upper)), counted.to_uppercase());
        assert_eq!(
            made(Form::Uuid(Case::Lower)),
            "00010203-0405-4607-8809-0a0b0c0d0e0f"
        );
        let ones = || Zeroizing::new([0xff; 32]);
        assert_eq!(
            Form::Uuid(Case::Upper).make(ones).expose(),
            "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF"
        );
        assert_eq!(
            made(Form::Text),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
        );
    }

    #[test]
    fn every_stretch_of_a_long_value_is_drawn_anew() {
        let text = made(Form::Hex(192, Case::Lower));
        assert_eq!(
            (&text[..4], &text[64..68], &text[128..132]),
            ("0001", "2021", "4041")
        );
    }

    proptest! {
        /// A successor's successor is spelled as the first one, and no digit is always the same.
        #[test]
        fn a_form_is_kept(digits in 32..200_usize, upper: bool, uuid: bool, seed: [u8; 32]) {
            let case = if upper { Case::Upper } else { Case::Lower };
            let form = if uuid { Form::Uuid(case) } else { Form::Hex(digits, case) };
            let mut seed = seed;
            // one letter at least: digits alone have no case
            seed[0] |= 0xa0;
            let new = form.make(|| Zeroizing::new(seed));
            prop_assert_eq!(form_of(&new), Ok(form));
        }

        #[test]
        fn no_text_panics(text: String) {
            if let Ok(form) = form(&text) {
                let new = form.make(counting());
                prop_assert!(new.len() >= 32);
                prop_assert_eq!(form_of(&new), Ok(form));
            }
        }
    }
}
