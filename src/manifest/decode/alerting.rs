//! `alerts.yaml`: sinks, routes, and when what is said.

mod routes;
mod secret;
mod sinks;

use std::collections::BTreeMap;
use std::time::Duration;

use super::fields::{Fields, decode_bool, decode_map, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::parse_duration;
use crate::manifest::tree::Node;
use crate::model::{Alerting, PingMethod, PingSpec, SinkSpec};

const VERSION: &str = "driftlock-alerts";
const KEYS: [&str; 8] = [
    VERSION, "sinks", "routes", "remind", "digest", "ping", "grace", "after",
];
const PING_KEYS: [&str; 6] = ["url", "url_env", "url_file", "method", "every", "fail"];

/// More in one message are too many to read, and no message holds them.
const MOST_DIGEST: u32 = 1000;
const MOST_AFTER: u32 = 1000;

pub(in crate::manifest) fn decode_alerting(
    root: &Node,
    problems: &mut Problems,
) -> Option<Alerting> {
    super::check_version(root, VERSION, "`alerts.yaml`", problems)?;
    let fields = Fields::of(root, "`alerts.yaml`", &KEYS, problems)?;
    fields.required(VERSION, problems);
    let mut alerting = Alerting {
        sinks: decode_sinks(&fields, problems),
        ..Alerting::default()
    };
    if let Some((_, node)) = fields.get("routes") {
        alerting.routes = routes::decode_routes(node, &alerting.sinks, problems);
    }
    if let Some((_, node)) = fields.get("remind") {
        alerting.remind = match node.text() {
            Some("never") => None,
            _ => decode_duration(node, "`remind`", "24h` or `never", problems),
        };
    }
    if let Some(number) = decode_number(&fields, "digest", 0..=MOST_DIGEST, problems) {
        alerting.digest = number;
    }
    if let Some(number) = decode_number(&fields, "after", 1..=MOST_AFTER, problems) {
        alerting.after = number;
    }
    if let Some((_, node)) = fields.get("grace")
        && let Some(grace) = decode_duration(node, "`grace`", "30m", problems)
    {
        alerting.grace = grace;
    }
    if let Some((_, node)) = fields.get("ping") {
        alerting.ping = decode_ping(node, problems);
    }
    Some(alerting)
}

fn decode_sinks(fields: &Fields<'_>, problems: &mut Problems) -> BTreeMap<String, SinkSpec> {
    let mut found = BTreeMap::new();
    let Some((_, node)) = fields.required("sinks", problems) else {
        return found;
    };
    for (key, value) in decode_map(node, "`sinks`", problems) {
        let name = key.text().unwrap_or_default();
        // they are told apart by names as targets are
        if crate::model::TargetName::new(name).is_err() {
            let message = "a sink's name must be 1 to 64 of A-Z, a-z, 0-9, dot, dash and _";
            problems.error(key.position, code::BAD_NAME, message, None);
        } else if let Some(sink) = sinks::decode_sink(value, problems) {
            found.insert(name.to_owned(), sink);
        }
    }
    found
}

fn decode_ping(node: &Node, problems: &mut Problems) -> Option<PingSpec> {
    let fields = Fields::of(node, "`ping`", &PING_KEYS, problems)?;
    let url = secret::decode_url(&fields, "`ping`", problems);
    let method = match fields.get("method") {
        None => Some(PingMethod::default()),
        Some((_, node)) => match node.text() {
            Some("GET") => Some(PingMethod::Get),
            Some("HEAD") => Some(PingMethod::Head),
            Some("POST") => Some(PingMethod::Post),
            _ => {
                let message = "`method` must be GET, HEAD or POST";
                problems.error(node.position, code::BAD_VALUE, message, None);
                None
            }
        },
    };
    let every = match fields.get("every") {
        None => Some(None),
        Some((_, node)) => decode_duration(node, "`every`", "5m", problems).map(Some),
    };
    let fail = match fields.get("fail") {
        None => Some(false),
        Some((_, node)) => decode_bool(node, "`fail`", problems),
    };
    Some(PingSpec {
        url: url?,
        method: method?,
        every: every?,
        fail: fail?,
    })
}

fn decode_duration(
    node: &Node,
    what: &str,
    example: &str,
    problems: &mut Problems,
) -> Option<Duration> {
    let text = decode_text(node, what, problems)?;
    let duration = parse_duration(text);
    if duration.is_none() {
        problems.error(
            node.position,
            code::BAD_VALUE,
            format!("{what} is not a duration"),
            Some(&format!("for example `{example}`")),
        );
    }
    duration
}

fn decode_number(
    fields: &Fields<'_>,
    key: &str,
    range: std::ops::RangeInclusive<u32>,
    problems: &mut Problems,
) -> Option<u32> {
    let (_, node) = fields.get(key)?;
    let text = node.text().unwrap_or_default();
    let plain = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    let number = plain.then(|| text.parse().ok()).flatten();
    let number = number.filter(|number| range.contains(number));
    if number.is_none() {
        let (least, most) = (range.start(), range.end());
        let message = format!("`{key}` must be a whole number from {least} to {most}");
        problems.error(node.position, code::BAD_VALUE, message, None);
    }
    number
}
