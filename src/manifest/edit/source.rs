//! How the source of a variable is written, and what a reader of the new file finds there.

use super::{EditError, by_hand};
use crate::manifest::fresh::{block_lines, payload_text, text_lines};
use crate::manifest::scalar;
use crate::manifest::spec::Source;
use crate::manifest::tree::{Kind, Node};

pub(super) fn key_of(source: &Source) -> &'static str {
    match source {
        Source::Clear(_) => "value",
        Source::Sealed(_) | Source::Armored(_) => "age",
        Source::Template(_) => "template",
    }
}

/// The text that a reader of the new file finds.
pub(super) fn text_of(source: &Source) -> String {
    match source {
        Source::Clear(text) => text.clone(),
        Source::Sealed(payload) => payload_text(payload),
        Source::Armored(text) => format!("{}\n", text.trim_end_matches('\n')),
        Source::Template(template) => template.to_source(),
    }
}

pub(super) fn value_lines(source: &Source) -> Vec<String> {
    match source {
        Source::Clear(text) => text_lines(text),
        Source::Sealed(payload) => vec![payload_text(payload)],
        Source::Armored(text) => block_lines(text),
        Source::Template(template) => vec![scalar::inline(&template.to_source())],
    }
}

/// Inside braces, where a block cannot stand.
pub(super) fn one_line(source: &Source, place: &Node) -> Result<String, EditError> {
    match source {
        Source::Armored(_) => Err(by_hand("a variable", place)),
        other => Ok(scalar::inline(&text_of(other))),
    }
}

pub(super) fn made_variable(source: &Source) -> Node {
    let text = Node::made_text(&text_of(source));
    match source {
        Source::Clear(_) => text,
        _ => Node::made(Kind::Map {
            entries: vec![(Node::made_text(key_of(source)), text)],
            flow: false,
        }),
    }
}
