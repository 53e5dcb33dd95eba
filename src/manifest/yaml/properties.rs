//! Anchors, aliases and tags in a text that is refused because of them: where they stand, and the
//! text without them, so that the problems behind them are found as well.

use super::content::narrow;
use crate::model::Position;

const ENDS: [char; 9] = [' ', '\t', '\r', '\n', ',', '[', ']', '{', '}'];

/// The text without the alias at `position`, or without the anchor of the node there. All other
/// places stay where they are.
pub(super) fn without_anchor(text: &str, position: Position) -> Option<String> {
    let at = offset(text, position)?;
    let rest = &text[at..];
    if rest.starts_with('*') {
        let len = rest.find(ENDS);
        // an alias is at least two bytes long, as long as an empty text
        return Some(replaced(text, at, len.unwrap_or(rest.len()), "\"\""));
    }
    let (start, len) = property(text, at, '&')?;
    Some(replaced(text, start, len, ""))
}

/// The text without the tag of the node at `position`.
pub(super) fn without_tag(text: &str, position: Position) -> Option<String> {
    let (start, len) = property(text, offset(text, position)?, '!')?;
    Some(replaced(text, start, len, ""))
}

/// Where the tag of the node at `at` begins.
pub(super) fn tag_position(text: &str, at: usize) -> Option<Position> {
    let (start, _) = property(text, at, '!')?;
    Some(position(text, start))
}

pub(super) fn position(text: &str, at: usize) -> Position {
    let line_start = text[..at].rfind('\n').map_or(0, |found| found + 1);
    Position {
        line: narrow(text[..at].matches('\n').count()) + 1,
        column: narrow(text[line_start..at].chars().count()) + 1,
    }
}

/// Start and length of the word before the node at `at`, or before that one, that begins with
/// `mark`: a node has at most two such words, in any order. An empty node stands at its last word.
fn property(text: &str, at: usize, mark: char) -> Option<(usize, usize)> {
    let mut before = text.get(..at)?.trim_end();
    for _ in 0..2 {
        let start = before.rfind(ENDS).map_or(0, |found| found + 1);
        if before[start..].starts_with(mark) {
            return Some((start, before.len() - start));
        }
        before = before[..start].trim_end();
    }
    None
}

fn replaced(text: &str, at: usize, len: usize, new: &str) -> String {
    let pad = " ".repeat(len.saturating_sub(new.len()));
    format!("{}{new}{pad}{}", &text[..at], &text[at + len..])
}

pub(super) fn offset(text: &str, position: Position) -> Option<usize> {
    let mut start = 0;
    for _ in 1..position.line {
        start += text[start..].find('\n')? + 1;
    }
    let column = usize::try_from(position.column).ok()?.checked_sub(1)?;
    let line = text[start..].lines().next().unwrap_or_default();
    let within = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(index, _)| index);
    Some(start + within)
}
