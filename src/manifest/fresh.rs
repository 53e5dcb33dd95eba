//! The text of a new manifest, in the layout that edits keep.

use std::collections::BTreeMap;

use super::scalar;
use super::spec::{Payload, Seal, Source};
use crate::model::{Fingerprint, ManifestName, TargetName, VarName};

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
    pub targets: &'a [FreshTarget],
    pub seal: Option<&'a Seal>,
}

/// A file beside the new manifest.
#[derive(Debug, Clone)]
pub struct FreshTarget {
    pub name: TargetName,
    /// Needed where the path is not relative; left out for `any`.
    pub machine: Option<String>,
    pub path: String,
    pub format: String,
    pub variables: Vec<VarName>,
}

/// A blank line between variables, and around the sections: plain git can then join edits of
/// neighbours.
pub fn render_new(fresh: &Fresh<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(comment) = fresh.comment {
        lines.push(format!("# {}", comment.replace(['\n', '\r'], " ")));
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
        lines.extend(variable_lines("  ", "  ", name, source));
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
    for target in fresh.targets {
        lines.extend(target_lines(target));
    }
    if let Some(seal) = fresh.seal {
        lines.push(String::new());
        lines.extend(seal_lines(seal));
    }
    lines.join("\n") + "\n"
}

fn recipient_line(indent: &str, key: &str, comment: &str) -> String {
    let comment = comment.replace(['\n', '\r'], " ");
    let comment = match comment.trim() {
        "" => String::new(),
        text => format!(" # {text}"),
    };
    format!("{indent}- {}{comment}", scalar::inline(key))
}

fn target_lines(target: &FreshTarget) -> Vec<String> {
    let machine = match &target.machine {
        Some(machine) => format!("machine: {}, ", scalar::inline(machine)),
        None => String::new(),
    };
    let path = scalar::inline(&target.path);
    let format = scalar::inline(&target.format);
    let mut lines = vec![
        format!("  {}:", target.name),
        format!("    file: {{ {machine}path: {path}, format: {format} }}"),
    ];
    if !target.variables.is_empty() {
        lines.push("    variables:".into());
        lines.extend(
            target
                .variables
                .iter()
                .map(|name| format!("      - {name}")),
        );
    }
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
    let nested = |key: &str, rest: Vec<String>| {
        let mut lines = vec![format!("{indent}{name}:")];
        let mut rest = rest.into_iter();
        lines.push(format!("{below}{key}: {}", rest.next().unwrap_or_default()));
        lines.extend(rest.map(|line| indented(&format!("{below}{step}"), &line)));
        lines
    };
    match source {
        Source::Clear(text) => {
            let mut rest = text_lines(text).into_iter();
            let mut lines = vec![format!(
                "{indent}{name}: {}",
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
