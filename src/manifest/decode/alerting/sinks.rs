//! One sink.

use std::collections::BTreeSet;
use std::time::Duration;

use super::secret::{decode_file, decode_secret, decode_url, decode_variable, names_secret};
use crate::manifest::decode::fields::{Fields, decode_list, decode_map, decode_text};
use crate::manifest::decode::probe::is_token;
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::parse_duration;
use crate::manifest::tree::{Kind, Node};
use crate::model::{HeaderSource, SinkSpec};

const KINDS: [&str; 4] = ["slack_webhook", "slack", "webhook", "command"];
const KEYS: [&str; 5] = ["slack_webhook", "slack", "webhook", "command", "timeout"];
const WEBHOOK_KEYS: [&str; 6] = [
    "url",
    "url_env",
    "url_file",
    "secret_env",
    "secret_file",
    "headers",
];
const HEADER_KEYS: [&str; 2] = ["env", "file"];

/// What we say ourselves.
const NOT_OURS: [&str; 10] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "user-agent",
    "expect",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

const USUAL_LIMIT: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);

pub(super) fn decode_sink(node: &Node, problems: &mut Problems) -> Option<SinkSpec> {
    let fields = Fields::of(node, "a sink", &KEYS, problems)?;
    let mut kinds = KINDS.iter().filter_map(|kind| fields.get(kind));
    let Some((key, body)) = kinds.next() else {
        problems.error(
            node.position,
            code::MISSING_KEY,
            "a sink needs to say what it is",
            Some("one of `slack_webhook`, `slack`, `webhook` and `command`"),
        );
        return None;
    };
    if let Some((second, _)) = kinds.next() {
        let message = "a sink is one thing only";
        let help = Some("make two sinks of it");
        problems.error(second.position, code::BAD_VALUE, message, help);
        return None;
    }
    let limit = decode_limit(&fields, key.text() == Some("command"), problems);
    match key.text()? {
        "slack_webhook" => {
            let what = "`slack_webhook`";
            let fields = Fields::of(body, what, &["url_env", "url_file"], problems)?;
            let url = decode_secret(&fields, "url", what, true, problems)?;
            Some(SinkSpec::SlackWebhook { url })
        }
        "slack" => decode_slack(body, problems),
        "webhook" => decode_webhook(body, problems),
        _ => {
            let line = decode_command(body, problems)?;
            Some(SinkSpec::Command {
                line,
                limit: limit?,
            })
        }
    }
}

fn decode_slack(node: &Node, problems: &mut Problems) -> Option<SinkSpec> {
    let what = "`slack`";
    let fields = Fields::of(
        node,
        what,
        &["channel", "token_env", "token_file"],
        problems,
    )?;
    let token = decode_secret(&fields, "token", what, true, problems);
    let (_, node) = fields.required("channel", problems)?;
    let channel = decode_text(node, "`channel`", problems)?;
    let sound = (1..=81).contains(&channel.chars().count())
        && !channel.chars().any(|c| c.is_whitespace() || c.is_control());
    if !sound {
        problems.error(
            node.position,
            code::BAD_VALUE,
            "`channel` must be the id of a channel, or its name",
            Some("for example `C0123456789` (in Slack: the channel's details, at the end)"),
        );
        return None;
    }
    Some(SinkSpec::Slack {
        channel: channel.to_owned(),
        token: token?,
    })
}

fn decode_webhook(node: &Node, problems: &mut Problems) -> Option<SinkSpec> {
    let what = "`webhook`";
    let fields = Fields::of(node, what, &WEBHOOK_KEYS, problems)?;
    let url = decode_url(&fields, what, problems);
    let secret = decode_secret(&fields, "secret", what, false, problems);
    let mut headers = Vec::new();
    if let Some((_, node)) = fields.get("headers") {
        let mut seen = BTreeSet::new();
        for (key, value) in decode_map(node, "`headers`", problems) {
            let name = key.text().unwrap_or_default();
            let lower = name.to_ascii_lowercase();
            let wrong = if !is_token(name) {
                Some((code::BAD_NAME, "this is no name of a header"))
            } else if NOT_OURS.contains(&lower.as_str()) {
                Some((code::BAD_VALUE, "this header is set by driftlock"))
            } else if !seen.insert(lower) {
                Some((code::DUPLICATE_KEY, "this header stands here a second time"))
            } else {
                None
            };
            if let Some((code, message)) = wrong {
                problems.error(key.position, code, message, None);
            } else if let Some(value) = decode_header(name, value, problems) {
                headers.push((name.to_owned(), value));
            }
        }
    }
    Some(SinkSpec::Webhook {
        url: url?,
        secret,
        headers,
    })
}

fn decode_header(name: &str, node: &Node, problems: &mut Problems) -> Option<HeaderSource> {
    if matches!(node.kind, Kind::Map { .. }) {
        let fields = Fields::of(node, "a header", &HEADER_KEYS, problems)?;
        let found = match (fields.get("env"), fields.get("file")) {
            (Some((_, node)), None) => decode_variable(node, "env", problems),
            (None, Some((_, node))) => decode_file(node, "file", problems),
            _ => {
                let message = "a header needs either `env` or `file`";
                problems.error(node.position, code::MISSING_KEY, message, None);
                None
            }
        };
        return found.map(HeaderSource::Secret);
    }
    let text = decode_text(node, "a header", problems)?;
    if names_secret(name) {
        problems.error(
            node.position,
            code::BAD_VALUE,
            "what this header holds is secret, and no secret stands in this file",
            Some("name a variable or a file that holds it: `{ env: ALERTS_AUTHORIZATION }`"),
        );
        return None;
    }
    if text.chars().any(|c| c.is_control() || !c.is_ascii()) {
        let message = "a header must be plain ASCII text on one line";
        problems.error(node.position, code::BAD_VALUE, message, None);
        return None;
    }
    Some(HeaderSource::Clear(text.to_owned()))
}

fn decode_command(node: &Node, problems: &mut Problems) -> Option<Vec<String>> {
    const HELP: &str = "for example `command: [/usr/local/bin/notify, --json]`";
    let items = match &node.kind {
        Kind::Seq { items, .. } if !items.is_empty() => items,
        _ => {
            let message = "`command` must be a list: the program, then its arguments";
            problems.error(node.position, code::WRONG_TYPE, message, Some(HELP));
            return None;
        }
    };
    let words: Vec<Option<&str>> = decode_list(node, "`command`", problems)
        .iter()
        .map(|item| decode_text(item, "a word of `command`", problems))
        .collect();
    let line: Vec<String> = words
        .into_iter()
        .map(|word| word.map(str::to_owned))
        .collect::<Option<_>>()?;
    // it is run in the root folder
    let program = &line[0];
    if program.is_empty() || (program.contains('/') && !program.starts_with('/')) {
        problems.error(
            items[0].position,
            code::BAD_VALUE,
            "the program must be a name, or an absolute path",
            Some(HELP),
        );
        return None;
    }
    Some(line)
}

fn decode_limit(
    fields: &Fields<'_>,
    is_command: bool,
    problems: &mut Problems,
) -> Option<Duration> {
    let Some((key, node)) = fields.get("timeout") else {
        return Some(USUAL_LIMIT);
    };
    if !is_command {
        problems.error(
            key.position,
            code::BAD_VALUE,
            "`timeout` is for a command: everything else has 10 s",
            None,
        );
        return None;
    }
    let text = decode_text(node, "`timeout`", problems)?;
    let limit = parse_duration(text).filter(|limit| *limit <= LONGEST);
    if limit.is_none() {
        let message = "`timeout` must be a duration from 1s to 60s";
        let help = Some("for example `10s`");
        problems.error(node.position, code::BAD_VALUE, message, help);
    }
    limit
}
