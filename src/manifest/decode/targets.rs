//! `targets:`: where variables go, and which.

use std::time::Duration;

use super::activation::decode_programs;
use super::address::decode_file;
use super::fields::{self, Fields, decode_text};
use super::openclaw::decode_openclaw;
use super::probe::{RawProbe, decode_probes};
use super::rails::decode_rails;
use super::railway::decode_railway;
use super::reconcile::decode_reconcile;
use super::variables::decode_template;
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::{Use, UseSource, parse_duration};
use crate::manifest::tree::{Kind, Node};
use crate::model::{
    Activation, Address, Position, Process, Rails, Reconciling, TargetName, VarName,
};

const KEYS: [&str; 12] = [
    "file",
    "railway",
    "openclaw",
    "activate",
    "running",
    "probe",
    "groups",
    "variables",
    "prune",
    "stale_after",
    "rails",
    "reconcile",
];
/// The keys of which a target has one.
const PLATFORMS: [&str; 3] = ["file", "railway", "openclaw"];
const USE_KEYS: [&str; 3] = ["value", "from", "template"];

/// A target before its groups are put in.
pub(in crate::manifest) struct RawTarget {
    pub(in crate::manifest) name: TargetName,
    /// `None` if it could not be read; the parse has failed then.
    pub(in crate::manifest) address: Option<Address>,
    /// Names that are to be stored sealed.
    pub(in crate::manifest) sealed: Vec<(VarName, Position)>,
    pub(in crate::manifest) groups: Vec<(String, Position)>,
    pub(in crate::manifest) uses: Vec<Use>,
    pub(in crate::manifest) prune: bool,
    pub(in crate::manifest) stale_after: Option<Duration>,
    pub(in crate::manifest) rails: Rails,
    pub(in crate::manifest) reconciling: Reconciling,
    pub(in crate::manifest) activation: Option<Activation>,
    pub(in crate::manifest) activation_limit: Option<Duration>,
    pub(in crate::manifest) process: Option<Process>,
    pub(in crate::manifest) probes: Vec<RawProbe>,
    pub(in crate::manifest) position: Position,
}

/// What the manifest says for every target that says nothing else.
pub(super) struct Base {
    pub(super) rails: Rails,
    pub(super) reconciling: Reconciling,
}

pub(super) fn decode_targets(
    fields: &Fields<'_>,
    base: &Base,
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
            decode_target(name, key.position, value, base, problems)
        })
        .collect()
}

fn decode_target(
    name: TargetName,
    position: Position,
    node: &Node,
    base: &Base,
    problems: &mut Problems,
) -> Option<RawTarget> {
    let fields = Fields::of(node, "a target", &KEYS, problems)?;
    let (address, sealed) = decode_address(node, &fields, problems).unzip();
    let stale_after = fields
        .get("stale_after")
        .and_then(|(_, node)| decode_stale_after(node, problems));
    let prune = fields
        .get("prune")
        .and_then(|(_, node)| fields::decode_bool(node, "`prune`", problems));
    let rails = match fields.get("rails") {
        Some((_, node)) => decode_rails(node, base.rails, problems),
        None => base.rails,
    };
    let reconciling = match fields.get("reconcile") {
        Some((_, node)) => decode_reconcile(node, base.reconciling.clone(), problems),
        None => base.reconciling.clone(),
    };
    let mut address = address;
    let programs = decode_programs(&fields, address.as_mut(), problems);
    let probes = match fields.get("probe") {
        Some((_, node)) => decode_probes(node, address.as_ref(), problems),
        None => Vec::new(),
    };
    Some(RawTarget {
        name,
        address,
        sealed: sealed.unwrap_or_default(),
        groups: decode_group_names(&fields, problems),
        uses: decode_uses(&fields, problems),
        prune: prune.unwrap_or(false),
        stale_after,
        rails,
        reconciling,
        activation: programs.activation,
        activation_limit: programs.limit,
        process: programs.process,
        probes,
        position,
    })
}

/// Exactly one of the platforms' keys.
fn decode_address(
    node: &Node,
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> Option<(Address, Vec<(VarName, Position)>)> {
    let mut given: Vec<_> = PLATFORMS
        .into_iter()
        .filter_map(|key| {
            let (found, node) = fields.get(key)?;
            Some((key, found, node))
        })
        .collect();
    given.sort_by_key(|(_, found, _)| found.position);
    let mut given = given.into_iter();
    let Some((key, _, value)) = given.next() else {
        problems.error(
            node.position,
            code::MISSING_KEY,
            "a target needs one of `file`, `railway` and `openclaw`",
            Some("say where its variables go"),
        );
        return None;
    };
    if let Some((second, found, _)) = given.next() {
        problems.error(
            found.position,
            code::BAD_VALUE,
            format!("a target may have only one of `{key}` and `{second}`"),
            Some("make two targets of it; both may use the same variables"),
        );
        return None;
    }
    match key {
        "file" => Some((decode_file(value, problems)?, Vec::new())),
        "railway" => decode_railway(value, problems),
        _ => Some((decode_openclaw(value, problems)?, Vec::new())),
    }
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
                    of: None,
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
                    of: None,
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
