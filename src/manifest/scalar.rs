//! Writes a text as a YAML scalar that reads back as the same text.

use super::problem::Problems;
use super::tree::{Kind, Node, Style};
use super::yaml::parse_tree;
use crate::model::VarName;

/// On one line: plain where that reads back as the same text, in block and in flow style, else in
/// double quotes.
pub(super) fn inline(text: &str) -> String {
    if is_safe_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A variable's name: plain, but for the one word that YAML takes for nothing.
pub(super) fn name(name: &VarName) -> String {
    let text = name.as_str();
    if text.eq_ignore_ascii_case("null") {
        quoted(text)
    } else {
        text.to_owned()
    }
}

/// What plain text is, the parser itself says. What other YAML readers may take for something
/// else (a truth value, a number with another spelling) stays plain: driftlock reads text.
fn is_safe_plain(text: &str) -> bool {
    if text.is_empty()
        || text.len() > 4096
        || text.chars().any(|c| c.is_control() || c == '\u{feff}')
    {
        return false;
    }
    let probe = format!("[{text}, {{a: {text}}}]");
    let mut problems = Problems::default();
    let Some(tree) = parse_tree(&probe, &mut problems) else {
        return false;
    };
    let [first, second] = tree.items() else {
        return false;
    };
    let is_same = |node: &Node| match &node.kind {
        Kind::Scalar {
            text: read,
            style: Style::Plain,
        } => read == text && !node.is_null(),
        _ => false,
    };
    !problems.failed() && is_same(first) && second.get("a").is_some_and(is_same) && in_block(text)
}

fn in_block(text: &str) -> bool {
    let mut problems = Problems::default();
    let probe = format!("a: {text}\nb: c\n");
    let tree = parse_tree(&probe, &mut problems);
    !problems.failed()
        && tree.is_some_and(|tree| {
            tree.entries().len() == 2 && tree.get("a").and_then(Node::text) == Some(text)
        })
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // line separators fold, and a byte order mark vanishes
            '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                escape(character, &mut out);
            }
            other if other.is_control() => escape(other, &mut out),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn escape(character: char, out: &mut String) {
    let code = u32::from(character);
    out.push_str(&format!("\\u{code:04x}"));
}

/// A literal block below a key, where that shows the lines as they are: several lines, nothing
/// that a block cannot hold. The lines have no indent yet; the first is the indicator.
pub(super) fn literal_lines(text: &str) -> Option<Vec<&str>> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let plain_ends = !body.ends_with('\n') && !body.starts_with([' ', '\n', '\t']);
    let readable = |c: char| {
        c == '\n'
            || c == '\t'
            || !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
    };
    if !body.contains('\n') || !plain_ends || !text.chars().all(readable) {
        return None;
    }
    if body.lines().any(|line| line.ends_with([' ', '\t'])) {
        return None;
    }
    let indicator = if text.ends_with('\n') { "|" } else { "|-" };
    Some(std::iter::once(indicator).chain(body.split('\n')).collect())
}
