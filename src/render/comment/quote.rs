//! Foreign text for a comment, each piece in a code span: within one, neither CommonMark nor a forge
//! formats, links, mentions, cross-references or obeys anything.

use std::fmt::Write;

use super::Item;
use crate::plan::Glimpse;
use crate::render::clear;
use crate::render::escape::{markdown_block, markdown_cell, markdown_code};
use crate::render::words;

/// Characters of a clear value on one line; longer ones also get a block of their own.
const VALUE: usize = 60;
/// Bytes of a command: part of one cannot be pasted.
const COMMAND: usize = 600;
/// Names on one line: so many, or so many bytes of them.
const NAMES: (usize, usize) = (20, 800);

/// At most `most` characters of a text; a longer one says how long it is.
pub(crate) fn code(text: &str, most: usize) -> String {
    markdown_code(&clear::bounded(text, most))
}

/// The same for a cell of a table.
pub(crate) fn cell(text: &str, most: usize) -> String {
    markdown_cell(&clear::bounded(text, most))
}

/// A command to paste, whole or not at all.
pub(crate) fn command(text: &str) -> String {
    if text.len() <= COMMAND {
        markdown_code(text)
    } else {
        "a command that is too long for here, see the job's log".to_owned()
    }
}

/// A name that has been checked, for HTML: forges look for references in text, not in code.
pub(crate) fn html_name(name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('<', "&lt;");
    format!("<code>{}</code>", name.replace('>', "&gt;"))
}

/// `a`, `b` in lines of a bounded length, each with how many it holds.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut lines: Vec<(String, usize)> = vec![];
    for name in names {
        let name = markdown_code(name);
        match lines.last_mut() {
            Some((line, count)) if *count < NAMES.0 && line.len() + name.len() < NAMES.1 => {
                line.push_str(", ");
                line.push_str(&name);
                *count += 1;
            }
            _ => lines.push((name, 1)),
        }
    }
    lines
}

/// `before → after` for a cell of a table.
pub(crate) fn values(before: &Glimpse, after: &Glimpse) -> String {
    match (before, after) {
        (Glimpse::Unknown | Glimpse::Absent, same) if before == same => String::new(),
        (Glimpse::Text(old), Glimpse::Text(new)) => texts(old, new),
        (before, after) => format!("{} → {}", value(before), value(after)),
    }
}

fn value(glimpse: &Glimpse) -> String {
    match glimpse {
        Glimpse::Text(text) if text.chars().count() > VALUE => cell(text, VALUE),
        Glimpse::Text(text) => markdown_cell(&clear::shown(text)),
        Glimpse::Fingerprint(_) => markdown_cell(&words::opaque(glimpse)),
        other => words::opaque(other),
    }
}

fn texts(old: &str, new: &str) -> String {
    let (mut before, mut after) = clear::pair(old, new);
    let mut lengths = String::new();
    let old_length = old.chars().count();
    if old_length.max(new.chars().count()) > VALUE {
        (before, after) = clear::window(&before, &after, VALUE / 2, "…");
        lengths = format!(" ({old_length} → {})", clear::length(new));
    }
    format!(
        "{} → {}{lengths}",
        markdown_cell(&before),
        markdown_cell(&after)
    )
}

/// The lines of a clear text that is too long for a cell; `None` where a cell says it all.
pub(crate) fn text_block(name: &str, before: &Glimpse, after: &Glimpse) -> Option<Item> {
    let is_long = |glimpse: &Glimpse| match glimpse {
        Glimpse::Text(text) => text.contains('\n') || text.chars().count() > VALUE,
        _ => false,
    };
    if !is_long(before) && !is_long(after) {
        return None;
    }
    let block = clear::block(before, after, "…");
    let mut body = String::new();
    for (tag, line) in &block.lines {
        // a `String` takes all
        let _infallible = writeln!(body, "{tag}{line}");
    }
    if block.left_out > 0 {
        let _infallible = writeln!(body, "… {} more lines", block.left_out);
    }
    let (name, block) = (markdown_code(name), markdown_block("diff", &body));
    Some(Item::new(format!("{name}:\n\n{block}")))
}
