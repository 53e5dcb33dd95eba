//! `probe:` of a target: what shows that its values work.

use std::collections::BTreeSet;
use std::time::Duration;

use super::activation::decode_command;
use super::fields::{self, Fields, decode_text};
use super::origin::check_url;
use super::variables::decode_template;
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::{Ask, HttpAsk, ProbeSpec, parse_duration};
use crate::manifest::template::{Part, Template};
use crate::manifest::tree::{Kind, Node};
use crate::model::{Address, Position, ProbeFrom, VarName};

const KEYS: [&str; 10] = [
    "http",
    "command",
    "method",
    "header",
    "body",
    "expect",
    "content_type",
    "negative",
    "from",
    "timeout",
];
const OF_HTTP: [&str; 6] = [
    "method",
    "header",
    "body",
    "expect",
    "content_type",
    "negative",
];
const LONGEST: Duration = Duration::from_secs(60);
const USUAL: Duration = Duration::from_secs(10);
/// What the client itself says about the connection and the length of what it sends.
const NOT_OURS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "proxy-connection",
];

/// A probe, and where it names variables of its target.
pub(in crate::manifest) struct RawProbe {
    pub(in crate::manifest) spec: ProbeSpec,
    pub(in crate::manifest) references: Vec<(VarName, Position)>,
}

/// One map, or a list of them.
pub(super) fn decode_probes(
    node: &Node,
    address: Option<&Address>,
    problems: &mut Problems,
) -> Vec<RawProbe> {
    let one = std::slice::from_ref(node);
    let nodes = match &node.kind {
        Kind::Seq { items, .. } => items,
        _ => one,
    };
    nodes
        .iter()
        .filter_map(|node| decode_probe(node, address, problems))
        .collect()
}

fn decode_probe(
    node: &Node,
    address: Option<&Address>,
    problems: &mut Problems,
) -> Option<RawProbe> {
    let fields = Fields::of(node, "`probe`", &KEYS, problems)?;
    let from = decode_from(&fields, address, problems);
    let limit = decode_timeout(&fields, problems);
    let (kind, value) = fields.only("`probe`", &["http", "command"], problems)?;
    let mut references = Vec::new();
    let ask = match kind {
        "http" => decode_http(value, &fields, &mut references, problems).map(Ask::Http),
        _ => {
            for (found, _) in OF_HTTP.iter().filter_map(|key| fields.get(key)) {
                let message = "this key belongs to `http`, not to `command`";
                problems.error(found.position, code::BAD_VALUE, message, None);
            }
            decode_command(value, "`command`", problems).map(Ask::Command)
        }
    };
    Some(RawProbe {
        spec: ProbeSpec {
            ask: ask?,
            from: from?,
            limit: limit?,
            position: node.position,
        },
        references,
    })
}

fn decode_from(
    fields: &Fields<'_>,
    address: Option<&Address>,
    problems: &mut Problems,
) -> Option<ProbeFrom> {
    let Some((_, node)) = fields.get("from") else {
        return Some(ProbeFrom::Here);
    };
    let (message, help) = match (node.text(), address) {
        (Some("here"), _) => return Some(ProbeFrom::Here),
        (Some("target"), Some(Address::Railway(_))) => (
            "a probe cannot be sent from Railway",
            Some("leave `from` out: it is sent from where driftlock runs"),
        ),
        (Some("target"), _) => return Some(ProbeFrom::Target),
        _ => ("`from` must be `here` or `target`", None),
    };
    problems.error(node.position, code::BAD_VALUE, message, help);
    None
}

fn decode_timeout(fields: &Fields<'_>, problems: &mut Problems) -> Option<Duration> {
    let Some((_, node)) = fields.get("timeout") else {
        return Some(USUAL);
    };
    let text = decode_text(node, "`timeout`", problems)?;
    let limit = parse_duration(text).filter(|limit| *limit <= LONGEST);
    if limit.is_none() {
        let message = "`timeout` must be a duration from 1s to 60s";
        problems.error(
            node.position,
            code::BAD_VALUE,
            message,
            Some("for example `5s`"),
        );
    }
    limit
}

fn decode_http(
    node: &Node,
    fields: &Fields<'_>,
    references: &mut Vec<(VarName, Position)>,
    problems: &mut Problems,
) -> Option<HttpAsk> {
    let url = decode_part(node, "`http`", references, problems)
        .and_then(|url| check_url(&url, node, problems).map(|()| url));
    let headers = decode_headers(fields, references, problems);
    let body = match fields.get("body") {
        Some((_, node)) => decode_part(node, "`body`", references, problems).map(Some),
        None => Some(None),
    };
    let usual = if fields.get("body").is_some() {
        "POST"
    } else {
        "GET"
    };
    let method = match fields.get("method") {
        Some((_, node)) => decode_method(node, problems),
        None => Some(usual.to_owned()),
    };
    let expect = match fields.get("expect") {
        Some((_, node)) => decode_expect(node, problems),
        None => Some(vec![(200, 299)]),
    };
    let content_type = match fields.get("content_type") {
        Some((_, node)) => decode_content_type(node, problems).map(Some),
        None => Some(None),
    };
    let negative = match fields.get("negative") {
        Some((_, node)) => fields::decode_bool(node, "`negative`", problems),
        None => Some(true),
    };
    Some(HttpAsk {
        method: method?,
        url: url?,
        headers: headers?,
        body: body?,
        expect: expect?,
        content_type: content_type?,
        negative: negative?,
    })
}

/// A template over the target's names.
fn decode_part(
    node: &Node,
    what: &str,
    references: &mut Vec<(VarName, Position)>,
    problems: &mut Problems,
) -> Option<Template> {
    let text = decode_text(node, what, problems)?;
    let template = decode_template(text, node, problems)?;
    references.extend(
        template
            .references()
            .map(|name| (name.clone(), node.position)),
    );
    Some(template)
}

fn decode_headers(
    fields: &Fields<'_>,
    references: &mut Vec<(VarName, Position)>,
    problems: &mut Problems,
) -> Option<Vec<(String, Template)>> {
    let Some((_, node)) = fields.get("header") else {
        return Some(Vec::new());
    };
    if !matches!(node.kind, Kind::Map { .. }) {
        let help = "for example `header: { Authorization: \"Bearer ${TOKEN}\" }`";
        let message = "`header` must be a map";
        problems.error(node.position, code::WRONG_TYPE, message, Some(help));
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut headers = Vec::new();
    let mut sound = true;
    for (key, value) in fields::decode_map(node, "`header`", problems) {
        let name = key.text().unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        let wrong = if !is_token(name) {
            Some((code::BAD_NAME, "this is no name of a header"))
        } else if NOT_OURS.contains(&lower.as_str()) {
            Some((
                code::BAD_VALUE,
                "this header is made from the address and the body",
            ))
        } else if !seen.insert(lower) {
            Some((code::DUPLICATE_KEY, "this header stands here a second time"))
        } else {
            None
        };
        if let Some((code, message)) = wrong {
            problems.error(key.position, code, message, None);
            sound = false;
        }
        match decode_part(value, "a header", references, problems) {
            Some(template) if has_line_end(&template) => {
                let message = "a header holds a control character";
                problems.error(value.position, code::BAD_VALUE, message, None);
                sound = false;
            }
            Some(template) => headers.push((name.to_owned(), template)),
            None => sound = false,
        }
    }
    sound.then_some(headers)
}

fn has_line_end(template: &Template) -> bool {
    template.parts().iter().any(|part| match part {
        Part::Text(text) => text.chars().any(|c| c.is_control() && c != '\t'),
        Part::Reference { .. } | Part::Nested { .. } => false,
    })
}

/// A word as HTTP has them: the name of a method or a header.
pub(super) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= 255 && text.bytes().all(fits)
}

fn decode_method(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`method`", problems)?;
    let method = text.to_ascii_uppercase();
    if is_token(&method) && method != "CONNECT" {
        return Some(method);
    }
    let message = "`method` must be a method of HTTP, such as GET or POST";
    problems.error(node.position, code::BAD_VALUE, message, None);
    None
}

fn decode_content_type(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`content_type`", problems)?;
    if let Some((kind, sort)) = text.split_once('/')
        && is_token(kind)
        && is_token(sort)
    {
        return Some(text.to_ascii_lowercase());
    }
    let message = "`content_type` must be a type without parameters";
    let help = "for example `application/json`";
    problems.error(node.position, code::BAD_VALUE, message, Some(help));
    None
}

/// One status or class of statuses, or a list of them.
fn decode_expect(node: &Node, problems: &mut Problems) -> Option<Vec<(u16, u16)>> {
    let one = std::slice::from_ref(node);
    let nodes = match &node.kind {
        Kind::Seq { items, .. } => items,
        _ => one,
    };
    let ranges: Option<Vec<_>> = nodes
        .iter()
        .map(|node| {
            let range = node.text().and_then(status_range);
            if range.is_none() {
                let message = "`expect` must be statuses from 100 to 599";
                let help = "for example `200`, `[200, 204]` or `2xx`";
                problems.error(node.position, code::BAD_VALUE, message, Some(help));
            }
            range
        })
        .collect();
    let ranges = ranges?;
    if ranges.is_empty() {
        let message = "`expect` names no status, so nothing would pass";
        problems.error(node.position, code::BAD_VALUE, message, None);
        return None;
    }
    Some(ranges)
}

fn status_range(text: &str) -> Option<(u16, u16)> {
    let (class, rest) = text.split_at_checked(1)?;
    let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
    if rest == "xx" {
        return Some((class * 100, class * 100 + 99));
    }
    let digits = rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let status = digits.then(|| text.parse().ok()).flatten()?;
    Some((status, status))
}
