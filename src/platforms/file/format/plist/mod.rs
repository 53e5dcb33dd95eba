//! The `EnvironmentVariables` of a launchd property list. Pure.
//!
//! An XML list is changed by splicing its text, so that comments, order and all other keys stay to
//! the byte. A binary list has no such text: it is read, and written as XML, which launchd takes
//! alike.

mod binary;
mod edit;
mod scan;
#[cfg(test)]
mod tests;
mod xml;

use std::collections::BTreeMap;

use super::kind::{EditError, OpenError, Unfit, require_texts, text, wanted};
use super::{Edit, ParseError, Reading};
use crate::model::VarName;

/// The dictionary that holds the variables.
const VARIABLES: &str = "EnvironmentVariables";
/// What makes a property list one of launchd's.
const LABEL: &str = "Label";
/// Deeper nesting than launchd has a use for.
const DEEPEST: usize = 64;

/// A property list of launchd.
#[derive(Clone)]
pub struct Agent<'a> {
    source: Source<'a>,
    readings: BTreeMap<VarName, Reading>,
    /// Keys that are no names of variables.
    skipped: usize,
}

#[derive(Clone)]
enum Source<'a> {
    Xml(xml::Tree<'a>),
    Binary(&'a [u8], plist::Dictionary),
}

impl std::fmt::Debug for Agent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Agent({:?})", self.readings)
    }
}

/// Whether a property list can hold this value.
pub(super) fn check(name: &VarName, value: &str) -> Result<(), Unfit> {
    Unfit::check(name, value)?;
    match value.chars().find(|c| !is_xml(*c)) {
        None => Ok(()),
        Some('\u{FFFE}' | '\u{FFFF}') => Err(Unfit::new(
            name,
            "a Unicode noncharacter",
            "XML, in which property lists are written, has no text for it",
        )),
        Some(_) => Err(Unfit::new(
            name,
            "a control character",
            "XML, in which property lists are written, has no text for it",
        )),
    }
}

/// The characters of XML 1.0.
const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

impl<'a> Agent<'a> {
    /// Reads a whole file. An error means that launchd would refuse it, or could read it otherwise.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OpenError> {
        let mut readings = BTreeMap::new();
        let mut skipped = 0;
        let source = if bytes.starts_with(b"bplist") {
            let root = binary::parse(bytes)?;
            for (key, reading) in binary::readings(&root)? {
                note(&mut readings, &mut skipped, key, 0, reading);
            }
            Source::Binary(bytes, root)
        } else {
            let tree = xml::Tree::parse(text(bytes)?)?;
            for entry in tree.variables().into_iter().flatten() {
                let line = tree.line(entry);
                note(
                    &mut readings,
                    &mut skipped,
                    &entry.key,
                    line,
                    tree.reading(entry),
                );
            }
            Source::Xml(tree)
        };
        Ok(Self {
            source,
            readings,
            skipped,
        })
    }

    /// What the list says, by name.
    pub fn values(&self) -> BTreeMap<VarName, Reading> {
        self.readings.clone()
    }

    /// Findings about the file.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if matches!(self.source, Source::Binary(..)) {
            notes.push(
                "a binary property list; a change writes it as XML, which launchd takes alike"
                    .to_owned(),
            );
        }
        match self.skipped {
            0 => {}
            1 => notes.push("1 key is not a name of a variable".to_owned()),
            more => notes.push(format!("{more} keys are not names of variables")),
        }
        notes
    }

    /// The file with these variables set or deleted.
    pub fn rewrite(&self, edits: &[Edit<'_>]) -> Result<Vec<u8>, EditError> {
        let wanted = wanted(edits, &self.readings);
        for (name, value) in &wanted {
            if let Some(value) = value {
                check(name, value)?;
            }
        }
        require_texts(&wanted, &self.readings)?;
        match &self.source {
            Source::Xml(tree) => tree.rewrite(&wanted).map(String::into_bytes),
            Source::Binary(bytes, _) if wanted.is_empty() => Ok(bytes.to_vec()),
            Source::Binary(_, root) => binary::rewrite(root, &wanted),
        }
    }
}

fn note(
    readings: &mut BTreeMap<VarName, Reading>,
    skipped: &mut usize,
    key: &str,
    line: u32,
    reading: Reading,
) {
    let Ok(name) = VarName::new(key) else {
        *skipped += 1;
        return;
    };
    readings
        .entry(name)
        .and_modify(|first| {
            *first = Reading::Ambiguous {
                line,
                why: "there more than once".to_owned(),
            };
        })
        .or_insert(reading);
}
