//! Which values look as if anybody might read them. When unsure, none: a wrong "public" cannot be
//! taken back.

use crate::model::{SecretValue, VarName};

/// Settings that many programs know, and that hold no secret.
const WELL_KNOWN: [&str; 31] = [
    "APP_ENV",
    "DEBUG",
    "DEPLOY_ENV",
    "DJANGO_SETTINGS_MODULE",
    "ENV",
    "ENVIRONMENT",
    "FLASK_ENV",
    "GO_ENV",
    "HOST",
    "LANG",
    "LC_ALL",
    "LOGLEVEL",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "MIX_ENV",
    "NODE_ENV",
    "PORT",
    "PYTHONUNBUFFERED",
    "RACK_ENV",
    "RAILS_ENV",
    "RAILS_LOG_LEVEL",
    "RAILWAY_DEPLOYMENT_DRAINING_SECONDS",
    "RAILWAY_DEPLOYMENT_OVERLAP_SECONDS",
    "RAILWAY_DOCKERFILE_PATH",
    "RAILWAY_HEALTHCHECK_TIMEOUT_SEC",
    "RAILWAY_RUN_UID",
    "RAILWAY_SHM_SIZE_BYTES",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "STAGE",
    "TZ",
];

/// A name that holds one of these may hold a secret, whatever its value looks like.
const SECRETIVE: [&str; 37] = [
    "ACCESS", "ACCOUNT", "API", "AUTH", "CARD", "CERT", "CODE", "CONN", "COOKIE", "CRED", "CRYPT",
    "DSN", "HASH", "HOOK", "JWT", "KEY", "LOGIN", "MAIL", "MFA", "NONCE", "NUMBER", "OTP", "PASS",
    "PHONE", "PIN", "PRIVATE", "PWD", "SALT", "SECRET", "SEED", "SESSION", "SIGN", "TOKEN", "URI",
    "URL", "USER", "ID",
];

const TRUTHS: [&str; 8] = [
    "true", "false", "yes", "no", "on", "off", "enabled", "disabled",
];

const UNITS: [&str; 12] = [
    "", "ms", "s", "m", "h", "d", "k", "kb", "mb", "gb", "mib", "%",
];

const MAX_PLAIN: usize = 40;

/// Whether a value can be suggested for clear text.
pub(super) fn looks_public(name: &VarName, value: &SecretValue) -> bool {
    let upper = name.as_str().to_ascii_uppercase();
    let text = value.expose();
    if WELL_KNOWN.contains(&upper.as_str()) {
        return is_plain_word(text);
    }
    let secretive = SECRETIVE.iter().any(|part| upper.contains(part));
    !secretive && (is_truth(text) || is_small_number(text))
}

fn is_truth(text: &str) -> bool {
    TRUTHS.iter().any(|truth| text.eq_ignore_ascii_case(truth))
}

/// Up to five digits, perhaps with a sign, a fraction or a unit.
fn is_small_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if !(1..=3).contains(&count) {
            return false;
        }
        rest = &fraction[count..];
    }
    (1..=5).contains(&whole) && UNITS.iter().any(|unit| rest.eq_ignore_ascii_case(unit))
}

/// A short word or a few, such as `production`, `Europe/Berlin` or `info,hyper=warn`: no user
/// information of a URL, and no part that looks made by a machine.
fn is_plain_word(text: &str) -> bool {
    let letter =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | ',' | '=');
    (1..=MAX_PLAIN).contains(&text.len())
        && text.chars().all(letter)
        && !text.contains("//")
        && text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .all(is_word)
}

/// Letters, or digits, or few of both.
fn is_word(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    match digits {
        0 => part.len() <= 16 && !is_shuffled(part),
        digits if digits == part.len() => digits <= 5,
        _ => part.len() <= 6,
    }
}

/// Upper and lower case in turns, as in base64: at most the first letter of a word is large.
fn is_shuffled(part: &str) -> bool {
    let turns = part
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    turns > 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(name: &str, value: &str) -> bool {
        looks_public(&VarName::new(name).unwrap(), &SecretValue::new(value))
    }

    #[test]
    fn what_everybody_may_read() {
        for (name, value) in [
            ("NODE_ENV", "production"),
            ("LOG_LEVEL", "debug"),
            ("PORT", "8080"),
            ("HOST", "0.0.0.0"),
            ("TZ", "America/Argentina/Buenos_Aires"),
            ("LANG", "en_US.UTF-8"),
            ("RUST_LOG", "info,hyper=warn"),
            ("FEATURE_X", "true"),
            ("TRACING", "OFF"),
            ("WORKERS", "4"),
            ("TIMEOUT", "30s"),
            ("RATIO", "0.25"),
            ("OFFSET_HOURS", "-3"),
        ] {
            assert!(public(name, value), "{name}={value}");
        }
    }

    #[test]
    fn what_might_be_a_secret_is_one() {
        for (name, value) in [
            ("NODE_ENV", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
            ("LOG_LEVEL", "https://user:pass@host/x"),
            ("HOST", "user:pw@db"),
            ("HOST", "http://internal"),
            ("PORT", "837261948"),
            ("ENV", "9f86d081884c7d65"),
            ("ENV", "aGVsbG8gd29ybGQ"),
            ("ENV", ""),
            ("TZ", "a b"),
            ("RUST_LOG", "info\nsecret"),
            ("STRIPE_SECRET", "true"),
            ("USE_TOKEN", "true"),
            ("DB_PASSWORD", "12345"),
            ("PIN", "1234"),
            ("DOOR_CODE", "1234"),
            ("SENTRY_DSN", "1"),
            ("WORKERS", "123456"),
            ("WORKERS", "four"),
            ("GREETING", "hello"),
            ("WEBHOOK", "no"),
        ] {
            assert!(!public(name, value), "{name}={value}");
        }
    }

    proptest! {
        #[test]
        fn nothing_long_random_or_with_user_information(
            name in prop_oneof![
                "[A-Z_]{1,20}",
                prop::sample::select(WELL_KNOWN.to_vec()).prop_map(ToOwned::to_owned),
            ],
            value in prop_oneof![
                "[0-9a-f]{16,64}",
                "[A-Za-z0-9+/]{24,64}",
                "[a-z]{2,5}://[a-z]{1,8}:[a-z0-9]{1,8}@[a-z]{1,8}",
                ".{0,20}@.{0,20}",
                "[a-z ]{41,80}",
                "[ -~]{0,10}\n[ -~]{0,10}",
            ],
        ) {
            prop_assert!(!public(&name, &value), "{} {}", name, value);
        }
    }
}
