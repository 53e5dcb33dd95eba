//! Where a secret is: `…_env` or `…_file`, and addresses that may stand in clear.

use super::super::fields::{Fields, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::tree::Node;
use crate::model::{SecretSource, UrlSource};

/// Parts of names that say that a value is secret.
const SECRET_WORDS: [&str; 6] = ["key", "token", "secret", "auth", "sig", "pass"];

/// Exactly one of `NAME_env` and `NAME_file`; `None` where there is a problem, or neither and it need
/// not be there.
pub(super) fn decode_secret(
    fields: &Fields<'_>,
    name: &str,
    what: &str,
    needed: bool,
    problems: &mut Problems,
) -> Option<SecretSource> {
    let (variable, file) = (format!("{name}_env"), format!("{name}_file"));
    match (fields.get(&variable), fields.get(&file)) {
        (Some((_, node)), None) => decode_variable(node, &variable, problems),
        (None, Some((_, node))) => decode_file(node, &file, problems),
        (Some(_), Some((key, _))) => {
            let message = format!("{what} has both `{variable}` and `{file}`");
            let help = Some("keep one of the two");
            problems.error(key.position, code::BAD_VALUE, message, help);
            None
        }
        (None, None) if needed => {
            let message = format!("{what} needs `{variable}` or `{file}`");
            let help = "the secret itself never stands in this file";
            problems.error(fields.position(), code::MISSING_KEY, message, Some(help));
            None
        }
        (None, None) => None,
    }
}

pub(super) fn decode_variable(
    node: &Node,
    key: &str,
    problems: &mut Problems,
) -> Option<SecretSource> {
    let text = decode_text(node, &format!("`{key}`"), problems)?;
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let named = text.len() <= 255
        && !text.is_empty()
        && text.bytes().all(sign)
        && !text.as_bytes()[0].is_ascii_digit();
    if !named {
        problems.error(
            node.position,
            code::BAD_NAME,
            format!("`{key}` must be the name of an environment variable"),
            Some("for example `ALERTS_SLACK_TOKEN`; its value is the secret"),
        );
    }
    named.then(|| SecretSource::Variable(text.to_owned()))
}

pub(super) fn decode_file(node: &Node, key: &str, problems: &mut Problems) -> Option<SecretSource> {
    let text = decode_text(node, &format!("`{key}`"), problems)?;
    let sound = !text.is_empty()
        && text.len() <= 4096
        && !text.chars().any(char::is_control)
        && !text.contains("://");
    if !sound {
        problems.error(
            node.position,
            code::BAD_VALUE,
            format!("`{key}` must be the path of a file"),
            Some("for example `/run/secrets/slack-token`; the file holds the secret"),
        );
    }
    sound.then(|| SecretSource::File(text.to_owned()))
}

/// Exactly one of `url`, `url_env` and `url_file`.
pub(super) fn decode_url(
    fields: &Fields<'_>,
    what: &str,
    problems: &mut Problems,
) -> Option<UrlSource> {
    let Some((key, node)) = fields.get("url") else {
        return decode_secret(fields, "url", what, true, problems).map(UrlSource::Secret);
    };
    if ["url_env", "url_file"]
        .iter()
        .any(|other| fields.get(other).is_some())
    {
        let message = format!("{what} has `url` and another place for it");
        let help = Some("keep one of `url`, `url_env` and `url_file`");
        problems.error(key.position, code::BAD_VALUE, message, help);
        return None;
    }
    let text = decode_text(node, "`url`", problems)?;
    if let Some((message, help)) = wrong_address(text) {
        problems.error(node.position, code::BAD_VALUE, message, Some(help));
        return None;
    }
    Some(UrlSource::Clear(text.to_owned()))
}

/// Says why an address cannot stand here in clear. Nothing of it is repeated.
fn wrong_address(text: &str) -> Option<(&'static str, &'static str)> {
    const ELSEWHERE: &str =
        "put the address into an environment variable and name that with `url_env`";
    let rest = match text.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if is_loopback(rest) => rest,
        _ => {
            return Some((
                "`url` must begin with https:// (or http:// on this machine)",
                "for example `https://alerts.example.com/driftlock`",
            ));
        }
    };
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if host.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some((
            "`url` is not an address",
            "for example `https://alerts.example.com/driftlock`",
        ));
    }
    if host.contains('@') {
        return Some((
            "`url` holds a user or a password, which is secret",
            ELSEWHERE,
        ));
    }
    let query = text.split_once('?').map_or("", |(_, query)| query);
    let secret = query.split(['&', '#']).any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        name == "code" || SECRET_WORDS.iter().any(|word| name.contains(word))
    });
    if secret {
        return Some(("`url` holds a secret in its query", ELSEWHERE));
    }
    if host.eq_ignore_ascii_case("hooks.slack.com") {
        return Some((
            "this address is a secret: whoever has it can post",
            "use `slack_webhook: { url_env: … }`",
        ));
    }
    None
}

fn is_loopback(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name == "::1" || name.starts_with("127.")
}

/// Whether a header's name says that its value is secret.
pub(super) fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "cookie" || SECRET_WORDS.iter().any(|word| name.contains(word))
}
