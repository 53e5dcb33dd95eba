//! Items to nodes. How a scalar is written, what a plain one says and where a bracket closes is
//! read from the text at the item's place.

use super::content::{Content, Item};
use super::{Problems, TAG, code, properties};
use crate::manifest::tree::{Kind, Node, Style};

pub(super) struct Builder<'t, 'p> {
    text: &'t str,
    /// Where the scalar before ends.
    done: usize,
    problems: &'p mut Problems,
}

impl<'t, 'p> Builder<'t, 'p> {
    pub(super) fn new(text: &'t str, problems: &'p mut Problems) -> Self {
        Self {
            text,
            done: 0,
            problems,
        }
    }

    /// `None` if it cannot be a tree of ours; a problem was noted then.
    pub(super) fn node(&mut self, item: Item<'_>, in_flow: bool) -> Option<Node> {
        let (start, position) = (item.start as usize, item.position);
        let mut span = start..start + item.len as usize;
        let is_block = self.look_before(start);
        let bracket = self.closing_bracket(start);
        let flow = in_flow || bracket.is_some();
        let kind = match item.content {
            Content::AsWritten => Kind::Scalar {
                text: self.text.get(span.clone()).unwrap_or_default().to_owned(),
                style: Style::Plain,
            },
            Content::Text(text) => Kind::Scalar {
                style: self.style(start, is_block),
                text: text.into_owned(),
            },
            Content::Seq(items) => {
                let items = self.items(items, flow)?;
                span.end = self.end(start, items.last(), bracket);
                Kind::Seq { items, flow }
            }
            Content::Map(entries) => {
                let entries = self.entries(entries, flow)?;
                let last = entries.last().map(|(_, value)| value);
                span.end = self.end(start, last, bracket);
                Kind::Map { entries, flow }
            }
        };
        self.done = self.done.max(span.end);
        Some(Node {
            kind,
            span,
            position,
        })
    }

    fn items(&mut self, items: Vec<Item<'_>>, flow: bool) -> Option<Vec<Node>> {
        items
            .into_iter()
            .map(|item| self.node(item, flow))
            .collect()
    }

    fn entries(
        &mut self,
        entries: Vec<(Item<'_>, Item<'_>)>,
        flow: bool,
    ) -> Option<Vec<(Node, Node)>> {
        let both = |(key, value): (Item<'_>, Item<'_>)| {
            if matches!(key.content, Content::Seq(_) | Content::Map(_)) {
                let message = "a key must be text";
                self.problems
                    .error(key.position, code::WRONG_TYPE, message, None);
                return None;
            }
            Some((self.node(key, flow)?, self.node(value, flow)?))
        };
        entries.into_iter().map(both).collect()
    }

    /// Between the scalar before and a node there is only structure, so that a `!` is a tag, and
    /// `|` and `>` are the head of a block. Tells whether there is one.
    fn look_before(&mut self, start: usize) -> bool {
        let gap = self.text.get(self.done..start).unwrap_or_default();
        let mut is_block = false;
        for (at, byte) in outside_comments(gap) {
            match byte {
                b'!' => {
                    let (code, message, help) = TAG;
                    let position = properties::position(self.text, self.done + at);
                    self.problems.error(position, code, message, help);
                    break;
                }
                b'|' | b'>' => is_block = true,
                _ => {}
            }
        }
        is_block
    }

    /// The place of a block is that of its first line; of an empty one it is the `|` itself.
    fn style(&self, start: usize, is_block: bool) -> Style {
        if is_block {
            return Style::Block;
        }
        match self.text.as_bytes().get(start) {
            Some(b'"' | b'\'') => Style::Quoted,
            Some(b'|' | b'>') => Style::Block,
            _ => Style::Plain,
        }
    }

    fn closing_bracket(&self, start: usize) -> Option<u8> {
        match self.text.as_bytes().get(start) {
            Some(b'{') => Some(b'}'),
            Some(b'[') => Some(b']'),
            _ => None,
        }
    }

    /// After the bracket that closes a collection. Between its last part and that bracket only
    /// space, a comma, a colon and comments can stand. Without a bracket, where its last part ends.
    fn end(&self, start: usize, last: Option<&Node>, bracket: Option<u8>) -> usize {
        let inner = last.map_or(start, |node| node.span.end);
        let Some(bracket) = bracket else {
            return inner;
        };
        let from = inner.max(start + 1);
        let rest = self.text.get(from..).unwrap_or_default();
        let close = outside_comments(rest).find(|(_, byte)| *byte == bracket);
        close.map_or(from, |(at, _)| from + at + 1)
    }
}

/// What stands between two scalars, byte by byte.
fn outside_comments(between: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut in_comment = false;
    between.bytes().enumerate().filter(move |(_, byte)| {
        match byte {
            b'#' => in_comment = true,
            b'\n' => in_comment = false,
            _ => {}
        }
        !in_comment
    })
}
