//! YAML text to the tree, through `serde_yaml`. Everything that makes YAML surprising is refused
//! here: anchors, aliases, tags, directives, several documents, keys that are not text.
//!
//! The library tells content and place of every node. What it does not tell is read from the
//! text at that place (`nodes.rs`). Its messages may hold values, so none of them is shown.

mod content;
mod nodes;
mod properties;

use std::borrow::Cow;

use serde::Deserialize;
use serde_yaml::budget::BudgetBreach;
use serde_yaml::{DuplicateKeyPolicy, Error, MergeKeyPolicy, NonFiniteFloatPolicy, Options};

use super::problem::{Problems, code};
use super::tree::Node;
use crate::model::Position;
use content::Item;
use nodes::Builder;

/// The longest text that is read.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
const MAX_DEPTH: usize = 16;
const MAX_NODES: usize = 400_000;
/// Each anchor and alias ends a parse. After so many, the rest is not looked at.
const MAX_ROUNDS: usize = 20;

/// The whole text as a tree. On an error, what was read before it is lost: half a manifest is not
/// a manifest.
pub(super) fn parse_tree(text: &str, problems: &mut Problems) -> Option<Node> {
    if !is_readable(text, problems) {
        return None;
    }
    let mut text = Cow::Borrowed(text);
    for round in 0..MAX_ROUNDS {
        let read = serde_yaml::with_deserializer_from_str_with_options(&text, options(), |from| {
            Item::deserialize(from)
        });
        match read {
            Ok(item) => return Builder::new(&text, problems).node(item, false),
            Err(error) => text = Cow::Owned(report(&text, &error, round, problems)?),
        }
    }
    None
}

/// What can be refused before anything is parsed.
fn is_readable(text: &str, problems: &mut Problems) -> bool {
    let start = Position::default();
    if text.len() > MAX_BYTES {
        problems.error(
            start,
            code::TOO_LARGE,
            "this file is larger than 8 MiB",
            Some("split it into several manifests"),
        );
        return false;
    }
    let lines = text.trim_start_matches('\u{feff}').lines();
    let mut written = (1..).zip(lines).filter(|(_, line)| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    match written.next() {
        None => problems.error(
            start,
            code::NOT_A_MANIFEST,
            "this file is empty",
            Some("`driftlock init` writes a first manifest"),
        ),
        // a directive changes how the rest is read, and can stand only here
        Some((line, text)) if text.starts_with('%') => {
            let (code, message, help) = NOT_YAML;
            problems.error(Position { line, column: 1 }, code, message, help);
        }
        Some(_) => return true,
    }
    false
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_anchors: 0,
            max_aliases: 0,
            max_documents: 1,
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
        },
        with_snippet: false,
        strict_indentation: true,
        // duplicate and merge keys are reported by `decode`, with the other problems of their map
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        // a scalar may look like anything: it is text all the same
        strict_booleans: true,
        ignore_binary_tag_for_string: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    }
}

/// Says in our own words what is wrong. Gives the text to go on with, if that makes sense.
fn report(text: &str, error: &Error, round: usize, problems: &mut Problems) -> Option<String> {
    let position = error.location().map(content::position).unwrap_or_default();
    let words = words(error);
    // what was taken out in an earlier round may be why the rest cannot be read
    if words == NOT_YAML && round > 0 {
        return None;
    }
    let place = match words == TAG {
        true => properties::tag_position(text, properties::offset(text, position)?),
        false => None,
    };
    let (code, message, help) = words;
    problems.error(place.unwrap_or(position), code, message, help);
    match words {
        ALIAS => properties::without_anchor(text, position),
        TAG => properties::without_tag(text, position),
        _ => None,
    }
}

fn words(error: &Error) -> Words {
    match error {
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. } => ALIAS,
            BudgetBreach::Documents { .. } => SEVERAL,
            BudgetBreach::Depth { .. } => TOO_DEEP,
            _ => TOO_MANY,
        },
        Error::UnknownAnchor { .. } => ALIAS,
        Error::MultipleDocuments { .. } => SEVERAL,
        // only a tag asks for a type, and only then a text can be of the wrong one
        Error::UnsupportedTag { .. }
        | Error::InvalidScalar { .. }
        | Error::InvalidBooleanStrict { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. } => TAG,
        _ => NOT_YAML,
    }
}

type Words = (&'static str, &'static str, Option<&'static str>);

const ALIAS: Words = (
    code::ALIAS,
    "anchors and aliases are not supported",
    Some("write the value out, or use a group or a template"),
);
const SEVERAL: Words = (
    code::SEVERAL_DOCUMENTS,
    "a second YAML document begins here",
    Some("keep one manifest in a file"),
);
const TAG: Words = (
    code::TAG,
    "tags (`!…`) are not supported",
    Some("every value is text: remove the tag, or quote the value"),
);
const TOO_DEEP: Words = (code::TOO_DEEP, "this is nested too deeply", None);
const TOO_MANY: Words = (
    code::TOO_LARGE,
    "this file has too many entries",
    Some("split it into several manifests"),
);
const NOT_YAML: Words = (
    code::NOT_YAML,
    "this is not valid YAML",
    Some("look at indentation, quotes, colons and brackets here and just above"),
);
