//! `authority.yaml`: what a machine allows.

use std::collections::BTreeSet;

use super::fields::{Fields, decode_list, decode_text};
use crate::manifest::allowlist::{Allowlist, Entry, origin};
use crate::manifest::place_root::Root;
use crate::manifest::problem::{Problems, code};
use crate::manifest::tree::Node;
use crate::model::ManifestName;

const VERSION: &str = "driftlock-authority";
const KEYS: [&str; 2] = [VERSION, "allow"];
const ENTRY_KEYS: [&str; 9] = [
    "manifest",
    "hosts",
    "machines",
    "paths",
    "railway",
    "probes",
    "commands",
    "units",
    "recipients",
];

pub(in crate::manifest) fn decode_allowlist(
    root: &Node,
    problems: &mut Problems,
) -> Option<Allowlist> {
    super::check_version(root, VERSION, "`authority.yaml`", problems)?;
    let fields = Fields::of(root, "`authority.yaml`", &KEYS, problems)?;
    fields.required(VERSION, problems);
    let mut list = Allowlist::default();
    let (_, allow) = fields.required("allow", problems)?;
    for item in decode_list(allow, "`allow`", problems) {
        if let Some(fields) = Fields::of(item, "an entry of `allow`", &ENTRY_KEYS, problems) {
            list.entries.push(decode_entry(&fields, problems));
        }
    }
    Some(list)
}

fn decode_entry(fields: &Fields<'_>, problems: &mut Problems) -> Entry {
    Entry {
        manifest: decode_manifest(fields, problems),
        hosts: texts(fields, "hosts", problems),
        machines: texts(fields, "machines", problems),
        paths: decode_paths(fields, problems),
        railway: decode_railway(fields, problems),
        probes: decode_probes(fields, problems),
        commands: texts(fields, "commands", problems),
        units: texts(fields, "units", problems),
        recipients: decode_recipients(fields, problems),
    }
}

/// A name that cannot be read must not stand for any manifest; the whole file is refused then.
fn decode_manifest(fields: &Fields<'_>, problems: &mut Problems) -> Option<ManifestName> {
    let (_, node) = fields.get("manifest")?;
    let text = decode_text(node, "`manifest`", problems)?;
    ManifestName::new(text)
        .map_err(|error| {
            problems.error(node.position, code::BAD_NAME, error.to_string(), None);
        })
        .ok()
}

/// The items of a list, each a text.
fn items<'n>(fields: &Fields<'n>, key: &str, problems: &mut Problems) -> Vec<(&'n Node, &'n str)> {
    let Some((_, node)) = fields.get(key) else {
        return Vec::new();
    };
    decode_list(node, &format!("`{key}`"), problems)
        .iter()
        .filter_map(|item| {
            let what = format!("what is in `{key}`");
            Some((item, decode_text(item, &what, problems)?))
        })
        .collect()
}

fn texts(fields: &Fields<'_>, key: &str, problems: &mut Problems) -> BTreeSet<String> {
    let found = items(fields, key, problems);
    for (item, text) in &found {
        if text.is_empty() {
            let message = format!("what is in `{key}` must not be empty");
            problems.error(item.position, code::BAD_VALUE, message, None);
        }
    }
    found.into_iter().map(|(_, text)| text.to_owned()).collect()
}

fn decode_recipients(fields: &Fields<'_>, problems: &mut Problems) -> BTreeSet<String> {
    let found = items(fields, "recipients", problems);
    for (item, text) in &found {
        super::check_recipient(text, item.position, problems);
    }
    found.into_iter().map(|(_, text)| text.to_owned()).collect()
}

fn decode_paths(fields: &Fields<'_>, problems: &mut Problems) -> Vec<Root> {
    let mut found = Vec::new();
    for (item, text) in items(fields, "paths", problems) {
        match Root::parse(text) {
            Some(root) => found.push(root),
            None => problems.error(
                item.position,
                code::BAD_VALUE,
                "a path here must be absolute or begin with `~/`, and have no `..` in it",
                Some("for example `/srv/app`"),
            ),
        }
    }
    found
}

/// A name with a slash in it could be meant in two ways.
fn decode_railway(fields: &Fields<'_>, problems: &mut Problems) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (item, text) in items(fields, "railway", problems) {
        match text.split_once('/') {
            Some((project, environment))
                if !project.is_empty() && !environment.is_empty() && !environment.contains('/') =>
            {
                found.insert((project.to_owned(), environment.to_owned()));
            }
            _ => problems.error(
                item.position,
                code::BAD_VALUE,
                "what is in `railway` must be a project and an environment",
                Some("for example `aurora/production`"),
            ),
        }
    }
    found
}

fn decode_probes(fields: &Fields<'_>, problems: &mut Problems) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (item, text) in items(fields, "probes", problems) {
        let known = text.starts_with("https://") || text.starts_with("http://");
        if known && origin(text) == Some(text) {
            found.insert(text.to_owned());
        } else {
            problems.error(
                item.position,
                code::BAD_VALUE,
                "what is in `probes` must be scheme and host alone, with no `/` at the end",
                Some("for example `https://vps.example.com`"),
            );
        }
    }
    found
}
