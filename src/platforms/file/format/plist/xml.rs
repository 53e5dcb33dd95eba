//! A property list in XML: what it says, and whether it is launchd's at all.

use std::io::Cursor;
use std::ops::Range;

use plist::stream::XmlReader;

use super::scan::{Entry, Kind, Node, line_of, scan};
use super::{LABEL, ParseError, Reading, VARIABLES};

const BOM: char = '\u{FEFF}';

/// A parsed file.
#[derive(Clone)]
pub(super) struct Tree<'a> {
    /// Without a byte order mark.
    pub(super) text: &'a str,
    pub(super) bom: bool,
    pub(super) root: Node,
    pub(super) comments: Vec<Range<usize>>,
}

impl<'a> Tree<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, ParseError> {
        let body = text.strip_prefix(BOM).unwrap_or(text);
        let (root, comments) = scan(body)?;
        // a second opinion, which also looks into numbers, dates and data
        for event in XmlReader::new(Cursor::new(body.as_bytes())) {
            event.map_err(|_| ParseError {
                line: 1,
                why: "a number, a date or data that does not read as such",
            })?;
        }
        let tree = Self {
            text: body,
            bom: body.len() != text.len(),
            root,
            comments,
        };
        tree.require_agent()?;
        Ok(tree)
    }

    fn require_agent(&self) -> Result<(), ParseError> {
        let wrong = |node: &Node, why| {
            Err(ParseError {
                line: line_of(self.text, node.span.start),
                why,
            })
        };
        let Kind::Dict { entries, .. } = &self.root.kind else {
            return wrong(&self.root, "not a dictionary");
        };
        for key in [LABEL, VARIABLES] {
            if let Some(second) = entries.iter().filter(|entry| entry.key == key).nth(1) {
                let why = match key {
                    LABEL => "Label is there more than once",
                    _ => "EnvironmentVariables is there more than once",
                };
                return wrong(&second.value, why);
            }
        }
        match self.entry(LABEL).map(|entry| &entry.value) {
            Some(Node {
                kind: Kind::Text { .. },
                ..
            }) => {}
            _ => return wrong(&self.root, "there is no Label, so launchd would refuse it"),
        }
        match self.entry(VARIABLES).map(|entry| &entry.value) {
            None
            | Some(Node {
                kind: Kind::Dict { .. },
                ..
            }) => Ok(()),
            Some(other) => wrong(other, "EnvironmentVariables is not a dictionary"),
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        let Kind::Dict { entries, .. } = &self.root.kind else {
            return None;
        };
        entries.iter().find(|entry| entry.key == key)
    }

    /// The dictionary of the variables.
    pub(super) fn holder(&self) -> Option<&Node> {
        self.entry(VARIABLES).map(|entry| &entry.value)
    }

    /// Its entries.
    pub(super) fn variables(&self) -> Option<&[Entry]> {
        match &self.holder()?.kind {
            Kind::Dict { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub(super) fn line(&self, entry: &Entry) -> u32 {
        line_of(self.text, entry.key_span.start)
    }

    pub(super) fn reading(&self, entry: &Entry) -> Reading {
        let unclear = |why: String| Reading::Ambiguous {
            line: self.line(entry),
            why,
        };
        match &entry.value.kind {
            Kind::Text { raw_cr: true, .. } => unclear(
                "a text with a bare carriage return, which readers take differently".to_owned(),
            ),
            Kind::Text { value, .. } => Reading::Value(value.clone()),
            Kind::Dict { .. } => unclear("a dictionary, not a string".to_owned()),
            Kind::Other(kind) => unclear(format!("{kind}, not a string")),
        }
    }
}
