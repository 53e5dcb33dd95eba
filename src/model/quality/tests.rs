//! Good secrets are left alone, and each kind of bad one is told.

use super::*;
use crate::model::VarName;

fn codes(name: &str, text: &str) -> Vec<&'static str> {
    let found = quality(name, &SecretValue::new(text));
    found.into_iter().map(|one| one.code).collect()
}

#[test]
fn each_bad_secret_has_its_code() {
    for (name, text, code) in [
        ("DB_PASSWORD", "hunter2", "short"),
        ("DB_PASSWORD", "x", "short"),
        ("API_TOKEN", "a8Kd92mXq1", "short"),
        ("SESSION_SECRET", "keyboardcat", "short"),
        ("DB_PASSWORD", "password123", "weak"),
        ("DB_PASSWORD", "P@ssw0rd!2024", "weak"),
        ("DB_PASSWORD", "Summer2024!", "weak"),
        ("DB_PASSWORD", "qwertyuiop", "weak"),
        ("DB_PASSWORD", "aaaaaaaaaaaaaaaa", "weak"),
        ("DB_PASSWORD", "abcdabcdabcdabcd", "weak"),
        ("DB_PASSWORD", "1234567890", "weak"),
        ("DB_PASSWORD", "20240131", "weak"),
        ("DB_PASSWORD", "adminadmin", "weak"),
        ("DB_PASSWORD", "letmein1234", "weak"),
        ("SHOPPING_DB_PASSWORD", "shopping2024", "weak"),
        ("JWT_SECRET", "supersecretpassword", "weak"),
        ("API_KEY", "0000000000000000", "weak"),
        ("PGPASSWORD", "postgres", "weak"),
        ("API_TOKEN", "a8Kd92mXq1zPw0Lr\n", "blanks"),
        ("USERNAME", " app", "blanks"),
        ("API_TOKEN", "\"a8Kd92mXq1zPw0Lr\"", "quoted"),
        ("HOST", "'db.internal'", "quoted"),
        ("API_TOKEN", "\u{feff}a8Kd92mXq1zPw0Lr", "invisible"),
        ("API_TOKEN", "a8Kd92mXq\u{200b}1zPw0Lr", "invisible"),
        ("API_TOKEN", "a8Kd92mX\u{a0}q1zPw0Lr", "invisible"),
        ("API_TOKEN", "a8Kd92mX\u{1b}[0mq1zPw0Lr", "invisible"),
        ("API_TOKEN", "Bearer a8Kd92mXq1zPw0Lr", "bearer"),
        ("DATABASE_URL", "postgres://app:p/w@db/app", "bad-url"),
        ("DATABASE_URL", "postgres://app:p#w@db/app", "bad-url"),
        ("DATABASE_URL", "postgres://app:p?w@db/app", "bad-url"),
        ("DATABASE_URL", "postgres://app:p@w@db/app", "bad-url"),
        ("DATABASE_URL", "postgres://app:100%ok@db/app", "bad-url"),
        ("DATABASE_URL", "postgres://app:p w@db/app", "bad-url"),
    ] {
        assert_eq!(codes(name, text), [code], "{name}={text:?}");
    }
}

#[test]
fn what_other_rules_say_is_not_said_twice() {
    for text in ["", "changeme", "<your token>", "ENC[AES256_GCM,data:x]"] {
        assert_eq!(codes("API_TOKEN", text), [] as [&str; 0], "{text}");
    }
}

#[test]
fn ordinary_values_are_left_alone() {
    for (name, text) in [
        ("DB_USER", "postgres"),
        ("DB_HOST", "localhost"),
        ("DB_NAME", "app"),
        ("PORT", "5432"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("PUBLIC_KEY", "short"),
        ("PASSPHRASE", "correct horse battery staple"),
        ("GCP_KEY", "{\"type\":\"service_account\"}"),
        (
            "TLS_KEY",
            "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
        ),
        ("SSH_KEY", "/run/keys/app"),
        ("AUTH_HEADER", "Bearer a8Kd92mXq1zPw0Lr"),
        ("GREETING", "\"Hello\" and \"goodbye\""),
        ("GREETING", "Salut\u{a0}! Ça va\u{a0}?"),
        ("EMOJI", "👨\u{200d}👩\u{200d}👧 family"),
        ("MOTD", "two\nlines\n"),
        ("GCP_KEY", "{\"type\":\"service_account\"}\n"),
        (
            "DATABASE_URL",
            "postgres://app:p%40w%2F@db:5432/app?sslmode=require",
        ),
        (
            "MONGO_URL",
            "mongodb://u:p%23w@h1:27017,h2:27017/db?replicaSet=r",
        ),
        ("REDIS_URL", "redis://:a8Kd92mXq1zPw0Lr@cache:6379/0"),
        ("URL", "https://example.com/@user/a:b@c"),
        ("URL", "http://[2001:db8::1]:8080/@x"),
        ("URL", "https://example.com:8443/p?email=a@b.c"),
        ("JDBC", "jdbc:postgresql://db:5432/app?user=a&password=p@w"),
        ("SENTRY_DSN", "https://0a1b2c3d@o1.ingest.sentry.io/4"),
        ("ODBC", "mssql+pyodbc:///?odbc_connect=PWD=a@b"),
        ("API_URL", "https://${HOST}/x@y"),
    ] {
        assert_eq!(codes(name, text), [] as [&str; 0], "{name}={text:?}");
    }
}

/// A fixed sequence: the same good secrets in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn text(&mut self, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length)
            .map(|_| letters[self.below(letters.len())])
            .collect()
    }
}

#[test]
fn what_is_made_by_chance_is_never_remarkable() {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const HEX: &str = "0123456789abcdef";
    const SIGNS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#%+:=?@*_-";
    let mut chance = Chance(4711);
    let mut count = 0;
    for _ in 0..400 {
        let c = &mut chance;
        let uuid = [8, 4, 4, 4, 12].map(|size| c.text(size, HEX)).join("-");
        let secrets = [
            ("SESSION_SECRET", c.text(32, HEX)),
            ("SIGNING_KEY", c.text(64, HEX)),
            ("API_KEY", uuid),
            ("API_TOKEN", c.text(43, &format!("{MIXED}-_"))),
            (
                "COOKIE_SECRET",
                format!("{}=", c.text(43, &format!("{MIXED}+/"))),
            ),
            ("DB_PASSWORD", c.text(12, LOWER)),
            ("DB_PASSWORD", c.text(16, MIXED)),
            ("DB_PASSWORD", c.text(20, SIGNS)),
            ("GITHUB_TOKEN", format!("ghp_{}", c.text(36, MIXED))),
            (
                "STRIPE_SECRET_KEY",
                format!("sk_live_{}", c.text(24, MIXED)),
            ),
            (
                "SLACK_TOKEN",
                format!("xoxb-{}-{}", c.text(12, "0123456789"), c.text(24, MIXED)),
            ),
            (
                "TELEGRAM_TOKEN",
                format!("{}:{}", c.text(10, "0123456789"), c.text(35, MIXED)),
            ),
            ("IPINFO_TOKEN", c.text(14, HEX)),
            (
                "DATABASE_URL",
                format!("postgres://app:{}@db/app", c.text(20, MIXED)),
            ),
        ];
        for (name, text) in secrets {
            assert_eq!(codes(name, &text), [] as [&str; 0], "{name}={text}");
            count += 1;
        }
    }
    assert_eq!(count, 5600);
}

#[test]
fn names_that_change_every_process_are_known() {
    assert!(dangerous_name("LD_PRELOAD", None).is_some());
    assert!(dangerous_name("PATH", Some("/usr/bin")).is_some());
    assert!(dangerous_name("NODE_OPTIONS", Some("--require ./x.js")).is_some());
    assert!(dangerous_name("NODE_OPTIONS", None).is_some());
    assert!(dangerous_name("NODE_OPTIONS", Some("--max-old-space-size=4096")).is_none());
    for name in ["ENV", "NODE_ENV", "PATH_PREFIX", "LOG_LEVEL", "TZ"] {
        assert!(dangerous_name(name, None).is_none(), "{name}");
    }
}

#[test]
fn only_codes_that_can_be_waived_are_given() {
    let found = quality("API_TOKEN", &SecretValue::new(" 'x' "));
    for one in found {
        assert!(WAIVABLE.contains(&one.code), "{}", one.code);
    }
    let mut sorted = WAIVABLE;
    sorted.sort_unstable();
    assert_eq!(sorted, WAIVABLE);
    assert!("X".parse::<VarName>().is_ok());
}

proptest::proptest! {
    /// No text makes a rule panic, and what is said is never the text.
    #[test]
    fn no_rule_panics_or_quotes(name in "[A-Z_]{1,12}(TOKEN|URL|PASSWORD)?", text in "\\PC{0,80}|[ -~\n\t]{0,80}") {
        for one in quality(&name, &SecretValue::new(text.as_str())) {
            proptest::prop_assert!(one.code.is_ascii() && (text.len() < 4 || !one.what.contains(&text)));
        }
        let _ = dangerous_name(&name, Some(&text));
        let _ = crate::model::validity(&text);
    }
}
