//! `file:` of a target: the machine, the path and the format of a file.

use super::fields::{Fields, decode_text};
use crate::manifest::FORMATS;
use crate::manifest::problem::{Problems, code, nearest};
use crate::manifest::tree::Node;
use crate::model::{Address, FileAddress, KeyPath, Machine};

const KEYS: [&str; 4] = ["machine", "path", "format", "at"];
/// The formats whose files hold objects in objects.
const NESTING: [&str; 2] = ["json", "json5"];

pub(super) fn decode_file(node: &Node, problems: &mut Problems) -> Option<Address> {
    let fields = Fields::of(node, "`file`", &KEYS, problems)?;
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
    let at = match fields.get("at") {
        Some((_, node)) => Some(decode_at(node, &format, problems)?),
        None => None,
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
        at,
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

/// Where in the file the object of the variables is.
fn decode_at(node: &Node, format: &str, problems: &mut Problems) -> Option<KeyPath> {
    let text = decode_text(node, "`at`", problems)?;
    if !NESTING.contains(&format) {
        problems.error(
            node.position,
            code::BAD_VALUE,
            "only the formats `json` and `json5` have a place inside the file",
            Some("leave `at` out, or name one of those formats"),
        );
        return None;
    }
    text.parse()
        .map_err(|wrong: crate::model::InvalidKeyPath| {
            problems.error(
                node.position,
                code::BAD_VALUE,
                format!("`at` must {}", wrong.0),
                Some("for example `env`, `gateway.auth` or `agents.list[0].env`"),
            );
        })
        .ok()
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
