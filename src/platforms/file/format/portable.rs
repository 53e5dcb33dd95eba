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
        if dialect == Dialect::Python {
            // scanned already
            readers.push((dialect, base.readings()));
            continue;
        }
        match dialect.scan(text) {
            Ok(scan) => {
                merge_remarks(&mut base, &scan);
                readers.push((dialect, scan.into_readings()));
            }
            Err(error) => {
                refusal.get_or_insert((dialect, error));
            }
        }
    }
    tidy_remarks(&mut base);
    let last = base.last_by_name();
    let line = |name: &VarName| last.get(name).map_or(0, |statement| statement.line);
    let agreed: BTreeMap<_, _> = match &refusal {
        None => by_name(&readers)
            .chunk_by(|one, other| one.0 == other.0)
            .map(|seen| (seen[0].0.clone(), agree(seen, line(seen[0].0))))
            .collect(),
        Some((dialect, error)) => {
            let why = format!("a {dialect} reader refuses the file: {}", error.why);
            let found: BTreeSet<VarName> = readers
                .iter()
                .flat_map(|(_, readings)| readings.keys().cloned())
                .chain(names_before_equals(text))
                .collect();
            let refused = |name| (name, ambiguous(error.line, why.clone()));
            found.into_iter().map(refused).collect()
        }
    };
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
        base.remarks.entry(*kind).or_default().extend(lines);
    }
}

/// Each line once, in order.
fn tidy_remarks(scan: &mut Scan) {
    for lines in scan.remarks.values_mut() {
        lines.sort_unstable();
        lines.dedup();
    }
}

type Seen<'a> = (&'a VarName, Dialect, &'a Reading);

/// What all readers say, name by name, for each in the readers' order. Each brings its names in
/// order, so that sorting only has to merge them.
fn by_name(readers: &[(Dialect, BTreeMap<VarName, Reading>)]) -> Vec<Seen<'_>> {
    let mut all: Vec<Seen<'_>> = readers
        .iter()
        .flat_map(|(dialect, readings)| readings.iter().map(|(name, is)| (name, *dialect, is)))
        .collect();
    all.sort_by_key(|(name, ..)| *name);
    all
}

/// What one name is, where those readers that see it are `seen`, in order.
fn agree(seen: &[Seen<'_>], line: u32) -> Reading {
    let mut value: Option<(Dialect, &str)> = None;
    let mut seen = seen.iter().peekable();
    for dialect in READERS {
        match seen.next_if(|(_, by, _)| *by == dialect) {
            None => return ambiguous(line, format!("a {dialect} reader does not see it")),
            Some((_, _, Reading::Ambiguous { line, why })) => {
                return ambiguous(*line, format!("for a {dialect} reader: {why}"));
            }
            Some((_, _, Reading::Value(read))) => match value {
                Some((first, other)) if other != read => {
                    let why =
                        format!("{first} and {dialect} readers take different values from it");
                    return ambiguous(line, why);
                }
                _ => value = Some((dialect, read)),
            },
        }
    }
    value.map_or_else(
        || ambiguous(line, "no reader sees it"),
        |(_, value)| Reading::Value(value.to_owned()),
    )
}
