//! `file:` of a target: the machine, the path and the format of a file.

use super::fields::{Fields, decode_text};
use super::host::{decode_host, decode_sudo};
use crate::manifest::FORMATS;
use crate::manifest::problem::{Problems, code, nearest};
use crate::manifest::tree::Node;
use crate::model::{Address, FileAddress, HostAddress, KeyPath, Machine};

const KEYS: [&str; 6] = ["machine", "host", "sudo", "path", "format", "at"];
/// The formats whose files hold objects in objects.
const NESTING: [&str; 2] = ["json", "json5"];

pub(super) fn decode_file(node: &Node, problems: &mut Problems) -> Option<Address> {
    let fields = Fields::of(node, "`file`", &KEYS, problems)?;
    let path = fields
        .required("path", problems)
        .and_then(|(_, node)| Some((decode_path(node, problems)?, node.position)));
    let machine = decode_whose(&fields, "`file`", problems);
    let format = match fields.get("format") {
        Some((_, node)) => decode_format(node, problems)?,
        None => FORMATS[0].to_owned(),
    };
    let at = match fields.get("at") {
        Some((_, node)) => Some(decode_at(node, &format, problems)?),
        None => None,
    };
    let (path, path_position) = path?;
    let rooted = path.starts_with(['/', '~']);
    let machine = match machine? {
        Some(Machine::Host(_)) if !rooted => {
            problems.error(
                path_position,
                code::BAD_VALUE,
                "`path` on another machine is absolute or begins with `~/`: nothing there is the manifest's folder",
                Some("for example `/srv/app/.env` or `~/app/.env`"),
            );
            return None;
        }
        Some(machine) => machine,
        None if !rooted => Machine::Any,
        None => {
            problems.error(
                node.position,
                code::MACHINE_REQUIRED,
                "this path is not relative to the manifest, so it needs a `machine` or a `host`",
                Some("name the machine that has this file, write `machine: any` if all have, or `host: user@name` to reach it over SSH"),
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

/// Whose it is: `machine` or `host`. `None` after a problem.
pub(super) fn decode_whose(
    fields: &Fields<'_>,
    what: &str,
    problems: &mut Problems,
) -> Option<Option<Machine>> {
    let (machine, host) = (fields.get("machine"), fields.get("host"));
    if let (Some((machine, _)), Some((host, _))) = (machine, host) {
        problems.error(
            machine.position.max(host.position),
            code::BAD_VALUE,
            format!("{what} may have only one of `machine` and `host`"),
            Some("`host` reaches a machine over SSH; `machine` names the one that driftlock itself runs on"),
        );
    }
    let sudo = decode_sudo(fields, problems);
    match (machine, host) {
        (None, None) => Some(None),
        (Some((_, node)), None) => decode_machine(node, problems).map(Some),
        (None, Some((_, node))) => {
            let destination = decode_host(node, problems)?;
            let sudo = sudo?;
            Some(Some(Machine::Host(HostAddress { destination, sudo })))
        }
        (Some(_), Some(_)) => None,
    }
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

/// A path of another machine: nothing there is the manifest's folder.
pub(super) fn is_far_path(text: &str) -> bool {
    let below = text.strip_prefix('/').or_else(|| text.strip_prefix("~/"));
    below.is_some_and(|below| !below.trim_end_matches('/').is_empty())
        && !text.chars().any(char::is_control)
}
