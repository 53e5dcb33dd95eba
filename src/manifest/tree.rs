//! A small generic tree of a YAML text, which knows where each part stands. `yaml.rs` makes it.

use std::ops::Range;

use crate::model::Position;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Scalar {
        text: String,
        style: Style,
    },
    Seq {
        items: Vec<Node>,
        flow: bool,
    },
    Map {
        entries: Vec<(Node, Node)>,
        flow: bool,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Bytes of the text. Exact for plain and quoted scalars and flow collections; the start is
    /// exact for all.
    pub(super) span: Range<usize>,
    pub(super) position: Position,
}

/// Equal content: keys, order and texts. Where it stands, and in what style, does not count.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Scalar { text: a, .. }, Kind::Scalar { text: b, .. }) => {
                a == b && self.is_null() == other.is_null()
            }
            (Kind::Seq { items: a, .. }, Kind::Seq { items: b, .. }) => a == b,
            (Kind::Map { entries: a, .. }, Kind::Map { entries: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl Node {
    /// A node that is not in any text yet.
    pub(super) fn made(kind: Kind) -> Self {
        Self {
            kind,
            span: 0..0,
            position: Position::default(),
        }
    }

    pub(super) fn made_text(text: &str) -> Self {
        Self::made(Kind::Scalar {
            text: text.to_owned(),
            style: Style::Quoted,
        })
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Nothing written, or a plain `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        match &self.kind {
            Kind::Scalar {
                text,
                style: Style::Plain,
            } => matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
            _ => false,
        }
    }

    pub(super) fn entries(&self) -> &[(Self, Self)] {
        match &self.kind {
            Kind::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    pub(super) fn entries_mut(&mut self) -> Option<&mut Vec<(Self, Self)>> {
        match &mut self.kind {
            Kind::Map { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Seq { items, .. } => items,
            _ => &[],
        }
    }

    pub(super) fn is_flow(&self) -> bool {
        matches!(
            self.kind,
            Kind::Seq { flow: true, .. } | Kind::Map { flow: true, .. }
        )
    }

    /// The index of the entry with this key.
    pub(super) fn index_of(&self, key: &str) -> Option<usize> {
        self.entries()
            .iter()
            .position(|(found, _)| found.text() == Some(key))
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.index_of(key).map(|index| &self.entries()[index].1)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let index = self.index_of(key)?;
        self.entries_mut().map(|entries| &mut entries[index].1)
    }
}
