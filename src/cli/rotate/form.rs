//! How a value is spelled, so that another one can be spelled alike. Pure.

use crate::model::{SecretValue, Shape, TextRecipe, shows_lint};

/// A hex text of fewer digits has less than 128 bits, and gets a successor of the usual shape.
const MIN_HEX_DIGITS: usize = 32;

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

/// The recipe for a successor that is spelled like this value.
pub(super) fn form_of(value: &SecretValue) -> Result<TextRecipe, Unmakable> {
    if let Some(why) = unmakable(value) {
        return Err(why);
    }
    let text = value.expose();
    let upper = is_upper(text);
    Ok(match upper {
        _ if is_uuid(text) => TextRecipe::of(Shape::Uuid {
            upper: upper.unwrap_or(false),
        }),
        Some(upper) if is_hex(text) && text.len() >= MIN_HEX_DIGITS => TextRecipe::of(Shape::Hex {
            digits: text.len(),
            upper,
        }),
        _ => TextRecipe::usual(),
    })
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
fn is_upper(text: &str) -> Option<bool> {
    let any = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    match (any(u8::is_ascii_lowercase), any(u8::is_ascii_uppercase)) {
        (true, true) => None,
        (false, true) => Some(true),
        (_, false) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;

    fn form(text: &str) -> Result<TextRecipe, Unmakable> {
        form_of(&SecretValue::new(text))
    }

    fn hex(digits: usize, upper: bool) -> TextRecipe {
        TextRecipe::of(Shape::Hex { digits, upper })
    }

    fn uuid(upper: bool) -> TextRecipe {
        TextRecipe::of(Shape::Uuid { upper })
    }

    #[test]
    fn hex_and_uuids_are_known_by_their_spelling() {
        let (lower, upper) = ("0123456789abcdef", "0123456789ABCDEF");
        for (text, wanted) in [
            (lower.repeat(2), hex(32, false)),
            (lower.repeat(4), hex(64, false)),
            (upper.repeat(2) + "A", hex(33, true)),
            ("7".repeat(32), hex(32, false)),
            ("1b4e28ba-2fa1-11d2-883f-0016d3cca427".into(), uuid(false)),
            ("1B4E28BA-2FA1-11D2-883F-0016D3CCA427".into(), uuid(true)),
            ("1B4E28BA-2fa1-11d2-883f-0016d3cca427".into(), uuid(false)),
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
            assert_eq!(form(text), Ok(TextRecipe::usual()), "{text}");
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

    proptest! {
        /// A successor's successor is spelled as the first one, and no digit is always the same.
        #[test]
        fn a_form_is_kept(digits in 32..200_usize, upper: bool, is_uuid: bool, seed: [u8; 32]) {
            let form = if is_uuid { uuid(upper) } else { hex(digits, upper) };
            let mut seed = seed;
            // one letter at least: digits alone have no case
            seed[0] |= 0xa0;
            let new = form.make(|| Zeroizing::new(seed));
            prop_assert_eq!(form_of(&new), Ok(form));
        }

        #[test]
        fn no_text_panics(text: String) {
            if let Ok(form) = form(&text) {
                let new = form.make(|| Zeroizing::new([0xa5; 32]));
                prop_assert!(new.len() >= 32);
                prop_assert_eq!(form_of(&new), Ok(form));
            }
        }
    }
}
