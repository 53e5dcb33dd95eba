//! Texts that look as if they should not be written in clear. Pure text rules; the text itself is
//! never part of what they say.

/// What a text looks like, in words, where it has the form of a secret: `a GitHub token`. The name
/// of its variable counts only for a text that is nothing but random characters.
pub fn clear_lint(name: &str, text: &str) -> Option<&'static str> {
    let text = text.trim();
    if is_private_key(text) {
        return Some("a private key");
    }
    if super::shows_lint("placeholder", &super::SecretValue::new(text)) {
        return None;
    }
    let known = SHAPES
        .iter()
        .find(|shape| words_of(text).any(|word| shape.fits(word)));
    if let Some(shape) = known {
        return Some(shape.what);
    }
    if words_of(text).any(is_jwt) {
        return Some("a JWT");
    }
    if has_password(text) {
        return Some("a URL with a password");
    }
    (is_secret_name(name) && is_random(text)).then_some("random text under the name of a secret")
}

/// Whether a text is a private key that no mark makes public: PEM, or an age identity.
pub fn is_private_key(text: &str) -> bool {
    let pem = text.split("-----BEGIN ").skip(1).any(|rest| {
        rest.lines()
            .next()
            .is_some_and(|line| line.trim_end().ends_with("PRIVATE KEY-----"))
    });
    pem || holds_identity(text)
}

/// Whether an age identity stands somewhere in a text: `AGE-SECRET-KEY-1` and its 58 characters.
pub fn holds_identity(text: &str) -> bool {
    const MARK: &str = "AGE-SECRET-KEY-1";
    text.split(MARK).skip(1).any(|rest| {
        let key = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        key >= 50
    })
}

/// Whether a clear text under this name is worth a look: `…_TOKEN` with anything but a placeholder.
pub fn clear_name_lint(name: &str, text: &str) -> bool {
    let text = text.trim();
    let plain = text.len() < 4
        || text.parse::<f64>().is_ok()
        || ["true", "false", "none", "null"].contains(&text.to_ascii_lowercase().as_str())
        || text.starts_with("${")
        || text.starts_with(['/', '.', '~'])
        || text.starts_with("ssh-")
        || text.starts_with("age1")
        || text.starts_with("-----BEGIN ")
        || text.contains("://");
    let placeholder = super::shows_lint("placeholder", &super::SecretValue::new(text));
    is_secret_name(name) && !plain && !placeholder
}

/// The last words of names that secrets have.
const SECRET_WORDS: [&str; 12] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "KEY",
    "APIKEY",
    "CREDENTIALS",
    "CREDENTIAL",
    "PAT",
];

/// The same, where no line stands between the words: `PGPASSWORD`.
const JOINED: [&str; 3] = ["PASSWORD", "PASSWD", "APIKEY"];

/// Whether values under this name are secrets by the way that people name things: `…_TOKEN`.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let mut words = name.rsplit('_');
    let last = words.next().unwrap_or_default();
    let before = words.next().unwrap_or_default();
    let public = ["PUBLIC", "PUBLISHABLE", "PUB"]
        .iter()
        .any(|word| name.split('_').any(|one| one == *word));
    let other_key = last == "KEY"
        && ["PARTITION", "SORT", "CACHE", "ROUTING", "PRIMARY", "HOST"].contains(&before);
    let joined = JOINED.iter().any(|word| last.ends_with(word));
    (SECRET_WORDS.contains(&last) || joined) && !public && !other_key
}

/// A token whose form its issuer documents.
struct Shape {
    prefix: &'static str,
    /// Characters behind the prefix, at least.
    least: usize,
    what: &'static str,
}

impl Shape {
    fn fits(&self, word: &str) -> bool {
        let Some(rest) = word.strip_prefix(self.prefix) else {
            return false;
        };
        let token = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        rest.chars().take_while(|c| token(*c)).count() >= self.least
    }
}

const fn shape(prefix: &'static str, least: usize, what: &'static str) -> Shape {
    Shape {
        prefix,
        least,
        what,
    }
}

const SHAPES: [Shape; 24] = [
    shape("ghp_", 30, "a GitHub token"),
    shape("gho_", 30, "a GitHub token"),
    shape("ghu_", 30, "a GitHub token"),
    shape("ghs_", 30, "a GitHub token"),
    shape("ghr_", 30, "a GitHub token"),
    shape("github_pat_", 30, "a GitHub token"),
    shape("glpat-", 18, "a GitLab token"),
    shape("glrt-", 18, "a GitLab token"),
    shape("sk_live_", 16, "a Stripe key"),
    shape("rk_live_", 16, "a Stripe key"),
    shape("whsec_", 16, "a webhook's secret"),
    shape("sk-ant-", 20, "an API key"),
    shape("sk-proj-", 20, "an API key"),
    shape("sk-", 32, "an API key"),
    shape("AKIA", 16, "an AWS access key"),
    shape("ASIA", 16, "an AWS access key"),
    shape("xoxb-", 10, "a Slack token"),
    shape("xoxp-", 10, "a Slack token"),
    shape("xoxa-", 10, "a Slack token"),
    shape("xapp-", 10, "a Slack token"),
    shape("AIza", 35, "a Google API key"),
    shape("npm_", 36, "an npm token"),
    shape("pypi-", 40, "a PyPI token"),
    shape("SG.", 20, "a SendGrid key"),
];

pub(super) fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "\"'`=,;:()[]{}<>&?/@".contains(c))
        .filter(|word| word.len() >= 12)
}

/// Three parts of base64url, the first of which begins as a JSON object does.
pub(super) fn is_jwt(word: &str) -> bool {
    let part = |text: &str| {
        text.len() >= 8
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && word.starts_with("eyJ") && parts.into_iter().all(part)
}

/// `scheme://user:password@host`, where the password is no reference and no placeholder.
fn has_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = &text[at + 3..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'".contains(c));
        let authority = &rest[..end.unwrap_or(rest.len())];
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let password = user
            .and_then(|user| user.split_once(':'))
            .map(|(_, password)| password);
        password.is_some_and(|password| {
            let known = [
                "password", "pass", "secret", "user", "postgres", "root", "guest", "example",
            ];
            let shown = password.contains(['$', '{', '<', '*']);
            !(password.is_empty()
                || shown
                || known.contains(&password.to_ascii_lowercase().as_str())
                || super::shows_lint("placeholder", &super::SecretValue::new(password)))
        })
    })
}

/// One word without meaning: long, mixed, and each character about as rare as chance has it.
fn is_random(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    if text.len() < 20 || text.len() > 512 || !text.bytes().all(part) {
        return false;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    digits > 0 && letters > 0 && entropy(text) > 3.0
}

/// Bits for each character, of this text alone.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let share = |count: u32| f64::from(count) / total;
    let bits = |count: &u32| -share(*count) * share(*count).log2();
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that no scanner of this repository takes them for real ones.
    fn token(prefix: &str, length: usize) -> String {
        let random = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY";
        prefix.to_owned() + &random.repeat(3)[..length]
    }

    #[test]
    fn shapes_of_secrets() {
        let jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "c2lnbmF0dXJlLXg"].join(".");
        for (text, what) in [
            (token("ghp_", 36), "a GitHub token"),
            (token("github_pat_", 60), "a GitHub token"),
            (token("glpat-", 20), "a GitLab token"),
            (token("sk_live_", 24), "a Stripe key"),
            (format!("key={}", token("sk-", 48)), "an API key"),
            (format!("AKIA{}", "IOSFODNN7EXAMPLE"), "an AWS access key"),
            (token("xoxb-", 30), "a Slack token"),
            (token("AIza", 35), "a Google API key"),
            (jwt, "a JWT"),
            (
                "postgres://app:hunter2@db/app".to_owned(),
                "a URL with a password",
            ),
            (
                "x\n-----BEGIN RSA PRIVATE KEY-----\ny".to_owned(),
                "a private key",
            ),
            (
                format!("AGE-SECRET-KEY-1{}", "Q".repeat(58)),
                "a private key",
            ),
        ] {
            assert_eq!(clear_lint("NAME", &text), Some(what), "{text}");
        }
        assert_eq!(
            clear_lint("API_TOKEN", &token("", 32)),
            Some("random text under the name of a secret")
        );
    }

    #[test]
    fn what_is_public_is_left_alone() {
        for (name, text) in [
            ("LOG_LEVEL", "info"),
            ("API_TOKEN", "changeme"),
            ("API_TOKEN", "<your token>"),
            ("URL", "https://user@example.com/a:b@c"),
            ("URL", "postgres://app:${DB_PASSWORD|url}@db/app"),
            ("URL", "postgres://postgres:postgres@localhost/test"),
            ("COMMIT", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
            ("PROJECT", "a2c4100f-5e77-4a31-8c4a-2100f5e77aa3"),
            ("CERT", "-----BEGIN CERTIFICATE-----\nx"),
            ("PRODUCT", "sk-learn"),
            ("DOC", "an identity begins with AGE-SECRET-KEY-1"),
            ("PUBLIC_KEY", "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"),
            ("KEY_ID", "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"),
        ] {
            assert_eq!(clear_lint(name, text), None, "{name}");
        }
    }

    #[test]
    fn names_of_secrets_are_worth_a_look() {
        for (name, text) in [
            ("API_TOKEN", "hunter2"),
            ("DB_PASSWORD", "sommer"),
            ("aws_secret", "abcd"),
        ] {
            assert!(clear_name_lint(name, text), "{name}");
        }
        for (name, text) in [
            ("API_TOKEN", ""),
            ("API_TOKEN", "todo"),
            ("SSH_KEY", "/run/keys/x"),
            ("USE_TOKEN", "true"),
            ("TOKEN_TTL", "90 days"),
            ("PUBLIC_KEY", "abcdef"),
            ("PARTITION_KEY", "user"),
            ("MONKEY", "hunter2"),
        ] {
            assert!(!clear_name_lint(name, text), "{name}");
        }
    }
}
