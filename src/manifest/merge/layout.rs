//! An entry cut into the entries inside it, without a byte lost.

use std::collections::HashMap;
use std::ops::Range;

use super::rule::{Rule, id_of};
use crate::manifest::tree::{Kind, Node};

/// One entry of a map, or one item of a list, in the text of one side.
#[derive(Debug, Clone, Copy)]
pub(in crate::manifest) struct Piece<'t> {
    pub(in crate::manifest) text: &'t str,
    pub(in crate::manifest) key: Option<&'t Node>,
    pub(in crate::manifest) node: &'t Node,
    /// Where its own text begins and ends: whole lines, or inside brackets a part of one.
    pub(in crate::manifest) start: usize,
    pub(in crate::manifest) end: usize,
    /// Of its first character, for pieces of whole lines.
    pub(in crate::manifest) column: usize,
    in_brackets: bool,
}

/// An entry inside, and what stands above it.
#[derive(Debug, Clone, Copy)]
pub(in crate::manifest) struct Element<'t> {
    pub(in crate::manifest) id: &'t str,
    /// Blank lines and comments.
    pub(in crate::manifest) gap: &'t str,
    pub(in crate::manifest) piece: Piece<'t>,
}

/// How the entries inside are laid out.
#[derive(Debug, Clone)]
pub(in crate::manifest) enum Layout<'t> {
    /// On lines of their own: what comes before the first and after the last.
    Block { head: &'t str, tail: &'t str },
    /// In brackets: the span of them.
    Flow(Range<usize>),
    /// Nothing inside, or nothing written.
    Empty,
}

#[derive(Debug)]
pub(in crate::manifest) struct Inside<'t> {
    pub(in crate::manifest) layout: Layout<'t>,
    pub(in crate::manifest) elements: Vec<Element<'t>>,
    index: HashMap<&'t str, usize>,
}

impl<'t> Piece<'t> {
    /// The whole manifest.
    pub(in crate::manifest) fn root(text: &'t str, node: &'t Node) -> Self {
        Self {
            text,
            key: None,
            node,
            start: 0,
            end: text.len(),
            column: 0,
            in_brackets: false,
        }
    }

    pub(in crate::manifest) fn body(&self) -> &'t str {
        &self.text[self.start..self.end]
    }

    /// Whether it stands in brackets.
    pub(in crate::manifest) fn is_inline(&self) -> bool {
        self.in_brackets
    }

    /// As it stands in a list in brackets, if it can.
    pub(in crate::manifest) fn inline(&self) -> &'t str {
        match (self.key, self.node.span.is_empty()) {
            (Some(key), true) => &self.text[key.span.clone()],
            (Some(key), false) => &self.text[key.span.start..self.node.span.end],
            (None, _) => &self.text[self.node.span.clone()],
        }
    }

    /// Its text with another text for its value, if the value stands on the key's line.
    pub(in crate::manifest) fn with_value_of(&self, other: &Self) -> Option<String> {
        let is_inline = |piece: &Self| {
            let scalar = matches!(piece.node.kind, Kind::Scalar { .. });
            let start = piece.key.map_or(piece.start, |key| key.span.end);
            let span = piece.node.span.clone();
            scalar
                && !span.is_empty()
                && span.end <= piece.end
                && !piece.text[start..span.end].contains('\n')
        };
        (is_inline(self) && is_inline(other)).then(|| {
            let (span, new) = (self.node.span.clone(), other.node.span.clone());
            format!(
                "{}{}{}",
                &self.text[self.start..span.start],
                &other.text[new],
                &self.text[span.end..self.end]
            )
        })
    }

    /// Before and after the brackets of its value.
    pub(in crate::manifest) fn around(&self, span: &Range<usize>) -> (&'t str, &'t str) {
        (
            &self.text[self.start..span.start],
            &self.text[span.end..self.end],
        )
    }

    /// The entries inside. `None` where it is laid out in a way that is not known here.
    pub(in crate::manifest) fn inside(&self, rule: Rule) -> Option<Inside<'t>> {
        let node = self.node;
        let count = node.entries().len() + node.items().len();
        if count == 0 {
            let is_collection = !matches!(node.kind, Kind::Scalar { .. });
            return (is_collection || node.is_null())
                .then(|| Inside::new(Layout::Empty, vec![]))?;
        }
        let fits = match rule.is_list() {
            true => node.entries().is_empty(),
            false => node.items().is_empty(),
        };
        if !fits {
            return None;
        }
        match node.is_flow() {
            true => self.inside_flow(),
            false => self.inside_block(),
        }
    }

    fn members(&self) -> impl Iterator<Item = (Option<&'t Node>, &'t Node)> + use<'t> {
        let node = self.node;
        let entries = node.entries().iter().map(|(key, value)| (Some(key), value));
        entries.chain(node.items().iter().map(|item| (None, item)))
    }

    fn inside_flow(&self) -> Option<Inside<'t>> {
        let elements = self.members().map(|(key, node)| {
            let start = key.map_or(node.span.start, |key| key.span.start);
            let end = match (key, node.span.is_empty()) {
                (Some(key), true) => key.span.end,
                _ => node.span.end,
            };
            let piece = Self {
                text: self.text,
                key,
                node,
                start,
                end,
                column: 0,
                in_brackets: true,
            };
            Some(Element {
                id: key.map_or_else(|| id_of(node), Node::text)?,
                gap: "",
                piece,
            })
        });
        let elements = elements.collect::<Option<Vec<_>>>()?;
        Inside::new(Layout::Flow(self.node.span.clone()), elements)
    }

    fn inside_block(&self) -> Option<Inside<'t>> {
        let text = self.text;
        let members: Vec<_> = self.members().collect();
        let mut starts = Vec::with_capacity(members.len());
        for (key, node) in &members {
            starts.push(lead_of(text, *key, node)?);
        }
        let (_, column) = starts[0];
        let head_end = match self.key {
            Some(key) => next_line(text, key.span.start),
            None => self.start,
        };
        if starts[0].0 < head_end {
            return None;
        }
        let mut elements = Vec::with_capacity(members.len());
        let mut done = head_end;
        for (index, (key, node)) in members.into_iter().enumerate() {
            let (start, _) = starts[index];
            let limit = starts.get(index + 1).map_or(self.end, |(next, _)| *next);
            let end = before_gap(text, limit, column, next_line(text, start).min(limit));
            let piece = Self {
                text,
                key,
                node,
                start,
                end,
                column,
                in_brackets: false,
            };
            elements.push(Element {
                id: key.map_or_else(|| id_of(node), Node::text)?,
                gap: text.get(done..start)?,
                piece,
            });
            done = end;
        }
        let head = &text[self.start..head_end];
        let tail = &text[done..self.end];
        Inside::new(Layout::Block { head, tail }, elements)
    }
}

impl<'t> Inside<'t> {
    /// `None` where a name comes twice.
    fn new(layout: Layout<'t>, elements: Vec<Element<'t>>) -> Option<Self> {
        let index: HashMap<&str, usize> = elements
            .iter()
            .enumerate()
            .map(|(index, element)| (element.id, index))
            .collect();
        (index.len() == elements.len()).then_some(Self {
            layout,
            elements,
            index,
        })
    }

    pub(in crate::manifest) fn empty() -> Self {
        Self {
            layout: Layout::Empty,
            elements: vec![],
            index: HashMap::new(),
        }
    }

    pub(in crate::manifest) fn ids(&self) -> Vec<&'t str> {
        self.elements.iter().map(|element| element.id).collect()
    }

    pub(in crate::manifest) fn get(&self, id: &str) -> Option<&Element<'t>> {
        self.index.get(id).map(|index| &self.elements[*index])
    }

    /// Where this one stands, from 0.
    pub(in crate::manifest) fn place(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }
}

/// Where the line of an entry begins, and the column of its key or dash; `None` if something else
/// stands on that line before it.
fn lead_of(text: &str, key: Option<&Node>, node: &Node) -> Option<(usize, usize)> {
    let at = key.map_or(node.span.start, |key| key.span.start);
    let start = text[..at].rfind('\n').map_or(0, |found| found + 1);
    let lead = &text[start..at];
    let lead = match key {
        Some(_) => lead,
        None => lead.trim_end_matches(' ').strip_suffix('-')?,
    };
    // a byte order mark is no column
    let lead = if start == 0 {
        lead.trim_start_matches('\u{feff}')
    } else {
        lead
    };
    lead.bytes()
        .all(|byte| byte == b' ')
        .then_some((start, lead.len()))
}

pub(in crate::manifest) fn next_line(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |found| at + found + 1)
}

/// Back over blank lines, and comments that are not indented deeper than `column`: those belong to
/// what comes after.
fn before_gap(text: &str, mut at: usize, column: usize, floor: usize) -> usize {
    while at > floor {
        let start = text[..at - 1].rfind('\n').map_or(0, |found| found + 1);
        let line = &text[start..at];
        let rest = line.trim_start_matches(' ');
        let is_comment = rest.starts_with('#') && line.len() - rest.len() <= column;
        if start < floor || !(rest.trim().is_empty() || is_comment) {
            break;
        }
        at = start;
    }
    at
}
