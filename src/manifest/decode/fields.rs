//! The small pieces of decoding: maps with known keys, lists, and the kinds of scalar.

use std::collections::BTreeSet;

use crate::manifest::problem::{Problems, code, nearest, shown_key};
use crate::manifest::tree::{Kind, Node, Style};
use crate::model::{Position, VarName};

/// A map of which the keys are known. Whatever else it holds was reported.
pub(super) struct Fields<'n> {
    node: &'n Node,
    what: &'static str,
    found: Vec<(&'n Node, &'n Node)>,
}

impl<'n> Fields<'n> {
    pub(super) fn of(
        node: &'n Node,
        what: &'static str,
        known: &[&'static str],
        problems: &mut Problems,
    ) -> Option<Self> {
        if !matches!(node.kind, Kind::Map { .. }) {
            let keys = known[..known.len().min(4)].join("`, `");
            problems.error(
                node.position,
                code::WRONG_TYPE,
                format!("{what} must be a map"),
                Some(&format!("it has keys such as `{keys}`")),
            );
            return None;
        }
        let mut found = Vec::new();
        for (key, value) in decode_map(node, what, problems) {
            let text = key.text().unwrap_or_default();
            if known.contains(&text) {
                found.push((key, value));
            } else {
                report_unknown(key, what, known, problems);
            }
        }
        Some(Self { node, what, found })
    }

    /// Where the map stands.
    pub(super) fn position(&self) -> Position {
        self.node.position
    }

    /// Key and value.
    pub(super) fn get(&self, name: &str) -> Option<(&'n Node, &'n Node)> {
        self.found
            .iter()
            .find(|(key, _)| key.text() == Some(name))
            .copied()
    }

    pub(super) fn required(
        &self,
        name: &str,
        problems: &mut Problems,
    ) -> Option<(&'n Node, &'n Node)> {
        let found = self.get(name);
        if found.is_none() {
            let message = format!("{} needs the key `{name}`", self.what);
            problems.error(self.node.position, code::MISSING_KEY, message, None);
        }
        found
    }
}

fn report_unknown(key: &Node, what: &str, known: &[&str], problems: &mut Problems) {
    let text = key.text().unwrap_or_default();
    if text == "<<" {
        return;
    }
    // a slip of a known key is shown; anything else may be a value in the wrong place
    let (shown, help) = match nearest(text, known.iter().copied()) {
        Some(meant) => (shown_key(text), format!("did you mean `{meant}`?")),
        None => (
            "like this".to_owned(),
            format!("known here: `{}`", known.join("`, `")),
        ),
    };
    let message = format!("{what} has no key {shown}");
    problems.error(key.position, code::UNKNOWN_KEY, message, Some(&help));
}

/// The entries of a map, each key once. Nothing written is an empty map.
pub(super) fn decode_map<'n>(
    node: &'n Node,
    what: &str,
    problems: &mut Problems,
) -> Vec<(&'n Node, &'n Node)> {
    if node.is_null() {
        return Vec::new();
    }
    let Kind::Map { entries, .. } = &node.kind else {
        let message = format!("{what} must be a map");
        problems.error(node.position, code::WRONG_TYPE, message, None);
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let mut kept = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let text = key.text().unwrap_or_default();
        if text == "<<" {
            problems.error(
                key.position,
                code::MERGE_KEY,
                "merge keys (`<<`) are not supported",
                Some("use a group for a list that several targets share"),
            );
        } else if seen.insert(text) {
            kept.push((key, value));
        } else {
            let message = format!("{} stands here a second time", shown_key(text));
            problems.error(
                key.position,
                code::DUPLICATE_KEY,
                message,
                Some("keep one of the two and remove the other"),
            );
        }
    }
    kept
}

/// The items of a list. Nothing written is an empty list.
pub(super) fn decode_list<'n>(node: &'n Node, what: &str, problems: &mut Problems) -> &'n [Node] {
    match &node.kind {
        Kind::Seq { items, .. } => items,
        _ if node.is_null() => &[],
        _ => {
            let message = format!("{what} must be a list");
            problems.error(node.position, code::WRONG_TYPE, message, None);
            &[]
        }
    }
}

/// A text as it stands in the file: `3000`, `1.10` and `yes` are texts too. Nothing, `~` and
/// `null` are not.
pub(in crate::manifest) fn decode_text<'n>(
    node: &'n Node,
    what: &str,
    problems: &mut Problems,
) -> Option<&'n str> {
    let Some(text) = node.text() else {
        let message = format!("{what} must be text");
        problems.error(node.position, code::WRONG_TYPE, message, None);
        return None;
    };
    if node.is_null() {
        problems.error(
            node.position,
            code::EMPTY_VALUE,
            format!("{what} has no value"),
            Some("write \"\" for an empty text, or remove the entry"),
        );
        return None;
    }
    if text.contains('\0') {
        let message = format!("{what} holds a NUL character");
        problems.error(node.position, code::BAD_VALUE, message, None);
        return None;
    }
    Some(text)
}

pub(super) fn decode_bool(node: &Node, what: &str, problems: &mut Problems) -> Option<bool> {
    let known = match &node.kind {
        Kind::Scalar {
            text,
            style: Style::Plain,
        } => match text.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    };
    if known.is_none() {
        let message = format!("{what} must be true or false");
        problems.error(node.position, code::BAD_VALUE, message, None);
    }
    known
}

pub(super) fn decode_variable_name(node: &Node, problems: &mut Problems) -> Option<VarName> {
    let text = decode_text(node, "a variable's name", problems)?;
    VarName::new(text)
        .map_err(|error| {
            problems.error(node.position, code::BAD_NAME, error.to_string(), None);
        })
        .ok()
}
