//! Where lines and entries begin and end in the text.

use std::ops::Range;

use super::{EditError, Editor, by_hand};
use crate::manifest::tree::{Kind, Node, Style};

/// Where a value stands, and what must come before a new one.
pub(super) struct Slot {
    pub(super) range: Range<usize>,
    pub(super) before: &'static str,
}

impl Editor<'_> {
    /// The line end of this file.
    pub(super) fn line_end(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |found| found + 1)
    }

    /// After the line end of the line that `at` is in.
    pub(super) fn next_line(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |found| at + found + 1)
    }

    /// `at`, or before the line end right before it.
    pub(super) fn without_line_end(&self, at: usize) -> usize {
        let text = &self.text[..at];
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text).len()
    }

    pub(super) fn column(&self, node: &Node) -> usize {
        node.span.start - self.line_start(node.span.start)
    }

    /// Back over blank lines, and comments that are not indented deeper than `column`: those
    /// belong to what comes after.
    fn before_gap(&self, mut at: usize, column: usize, floor: usize) -> usize {
        while at > floor {
            let start = self.line_start(at - 1);
            let line = &self.text[start..at];
            let rest = line.trim_start_matches(' ');
            let is_comment = rest.starts_with('#') && line.len() - rest.len() <= column;
            if start < floor || !(rest.trim().is_empty() || is_comment) {
                break;
            }
            at = start;
        }
        at
    }

    /// After the last line of the entry at `index` of a block map, whose own text ends at `end`.
    pub(super) fn entry_end(&self, map: &Node, index: usize, end: usize) -> usize {
        let entries = map.entries();
        let key = &entries[index].0;
        let limit = match entries.get(index + 1) {
            Some((next, _)) => self.line_start(next.span.start),
            None => end,
        };
        self.before_gap(limit, self.column(key), self.next_line(key.span.start))
    }

    /// As `entry_end`, for an item of a block list.
    pub(super) fn item_end(&self, list: &Node, index: usize, end: usize) -> usize {
        let items = list.items();
        let item = &items[index];
        let limit = match items.get(index + 1) {
            Some(next) => self.line_start(next.span.start),
            None => end,
        };
        let dash = self.column(item).saturating_sub(2);
        self.before_gap(limit, dash, self.next_line(item.span.start))
    }

    /// After the last line of an entry of the whole manifest.
    pub(super) fn section_end(&self, name: &str) -> usize {
        match self.tree.index_of(name) {
            Some(index) => self.entry_end(&self.tree, index, self.text.len()),
            None => self.text.len(),
        }
    }

    /// After the colon of a key.
    pub(super) fn after_colon(&self, key: &Node) -> Result<usize, EditError> {
        let rest = &self.text[key.span.end..];
        match rest.find(':') {
            Some(at) if rest[..at].trim_matches(' ').is_empty() => Ok(key.span.end + at + 1),
            _ => Err(by_hand("an entry", key)),
        }
    }

    /// Where the value of a key stands. `end` is the end of the entry's lines.
    pub(super) fn slot(&self, key: &Node, value: &Node, end: usize) -> Result<Slot, EditError> {
        let colon = self.after_colon(key)?;
        let is_exact = match &value.kind {
            Kind::Scalar { style, .. } => *style != Style::Block && !value.span.is_empty(),
            Kind::Seq { flow, .. } | Kind::Map { flow, .. } => *flow,
        };
        let same_line = !self.text[colon..value.span.start.max(colon)].contains('\n');
        if is_exact && same_line {
            let touches = value.span.start == colon;
            return Ok(Slot {
                range: value.span.clone(),
                before: if touches { " " } else { "" },
            });
        }
        let is_empty = value.is_null() && value.span.is_empty();
        let end = if is_empty {
            colon
        } else {
            self.without_line_end(end)
        };
        Ok(Slot {
            range: colon..end.max(colon),
            before: " ",
        })
    }

    /// Lines below a key: the first follows it, the others get the indent. Blank ones stay blank.
    pub(super) fn joined(&self, lines: &[String], indent: usize) -> String {
        let mut out = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                out.push_str(self.line_end());
                if !line.is_empty() {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
            }
            out.push_str(line);
        }
        out
    }

    /// Whole lines to put in at `at`; a last line without its end gets one first.
    pub(super) fn insert_lines<L: AsRef<str>>(&mut self, at: usize, lines: &[L]) {
        let end = self.line_end();
        let unfinished = at == self.text.len() && at > 0 && !self.text.ends_with('\n');
        // of several insertions there, only the first finds the line unfinished
        let is_first = !self.splices.iter().any(|one| one.range == (at..at));
        let mut text = String::new();
        if unfinished && is_first {
            text.push_str(end);
        }
        for line in lines {
            text.push_str(line.as_ref());
            text.push_str(end);
        }
        self.splice(at..at, text);
    }

    /// Indent of entries in the sections, and how much deeper what is below them stands.
    pub(super) fn indents(&self) -> (usize, usize) {
        let first_key = |node: &Node| {
            let block = !node.is_flow();
            let (key, value) = node.entries().first().filter(|_| block)?;
            Some((self.column(key), value.clone()))
        };
        let sections = ["variables", "targets"];
        let indent = sections
            .iter()
            .find_map(|name| first_key(self.tree.get(name)?))
            .map_or(2, |(column, _)| column);
        let below = self
            .tree
            .get("variables")
            .map_or(&[][..], Node::entries)
            .iter()
            .take(200)
            .find_map(|(_, value)| first_key(value))
            .map_or(indent, |(column, _)| column.saturating_sub(indent));
        (indent.max(1), below.max(1))
    }
}
