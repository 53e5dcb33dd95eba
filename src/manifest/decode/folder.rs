//! `rails.yaml`: the limits of a folder.

use std::collections::BTreeSet;

use super::expiry::decode_expiry;
use super::fields::{Fields, decode_bool, decode_list, decode_map, decode_variable_name};
use super::rails::{self, decode_limit};
use super::reconcile::decode_reconcile_limits;
use crate::manifest::problem::{Problems, code};
use crate::manifest::rails::{FolderRails, TargetTightening, Tightening};
use crate::manifest::tree::Node;
use crate::model::{ManifestName, Rails, TargetName, VarName};

const VERSION: &str = "driftlock-rails";
const KEYS: [&str; 7] = [
    VERSION,
    "rails",
    "protected",
    "prune",
    "reconcile",
    "expiry",
    "targets",
];
const TARGET_KEYS: [&str; 4] = ["rails", "protected", "prune", "reconcile"];

pub(in crate::manifest) fn decode_folder_rails(
    root: &Node,
    problems: &mut Problems,
) -> Option<FolderRails> {
    if root.get("driftlock").is_some() && root.get(VERSION).is_none() {
        problems.error(
            root.position,
            code::BAD_VALUE,
            "this is a manifest, and `rails.yaml` holds the limits of its folder",
            Some("give the manifest another name, for example `production.yaml`"),
        );
        return None;
    }
    super::check_version(root, VERSION, "`rails.yaml`", problems)?;
    let fields = Fields::of(root, "`rails.yaml`", &KEYS, problems)?;
    fields.required(VERSION, problems);
    let mut found = FolderRails {
        everywhere: decode_tightening(&fields, problems),
        ..FolderRails::default()
    };
    if let Some((_, node)) = fields.get("expiry") {
        found.expiry = decode_expiry(node, true, problems);
    }
    if let Some((_, node)) = fields.get("targets") {
        for (key, value) in decode_map(node, "`targets`", problems) {
            let Some(name) = decode_full_name(key, problems) else {
                continue;
            };
            if let Some(fields) =
                Fields::of(value, "the limits of a target", &TARGET_KEYS, problems)
            {
                let own = TargetTightening {
                    tightening: decode_tightening(&fields, problems),
                    position: key.position,
                };
                found.targets.insert(name, own);
            }
        }
    }
    Some(found)
}

/// `manifest/target`.
fn decode_full_name(key: &Node, problems: &mut Problems) -> Option<(ManifestName, TargetName)> {
    let name = key
        .text()
        .and_then(|text| text.split_once('/'))
        .and_then(|(manifest, target)| Some((manifest.parse().ok()?, target.parse().ok()?)));
    if name.is_none() {
        problems.error(
            key.position,
            code::BAD_NAME,
            "a target is named here with its manifest",
            Some("for example `production/api`"),
        );
    }
    name
}

fn decode_tightening(fields: &Fields<'_>, problems: &mut Problems) -> Tightening {
    let mut found = Tightening::default();
    if let Some((_, node)) = fields.get("rails") {
        found.rails = decode_limits(node, problems);
    }
    if let Some((_, node)) = fields.get("protected") {
        found.protected = decode_names(node, problems);
    }
    if let Some((_, node)) = fields.get("prune")
        && let Some(may_prune) = decode_bool(node, "`prune`", problems)
    {
        found.prune = may_prune;
    }
    if let Some((_, node)) = fields.get("reconcile") {
        let limits = decode_reconcile_limits(node, problems);
        found.mode = limits.mode;
        found.deny = limits.deny;
    }
    found
}

fn decode_names(node: &Node, problems: &mut Problems) -> BTreeSet<VarName> {
    decode_list(node, "`protected`", problems)
        .iter()
        .filter_map(|item| decode_variable_name(item, problems))
        .collect()
}

/// What is not said is not limited here.
fn decode_limits(node: &Node, problems: &mut Problems) -> Rails {
    let mut limits = Rails::NONE;
    let Some(fields) = Fields::of(node, "`rails`", &rails::KEYS, problems) else {
        return limits;
    };
    for (key, limit) in rails::slots(&mut limits) {
        let Some((_, node)) = fields.get(key) else {
            continue;
        };
        if node.text() == Some("none") {
            problems.error(
                node.position,
                code::BAD_VALUE,
                format!(
                    "`{key}` cannot be `none`: `rails.yaml` only tightens what a manifest says"
                ),
                Some("leave it out for no limit from here"),
            );
        } else if let Some(given) = decode_limit(key, node, problems) {
            *limit = given;
        }
    }
    limits
}
