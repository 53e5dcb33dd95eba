//! `portable`: a reading is one only if the readers of all dialects with quotes agree on it.
//!
//! docker's reader is left out: it keeps quotes, so it agrees on bare values only.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::{ParseError, Scan, Statement, ambiguous};
use super::{Dialect, Reading, python};
use crate::model::VarName;

pub(super) const READERS: [Dialect; 5] = [
    Dialect::Compose,
    Dialect::Systemd,
    Dialect::Shell,
    Dialect::Node,
    Dialect::Python,
];

/// The places are those of `python`, whose reader refuses no file.
pub(super) fn scan(text: &str) -> Result<Scan, ParseError> {
    let mut base = python::scan(text)?;
    let mut readers = vec![];
    let mut refusal = None;
    for dialect in READERS {
        match dialect.scan(text) {
            Ok(scan) => {
                merge_remarks(&mut base, &scan);
                readers.push((dialect, scan.readings()));
            }
            Err(error) => {
                refusal.get_or_insert((dialect, error));
            }
        }
    }
    let mut found: BTreeSet<VarName> = readers
        .iter()
        .flat_map(|(_, readings)| readings.keys().cloned())
        .collect();
    if refusal.is_some() {
        found.extend(names_before_equals(text));
    }
    let agreed: BTreeMap<_, _> = found
        .into_iter()
        .map(|name| {
            let line = base.last(&name).map_or(0, |statement| statement.line);
            let reading = match &refusal {
                Some((dialect, error)) => ambiguous(
                    error.line,
                    format!("a {dialect} reader refuses the file: {}", error.why),
                ),
                None => agree(&readers, &name, line),
            };
            (name, reading)
        })
        .collect();
    for Statement { name, reading, .. } in &mut base.statements {
        if let Some(agreed) = name.as_ref().and_then(|name| agreed.get(name)) {
            *reading = agreed.clone();
        }
    }
    base.elsewhere = agreed;
    Ok(base)
}

/// Whatever a reader that goes on after an error could take for a name.
fn names_before_equals(text: &str) -> impl Iterator<Item = VarName> {
    text.match_indices('=').filter_map(|(at, _)| {
        let before = text[..at].trim_end_matches(['+', ' ', '\t']);
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        VarName::new(&before[start..]).ok()
    })
}

fn merge_remarks(base: &mut Scan, other: &Scan) {
    for (kind, lines) in &other.remarks {
        let all = base.remarks.entry(*kind).or_default();
        all.extend(lines);
        all.sort_unstable();
        all.dedup();
    }
}

fn agree(readers: &[(Dialect, BTreeMap<VarName, Reading>)], name: &VarName, line: u32) -> Reading {
    let mut value: Option<(Dialect, &str)> = None;
    for (dialect, readings) in readers {
        match readings.get(name) {
            None => return ambiguous(line, format!("a {dialect} reader does not see it")),
            Some(Reading::Ambiguous { line, why }) => {
                return ambiguous(*line, format!("for a {dialect} reader: {why}"));
            }
            Some(Reading::Value(read)) => match value {
                Some((first, other)) if other != read => {
                    let why =
                        format!("{first} and {dialect} readers take different values from it");
                    return ambiguous(line, why);
                }
                _ => value = Some((*dialect, read)),
            },
        }
    }
    value.map_or_else(
        || ambiguous(line, "no reader sees it"),
        |(_, value)| Reading::Value(value.to_owned()),
    )
}
