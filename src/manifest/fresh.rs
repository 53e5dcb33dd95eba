//! The text of a new manifest, in the layout that edits keep.

use std::collections::{BTreeMap, BTreeSet};

use super::scalar;
use super::spec::{Payload, Seal, Source, UseSource};
use crate::model::{
    Address, FileAddress, Fingerprint, HostAddress, Machine, ManifestName, OpenclawAddress,
    RailwayAddress, Sudo, TargetName, VarName,
};

/// What a new manifest begins with.
#[derive(Debug, Clone)]
pub struct Fresh<'a> {
    /// A comment for the first line, without its `# `.
    pub comment: Option<&'a str>,
    pub name: &'a ManifestName,
    /// Each with a comment, or an empty one.
    pub recipients: &'a [(String, String)],
    /// Templates cannot be among them: a new manifest has none.
    pub variables: &'a BTreeMap<VarName, Source>,
    /// Those of them in which a platform's references are meant.
    pub references: &'a BTreeSet<VarName>,
    pub targets: &'a [FreshTarget],
    pub seal: Option<&'a Seal>,
}

/// A place of the new manifest.
#[derive(Debug, Clone)]
pub struct FreshTarget {
    pub name: TargetName,
    /// For the line above its address, without its `# `.
    pub comment: Option<String>,
    pub address: Address,
    /// What it gets, in this order, each under its name there.
    pub uses: Vec<(VarName, UseSource)>,
}

impl FreshTarget {
    /// A file that gets declared variables under their own names.
    pub fn file(name: TargetName, file: FileAddress, variables: Vec<VarName>) -> Self {
        Self {
            name,
            comment: None,
            address: Address::File(file),
            uses: variables
                .into_iter()
                .map(|name| (name.clone(), UseSource::Declared(name)))
                .collect(),
        }
    }
}

/// A blank line between variables, and around the sections: plain git can then join edits of
/// neighbours.
pub fn render_new(fresh: &Fresh<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(comment) = fresh.comment {
        lines.push(comment_line("", comment));
    }
    lines.push("driftlock: 1".into());
    lines.push(format!("name: {}", scalar::inline(fresh.name.as_str())));
    if !fresh.recipients.is_empty() {
        lines.push("recipients:".into());
        for (key, comment) in fresh.recipients {
            lines.push(recipient_line("  ", key, comment));
        }
    }
    lines.push(String::new());
    if fresh.variables.is_empty() {
        lines.push("variables: {}".into());
        lines.push(String::new());
    } else {
        lines.push("variables:".into());
    }
    for (name, source) in fresh.variables {
        lines.extend(match fresh.references.contains(name) {
            true => reference_lines(name, source),
            false => variable_lines("  ", "  ", name, source),
        });
        lines.push(String::new());
    }
    lines.push(
        if fresh.targets.is_empty() {
            "targets: {}"
        } else {
            "targets:"
        }
        .into(),
    );
    for (index, target) in fresh.targets.iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        lines.extend(target_lines(target));
    }
    if let Some(seal) = fresh.seal {
        lines.push(String::new());
        lines.extend(seal_lines(seal));
    }
    lines.join("\n") + "\n"
}

fn recipient_line(indent: &str, key: &str, comment: &str) -> String {
    comment_behind(format!("{indent}- {}", scalar::inline(key)), comment)
}

/// A line, and a comment behind it: whatever it holds, it stays one.
pub(super) fn comment_behind(line: String, comment: &str) -> String {
    let comment = comment.replace(
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'),
        " ",
    );
    match comment.trim() {
        "" => line,
        text => format!("{line} # {text}"),
    }
}

fn comment_line(indent: &str, text: &str) -> String {
    let plain = text.replace(
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'),
        " ",
    );
    format!("{indent}# {plain}")
}

pub(super) fn target_lines(target: &FreshTarget) -> Vec<String> {
    let mut lines = vec![format!("  {}:", target.name)];
    if let Some(comment) = &target.comment {
        lines.push(comment_line("    ", comment));
    }
    lines.push(format!("    {}", address_text(&target.address)));
    if !target.uses.is_empty() {
        lines.push("    variables:".into());
    }
    for (name, source) in &target.uses {
        lines.extend(use_lines("      ", name, source));
    }
    lines
}

fn address_text(address: &Address) -> String {
    match address {
        Address::File(file) => file_text(file),
        Address::Railway(railway) => railway_text(railway),
        Address::Openclaw(openclaw) => openclaw_text(openclaw),
        Address::Memory(_) => unreachable!("no manifest can spell a place in memory"),
    }
}

/// The machine is left out where a relative path says `any` already.
fn file_text(file: &FileAddress) -> String {
    let machine = match &file.machine {
        Machine::Named(machine) => format!("machine: {}, ", scalar::inline(machine)),
        Machine::Host(host) => host_text(host),
        Machine::Any if file.path.starts_with(['/', '~']) => "machine: any, ".to_owned(),
        Machine::Any => String::new(),
    };
    let path = scalar::inline(&file.path);
    let format = scalar::inline(&file.format);
    let at = match &file.at {
        Some(at) => format!(", at: {}", scalar::inline(&at.to_string())),
        None => String::new(),
    };
    format!("file: {{ {machine}path: {path}, format: {format}{at} }}")
}

fn openclaw_text(openclaw: &OpenclawAddress) -> String {
    let machine = match &openclaw.machine {
        Machine::Any => "machine: any, ".to_owned(),
        Machine::Named(machine) => format!("machine: {}, ", scalar::inline(machine)),
        Machine::Host(host) => host_text(host),
    };
    let more = [
        ("profile", &openclaw.profile),
        ("state", &openclaw.state),
        ("config", &openclaw.config),
        ("url", &openclaw.url),
    ];
    let more = more
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key}: {}, ", scalar::inline(value.as_ref()?))));
    let parts = machine + &more.collect::<String>();
    format!("openclaw: {{ {} }}", parts.trim_end_matches(", "))
}

fn host_text(host: &HostAddress) -> String {
    let sudo = match &host.sudo {
        Sudo::No => String::new(),
        Sudo::Root => "sudo: true, ".to_owned(),
        Sudo::User(user) => format!("sudo: {}, ", scalar::inline(&user.to_string())),
    };
    let destination = scalar::inline(&host.destination.to_string());
    format!("host: {destination}, {sudo}")
}

fn railway_text(railway: &RailwayAddress) -> String {
    let mut parts = vec![
        format!("project: {}", scalar::inline(&railway.project)),
        format!("environment: {}", scalar::inline(&railway.environment)),
        match &railway.service {
            Some(service) => format!("service: {}", scalar::inline(service)),
            None => "shared: true".to_owned(),
        },
    ];
    if let Some(token) = &railway.token {
        parts.push(format!("token: {}", scalar::inline(token)));
    }
    if !railway.sealed.is_empty() {
        let names: Vec<String> = railway.sealed.iter().map(scalar::name).collect();
        parts.push(format!("sealed: [{}]", names.join(", ")));
    }
    format!("railway: {{ {} }}", parts.join(", "))
}

/// One item of a target's list.
fn use_lines(indent: &str, name: &VarName, source: &UseSource) -> Vec<String> {
    let shown = scalar::name(name);
    match source {
        UseSource::Declared(declared) if declared == name => vec![format!("{indent}- {shown}")],
        UseSource::Declared(declared) => {
            let from = scalar::name(declared);
            vec![format!("{indent}- {shown}: {{ from: {from} }}")]
        }
        UseSource::Template(template) => {
            let text = scalar::inline(&template.to_source());
            vec![format!("{indent}- {shown}: {{ template: {text} }}")]
        }
        UseSource::Clear(text) => {
            let mut rest = text_lines(text).into_iter();
            let first = rest.next().unwrap_or_default();
            let mut lines = vec![format!("{indent}- {shown}: {first}")];
            lines.extend(rest.map(|line| indented(&format!("{indent}    "), &line)));
            lines
        }
    }
}

/// A variable with the note that the references in it are meant.
fn reference_lines(name: &VarName, source: &Source) -> Vec<String> {
    let mut lines = match source {
        Source::Clear(text) => nested_lines("  ", "  ", name, "value", text_lines(text)),
        other => variable_lines("  ", "  ", name, other),
    };
    lines.push("    reference: true".to_owned());
    lines
}

/// The lines of one variable: `indent` before its name, `step` more before what is below it.
pub(super) fn variable_lines(
    indent: &str,
    step: &str,
    name: &VarName,
    source: &Source,
) -> Vec<String> {
    let below = format!("{indent}{step}");
    let nested = |key: &str, rest: Vec<String>| nested_lines(indent, step, name, key, rest);
    match source {
        Source::Clear(text) => {
            let mut rest = text_lines(text).into_iter();
            let mut lines = vec![format!(
                "{indent}{}: {}",
                scalar::name(name),
                rest.next().unwrap_or_default()
            )];
            lines.extend(rest.map(|line| indented(&below, &line)));
            lines
        }
        Source::Sealed(payload) => nested("age", vec![payload_text(payload)]),
        Source::Armored(text) => nested("age", block_lines(text)),
        Source::Template(template) => {
            nested("template", vec![scalar::inline(&template.to_source())])
        }
    }
}

/// A variable with one key below its name.
fn nested_lines(
    indent: &str,
    step: &str,
    name: &VarName,
    key: &str,
    rest: Vec<String>,
) -> Vec<String> {
    let below = format!("{indent}{step}");
    let mut rest = rest.into_iter();
    let first = rest.next().unwrap_or_default();
    let mut lines = vec![
        format!("{indent}{}:", scalar::name(name)),
        format!("{below}{key}: {first}"),
    ];
    lines.extend(rest.map(|line| indented(&format!("{below}{step}"), &line)));
    lines
}

/// Blank lines of a block stay empty.
fn indented(indent: &str, line: &str) -> String {
    if line.is_empty() {
        String::new()
    } else {
        format!("{indent}{line}")
    }
}

/// A clear value below a key: one line, or a literal block where that reads better.
pub(super) fn text_lines(text: &str) -> Vec<String> {
    match scalar::literal_lines(text) {
        Some(lines) => lines.into_iter().map(ToOwned::to_owned).collect(),
        None => vec![scalar::inline(text)],
    }
}

pub(super) fn block_lines(text: &str) -> Vec<String> {
    std::iter::once("|")
        .chain(text.trim_end_matches('\n').lines())
        .map(ToOwned::to_owned)
        .collect()
}

pub(super) fn payload_text(payload: &Payload) -> String {
    format!("{}.{}", payload.key, payload.base64)
}

pub(super) fn key_text(seal: &Seal) -> String {
    let mac = String::from(Fingerprint::from_bytes(seal.recipients_mac));
    format!("{}.{mac}", seal.key_id)
}

fn seal_lines(seal: &Seal) -> Vec<String> {
    let mut lines = vec![format!("key: {}", key_text(seal))];
    if let Some(payload) = &seal.fingerprints {
        lines.push(format!("fingerprints: {}", payload_text(payload)));
    }
    if !seal.former_fingerprints.is_empty() {
        lines.push("former_fingerprints:".into());
        let former = seal.former_fingerprints.iter();
        lines.extend(former.map(|payload| format!("  - {}", payload_text(payload))));
    }
    let mut header = block_lines(&seal.header).into_iter();
    lines.push(format!("age: {}", header.next().unwrap_or_default()));
    lines.extend(header.map(|line| format!("  {line}")));
    lines
}
