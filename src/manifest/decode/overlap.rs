//! What a variable says about its rotation: `overlap`, `accepted_by`, `used_by`, `previous`, and the
//! marks of one that is under way.

use super::fields::{self, Fields, decode_text};
use crate::manifest::overlap::{Both, Overlap, PREVIOUS, Stage};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::{Metadata, parse_duration};
use crate::manifest::tree::{Kind, Node};
use crate::model::{Position, TargetName, VarName};

/// The keys of a variable that are decoded here.
pub(super) const KEYS: [&str; 6] = [
    "overlap",
    "accepted_by",
    "used_by",
    "previous",
    "rotating",
    "previous_of",
];
const LONGEST_SEPARATOR: usize = 8;

pub(super) fn decode_overlap(
    fields: &Fields<'_>,
    metadata: &mut Metadata,
    problems: &mut Problems,
) {
    metadata.overlap = decode_roles(fields, problems);
    metadata.rotating = fields.get("rotating").and_then(|(_, node)| {
        let text = decode_text(node, "`rotating`", problems)?;
        let stage = Stage::of_word(text);
        if stage.is_none() {
            problems.error(
                node.position,
                code::BAD_VALUE,
                "`rotating` is neither `accept` nor `use`",
                Some("`driftlock rotate` writes it"),
            );
        }
        stage
    });
    metadata.previous_of = fields
        .get("previous_of")
        .and_then(|(_, node)| fields::decode_variable_name(node, problems));
}

fn decode_roles(fields: &Fields<'_>, problems: &mut Problems) -> Option<Overlap> {
    let Some((key, node)) = fields.get("overlap") else {
        let stray = KEYS[1..4].iter().find_map(|key| fields.get(key));
        if let Some((key, _)) = stray {
            problems.error(
                key.position,
                code::MISSING_KEY,
                format!("`{}` needs `overlap`", key.text().unwrap_or_default()),
                Some("say how long the former value stays good, for example `overlap: 1h`"),
            );
        }
        return None;
    };
    let hold = decode_text(node, "`overlap`", problems).and_then(|text| {
        let hold = parse_duration(text);
        if hold.is_none() {
            let help = "how long the former value stays good, for example `1h` or `5m`";
            let message = "`overlap` is not a duration";
            problems.error(node.position, code::BAD_VALUE, message, Some(help));
        }
        hold
    });
    let accepted_by = decode_targets(fields, "accepted_by", key.position, problems);
    let used_by = decode_targets(fields, "used_by", key.position, problems);
    let both = match fields.get("previous") {
        Some((_, node)) => decode_both(node, problems)?,
        None => Both::Beside(PREVIOUS.to_owned()),
    };
    Some(Overlap {
        hold: hold?,
        accepted_by: accepted_by?,
        used_by: used_by?,
        both,
    })
}

/// A list of targets, each once.
fn decode_targets(
    fields: &Fields<'_>,
    name: &'static str,
    overlap: Position,
    problems: &mut Problems,
) -> Option<Vec<(TargetName, Position)>> {
    let Some((_, node)) = fields.get(name) else {
        problems.error(
            overlap,
            code::MISSING_KEY,
            format!("`overlap` needs `{name}`"),
            Some("`accepted_by` lists the targets that check the secret, `used_by` those that present it"),
        );
        return None;
    };
    let what = format!("`{name}`");
    let mut targets: Vec<(TargetName, Position)> = vec![];
    for item in fields::decode_list(node, &what, problems) {
        let Some(text) = decode_text(item, "a target's name", problems) else {
            continue;
        };
        match TargetName::new(text) {
            Ok(target) if targets.iter().any(|(one, _)| *one == target) => problems.error(
                item.position,
                code::ROLE,
                format!("{target} is here twice"),
                Some("keep one of the two"),
            ),
            Ok(target) => targets.push((target, item.position)),
            Err(error) => problems.error(item.position, code::BAD_NAME, error.to_string(), None),
        }
    }
    if targets.is_empty() {
        let message = format!("`{name}` names no target");
        problems.error(node.position, code::EMPTY_VALUE, message, None);
        return None;
    }
    Some(targets)
}

/// `_OLD`, or `{ list: "," }`.
fn decode_both(node: &Node, problems: &mut Problems) -> Option<Both> {
    if matches!(node.kind, Kind::Map { .. }) {
        let fields = Fields::of(node, "`previous`", &["list"], problems)?;
        let (_, node) = fields.required("list", problems)?;
        let text = decode_text(node, "`list`", problems)?;
        let fits = !text.is_empty()
            && text.chars().count() <= LONGEST_SEPARATOR
            && !text.contains(|c: char| c.is_ascii_alphanumeric() || c.is_control());
        if !fits {
            problems.error(
                node.position,
                code::BAD_VALUE,
                "`list` is not what stands between two values",
                Some("one to 8 characters that are no letters or digits, for example `\",\"`"),
            );
            return None;
        }
        return Some(Both::Listed(text.to_owned()));
    }
    let text = decode_text(node, "`previous`", problems)?;
    // at the end of a name, anything that may stand in one
    if text.is_empty() || VarName::new(format!("A{text}")).is_err() {
        problems.error(
            node.position,
            code::BAD_VALUE,
            "`previous` is not the end of a variable's name",
            Some("for example `_OLD`; or `{ list: \",\" }` for both in one value"),
        );
        return None;
    }
    Some(Both::Beside(text.to_owned()))
}
