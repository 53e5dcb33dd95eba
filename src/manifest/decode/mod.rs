//! The tree to a manifest. Goes on after a problem, so that one run shows all of them.

mod activation;
mod address;
mod alerting;
mod allowlist;
mod expiry;
mod fields;
mod folder;
mod host;
mod openclaw;
mod origin;
mod overlap;
mod probe;
mod rails;
mod railway;
mod recipe;
mod reconcile;
mod seal;
mod targets;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use super::problem::{Problems, code};
use super::spec::{Glance, Manifest, Variable};
use super::tree::Node;
use super::{MAX_RECIPIENTS, validate};
use crate::model::{ExpiryPolicy, ManifestName, Position, Rails, Reconciling, VarName};
pub(super) use alerting::decode_alerting;
pub(super) use allowlist::decode_allowlist;
use fields::Fields;
pub(super) use fields::decode_text;
pub(super) use folder::decode_folder_rails;
pub(super) use seal::{SealFields, parse_payload};
use targets::Base;
pub(super) use targets::RawTarget;

const KEYS: [&str; 13] = [
    "driftlock",
    "name",
    "recipients",
    "rails",
    "reconcile",
    "expiry",
    "variables",
    "groups",
    "targets",
    "key",
    "fingerprints",
    "former_fingerprints",
    "age",
];

/// A named list of variables.
pub(super) struct Group {
    pub(super) members: Vec<(VarName, Position)>,
    pub(super) position: Position,
}

/// What the file says, before names are resolved.
pub(super) struct Raw {
    pub(super) variables: BTreeMap<VarName, Variable>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) targets: Vec<RawTarget>,
}

pub(super) fn decode(root: &Node, problems: &mut Problems) -> Option<Manifest> {
    if root.is_null() {
        let help = "`driftlock init` writes a first manifest";
        problems.error(
            root.position,
            code::NOT_A_MANIFEST,
            "this file is empty",
            Some(help),
        );
        return None;
    }
    if let Some(kind) = other_kind(root) {
        problems.error(
            root.position,
            code::NOT_A_MANIFEST,
            format!("this is no manifest but {kind}"),
            None,
        );
        return None;
    }
    check_version(root, "driftlock", "this manifest", problems)?;
    let fields = Fields::of(root, "a manifest", &KEYS, problems)?;
    fields.required("driftlock", problems);
    let name = fields
        .required("name", problems)
        .and_then(|(_, node)| decode_manifest_name(node, problems));
    let recipients = decode_recipients(&fields, problems);
    let base = Base {
        rails: match fields.get("rails") {
            Some((_, node)) => rails::decode_rails(node, Rails::default(), problems),
            None => Rails::default(),
        },
        reconciling: match fields.get("reconcile") {
            Some((_, node)) => reconcile::decode_reconcile(node, Reconciling::default(), problems),
            None => Reconciling::default(),
        },
    };
    let expiry = match fields.get("expiry") {
        Some((_, node)) => expiry::decode_expiry(node, false, problems),
        None => ExpiryPolicy::default(),
    };
    let raw = Raw {
        variables: variables::decode_variables(&fields, problems),
        groups: decode_groups(&fields, problems),
        targets: targets::decode_targets(&fields, &base, problems),
    };
    let seal = seal::decode_seal(&fields, problems);
    validate::check_encryption(&raw, &recipients, &seal, problems);
    let targets = validate::resolve(&raw, problems);
    let mut manifest = Manifest {
        name: name?,
        recipients,
        variables: raw.variables,
        targets,
        seal: seal.seal,
        expiry,
        protected: BTreeSet::new(),
    };
    manifest.settle_probes();
    Some(manifest)
}

/// A few variables, and what they are sealed under.
pub(super) fn decode_some(
    root: &Node,
    names: &BTreeSet<VarName>,
    problems: &mut Problems,
) -> Option<Glance> {
    let fields = Fields::of(root, "a manifest", &KEYS, problems)?;
    let (_, name) = fields.get("name")?;
    Some(Glance {
        name: decode_manifest_name(name, problems)?,
        variables: variables::decode_some(&fields, names, problems),
        seal: seal::decode_seal(&fields, problems).seal,
    })
}

/// The files beside a manifest say what they are with a key of their own.
fn other_kind(root: &Node) -> Option<&'static str> {
    if root.get("driftlock").is_some() {
        return None;
    }
    let kinds = [
        (
            "driftlock-rails",
            "the limits of a folder, which are read from `rails.yaml`",
        ),
        (
            "driftlock-authority",
            "an allowlist of a machine, which is named with --authority",
        ),
        (
            "driftlock-alerts",
            "the settings of alerts, which are named with --alerts",
        ),
    ];
    let mut kinds = kinds.into_iter();
    kinds.find_map(|(key, kind)| root.get(key).map(|_| kind))
}

/// The version of the format. A newer one may have keys that we do not know: then only that is said.
fn check_version(root: &Node, key: &str, what: &str, problems: &mut Problems) -> Option<()> {
    let Some(node) = root.get(key) else {
        return Some(());
    };
    let version = node.text().and_then(|text| text.parse::<u64>().ok());
    if version.is_some_and(|version| version > 1) {
        problems.error(
            node.position,
            code::NEWER_VERSION,
            format!("{what} was made for a newer driftlock"),
            Some("update driftlock; this one reads version 1"),
        );
        return None;
    }
    if node.text() != Some("1") {
        let message = format!("`{key}` must be 1, the version of this format");
        problems.error(node.position, code::BAD_VALUE, message, None);
    }
    Some(())
}

fn decode_manifest_name(node: &Node, problems: &mut Problems) -> Option<ManifestName> {
    let text = decode_text(node, "`name`", problems)?;
    ManifestName::new(text)
        .map_err(|error| {
            problems.error(node.position, code::BAD_NAME, error.to_string(), None);
        })
        .ok()
}

fn decode_recipients(fields: &Fields<'_>, problems: &mut Problems) -> Vec<(String, Position)> {
    let Some((key, node)) = fields.get("recipients") else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let mut recipients = Vec::new();
    for item in fields::decode_list(node, "`recipients`", problems) {
        let Some(text) = decode_text(item, "a recipient", problems) else {
            continue;
        };
        check_recipient(text, item.position, problems);
        if seen.insert(text) {
            recipients.push((text.to_owned(), item.position));
        } else {
            let message = "this recipient is listed twice";
            problems.error(
                item.position,
                code::DUPLICATE_RECIPIENT,
                message,
                Some("remove one of the two"),
            );
        }
    }
    if recipients.len() > MAX_RECIPIENTS {
        problems.error(
            key.position,
            code::TOO_MANY_RECIPIENTS,
            format!("there are more than {MAX_RECIPIENTS} recipients"),
            Some("share one key between machines that do the same work"),
        );
    }
    recipients
}

fn check_recipient(text: &str, position: Position, problems: &mut Problems) {
    let private = text.starts_with("AGE-") || text.contains("PRIVATE KEY");
    let known = ["age1", "ssh-ed25519 ", "ssh-rsa "];
    if private {
        problems.error(
            position,
            code::BAD_VALUE,
            "this is a private key, not a recipient",
            Some("remove it, make a new key, and list the new public key here"),
        );
    } else if !known.iter().any(|prefix| text.starts_with(prefix)) || text.contains(['\n', '\r']) {
        problems.error(
            position,
            code::BAD_VALUE,
            "this is not a recipient",
            Some("a recipient begins with `age1`, `ssh-ed25519` or `ssh-rsa`"),
        );
    }
}

fn decode_groups(fields: &Fields<'_>, problems: &mut Problems) -> BTreeMap<String, Group> {
    let mut groups = BTreeMap::new();
    let Some((_, node)) = fields.get("groups") else {
        return groups;
    };
    for (key, value) in fields::decode_map(node, "`groups`", problems) {
        let name = key.text().unwrap_or_default();
        // targets and groups are named by one rule
        if crate::model::TargetName::new(name).is_err() {
            let message = "a group's name must be 1 to 64 of A-Z, a-z, 0-9, dot, dash and _";
            problems.error(key.position, code::BAD_NAME, message, None);
            continue;
        }
        let members = fields::decode_list(value, "a group", problems)
            .iter()
            .filter_map(|item| {
                let name = fields::decode_variable_name(item, problems)?;
                Some((name, item.position))
            })
            .collect();
        let position = key.position;
        groups.insert(name.to_owned(), Group { members, position });
    }
    groups
}
