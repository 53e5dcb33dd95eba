//! `targets:`: where variables go, and which.

use std::time::Duration;

use super::fields::{self, Fields, decode_text};
use super::variables::decode_template;
use crate::manifest::FORMATS;
use crate::manifest::problem::{Problems, code, nearest};
use crate::manifest::spec::{Use, UseSource, parse_duration};
use crate::manifest::tree::{Kind, Node, Style};
use crate::model::{Address, FileAddress, Machine, Position, Rails, TargetName};

const KEYS: [&str; 6] = [
    "file",
    "groups",
    "variables",
    "prune",
    "stale_after",
    "rails",
];
const FILE_KEYS: [&str; 3] = ["machine", "path", "format"];
const RAILS_KEYS: [&str; 4] = ["deletes", "deletes_percent", "changes", "changes_percent"];
const USE_KEYS: [&str; 3] = ["value", "from", "template"];

/// A target before its groups are put in.
pub(in crate::manifest) struct RawTarget {
    pub(in crate::manifest) name: TargetName,
    /// `None` if it could not be read; the parse has failed then.
    pub(in crate::manifest) address: Option<Address>,
    pub(in crate::manifest) groups: Vec<(String, Position)>,
    pub(in crate::manifest) uses: Vec<Use>,
    pub(in crate::manifest) prune: bool,
    pub(in crate::manifest) stale_after: Option<Duration>,
    pub(in crate::manifest) rails: Rails,
    pub(in crate::manifest) position: Position,
}

pub(super) fn decode_targets(
    fields: &Fields<'_>,
    rails: Rails,
    problems: &mut Problems,
) -> Vec<RawTarget> {
    let Some((_, node)) = fields.get("targets") else {
        return Vec::new();
    };
    fields::decode_map(node, "`targets`", problems)
        .into_iter()
        .filter_map(|(key, value)| {
            let name = TargetName::new(key.text().unwrap_or_default())
                .map_err(|error| {
                    problems.error(key.position, code::BAD_NAME, error.to_string(), None);
                })
                .ok()?;
            decode_target(name, key.position, value, rails, problems)
        })
        .collect()
}

fn decode_target(
    name: TargetName,
    position: Position,
    node: &Node,
    rails: Rails,
    problems: &mut Problems,
) -> Option<RawTarget> {
    let fields = Fields::of(node, "a target", &KEYS, problems)?;
    let address = fields
        .required("file", problems)
        .and_then(|(_, node)| decode_file(node, problems));
    let stale_after = fields
        .get("stale_after")
        .and_then(|(_, node)| decode_stale_after(node, problems));
    let prune = fields
        .get("prune")
        .and_then(|(_, node)| fields::decode_bool(node, "`prune`", problems));
    let rails = match fields.get("rails") {
        Some((_, node)) => decode_rails(node, rails, problems),
        None => rails,
    };
    Some(RawTarget {
        name,
        address,
        groups: decode_group_names(&fields, problems),
        uses: decode_uses(&fields, problems),
        prune: prune.unwrap_or(false),
        stale_after,
        rails,
        position,
    })
}

fn decode_file(node: &Node, problems: &mut Problems) -> Option<Address> {
    let fields = Fields::of(node, "`file`", &FILE_KEYS, problems)?;
    let path = fields
        .required("path", problems)
        .and_then(|(_, node)| decode_path(node, problems));
    let machine = fields
        .get("machine")
        .map(|(_, node)| decode_machine(node, problems));
    let format = match fields.get("format") {
        Some((_, node)) => decode_format(node, problems)?,
        None => FORMATS[0].to_owned(),
    };
    let path = path?;
    let machine = match machine {
        Some(machine) => machine?,
        None if !path.starts_with(['/', '~']) => Machine::Any,
        None => {
            problems.error(
                node.position,
                code::MACHINE_REQUIRED,
                "this path is not relative to the manifest, so it needs a `machine`",
                Some("name the machine that has this file, or write `machine: any` if all have"),
            );
            return None;
        }
    };
    Some(Address::File(FileAddress {
        machine,
        path,
        format,
    }))
}

fn decode_path(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`path`", problems)?;
    let wrong = if text.is_empty() || text.ends_with('/') {
        Some("`path` must name a file")
    } else if text.starts_with('~') && !text.starts_with("~/") {
        Some("`path` may begin with `~/`, but not with another user's `~`")
    } else if text.chars().any(char::is_control) {
        Some("`path` holds a control character")
    } else {
        None
    };
    if let Some(message) = wrong {
        let help = "for example `.env`, `~/app/.env` or `/srv/app/.env`";
        problems.error(node.position, code::BAD_VALUE, message, Some(help));
        return None;
    }
    Some(text.to_owned())
}

fn decode_machine(node: &Node, problems: &mut Problems) -> Option<Machine> {
    let text = decode_text(node, "`machine`", problems)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if text.is_empty() || text.len() > 253 || text.starts_with('-') || !text.bytes().all(plain) {
        problems.error(
            node.position,
            code::BAD_NAME,
            "`machine` must be a host name, or `any`",
            None,
        );
        return None;
    }
    Some(match text {
        "any" => Machine::Any,
        name => Machine::Named(name.to_owned()),
    })
}

fn decode_format(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`format`", problems)?;
    if FORMATS.contains(&text) {
        return Some(text.to_owned());
    }
    let help = match nearest(text, FORMATS) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known: `{}`", FORMATS.join("`, `")),
    };
    problems.error(
        node.position,
        code::UNKNOWN_FORMAT,
        "this format is not known",
        Some(&help),
    );
    None
}

fn decode_stale_after(node: &Node, problems: &mut Problems) -> Option<Duration> {
    let text = decode_text(node, "`stale_after`", problems)?;
    let duration = parse_duration(text);
    if duration.is_none() {
        let help = "for example `1h`, `30m` or `2d`";
        problems.error(
            node.position,
            code::BAD_VALUE,
            "`stale_after` is not a duration",
            Some(help),
        );
    }
    duration
}

/// What is not said stays as in `base`.
pub(super) fn decode_rails(node: &Node, base: Rails, problems: &mut Problems) -> Rails {
    let mut rails = base;
    let Some(fields) = Fields::of(node, "`rails`", &RAILS_KEYS, problems) else {
        return rails;
    };
    for (key, limit) in [
        ("deletes", &mut rails.deletes.count),
        ("deletes_percent", &mut rails.deletes.percent),
        ("changes", &mut rails.changes.count),
        ("changes_percent", &mut rails.changes.percent),
    ] {
        if let Some((_, node)) = fields.get(key)
            && let Some(given) = decode_limit(key, node, problems)
        {
            *limit = given;
        }
    }
    rails
}

fn decode_limit(key: &str, node: &Node, problems: &mut Problems) -> Option<Option<u32>> {
    let most = if key.ends_with("_percent") {
        100
    } else {
        u32::MAX
    };
    let given = match &node.kind {
        Kind::Scalar { text, .. } if text == "none" => Some(None),
        Kind::Scalar {
            text,
            style: Style::Plain,
        } if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok().filter(|number| *number <= most).map(Some)
        }
        _ => None,
    };
    if given.is_none() {
        let help = "write `none` for no limit of this kind";
        let message = if most == 100 {
            format!("`{key}` must be a number from 0 to 100, or `none`")
        } else {
            format!("`{key}` must be a number, or `none`")
        };
        problems.error(node.position, code::BAD_VALUE, message, Some(help));
    }
    given
}

fn decode_group_names(fields: &Fields<'_>, problems: &mut Problems) -> Vec<(String, Position)> {
    let Some((_, node)) = fields.get("groups") else {
        return Vec::new();
    };
    fields::decode_list(node, "`groups` of a target", problems)
        .iter()
        .filter_map(|item| {
            let text = decode_text(item, "a group's name", problems)?;
            Some((text.to_owned(), item.position))
        })
        .collect()
}

fn decode_uses(fields: &Fields<'_>, problems: &mut Problems) -> Vec<Use> {
    let Some((_, node)) = fields.get("variables") else {
        return Vec::new();
    };
    let mut uses = Vec::new();
    for item in fields::decode_list(node, "`variables` of a target", problems) {
        if item.entries().is_empty() {
            if let Some(name) = fields::decode_variable_name(item, problems) {
                uses.push(Use {
                    source: UseSource::Declared(name.clone()),
                    name,
                    position: item.position,
                });
            }
            continue;
        }
        for (key, value) in fields::decode_map(item, "a target's variable", problems) {
            let name = fields::decode_variable_name(key, problems);
            let source = decode_use_source(value, problems);
            if let (Some(name), Some(source)) = (name, source) {
                let position = key.position;
                uses.push(Use {
                    name,
                    source,
                    position,
                });
            }
        }
    }
    uses
}

fn decode_use_source(node: &Node, problems: &mut Problems) -> Option<UseSource> {
    if !matches!(node.kind, Kind::Map { .. }) {
        let text = decode_text(node, "a target's variable", problems)?;
        return Some(UseSource::Clear(text.to_owned()));
    }
    let fields = Fields::of(node, "a target's variable", &USE_KEYS, problems)?;
    let mut given = USE_KEYS.iter().filter_map(|key| fields.get(key));
    let Some((key, value)) = given.next() else {
        let message = "a target's variable needs one of `value`, `from` and `template`";
        problems.error(node.position, code::MISSING_KEY, message, None);
        return None;
    };
    if let Some((second, _)) = given.next() {
        let message = "a target's variable may have only one of `value`, `from` and `template`";
        problems.error(second.position, code::BAD_VALUE, message, None);
    }
    match key.text() {
        Some("from") => fields::decode_variable_name(value, problems).map(UseSource::Declared),
        Some("template") => {
            let text = decode_text(value, "`template`", problems)?;
            decode_template(text, value, problems).map(UseSource::Template)
        }
        _ => {
            let text = decode_text(value, "`value`", problems)?;
            Some(UseSource::Clear(text.to_owned()))
        }
    }
}
