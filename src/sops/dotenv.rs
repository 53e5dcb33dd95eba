//! The dotenv store. It has no quotes: a line is a name, `=` and the value, in which `\n` is a line
//! end. Metadata is flattened into names that begin with `sops_`.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Node, Scalar};
use super::{SopsError, Store};

const PREFIX: &str = "sops_";
const MAP: &str = "__map_";
const LIST: &str = "__list_";

/// The values, and the metadata as the other stores have it.
pub(super) fn parse(text: &str) -> Result<(Node, Node), SopsError> {
    let mut entries = vec![];
    let mut names = BTreeSet::new();
    let mut metadata = Flat::default();
    for (index, line) in text.split('\n').enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what| SopsError::Text {
            store: Store::Dotenv,
            what,
            line: index + 1,
        };
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| wrong("there is no `=`"))?;
        let value = value.replace("\\n", "\n");
        match name.strip_prefix(PREFIX) {
            Some(name) => metadata
                .put(name, value)
                .ok_or_else(|| wrong("there is metadata twice or out of order"))?,
            None if !names.insert(name) => {
                return Err(wrong("a name stands for the second time"));
            }
            None => entries.push((name.to_owned(), Node::Leaf(Scalar::text(value)))),
        }
    }
    match metadata {
        Flat::Map(map) if map.is_empty() => Err(SopsError::NoMetadata),
        metadata => Ok((Node::Map(entries), metadata.node())),
    }
}

/// Names with `__map_` and `__list_` in them, put together again.
enum Flat {
    Map(BTreeMap<String, Self>),
    List(BTreeMap<usize, Self>),
    Text(String),
}

impl Default for Flat {
    fn default() -> Self {
        Self::Map(BTreeMap::new())
    }
}

impl Flat {
    /// `None` if something else is there.
    fn put(&mut self, name: &str, value: String) -> Option<()> {
        let Self::Map(map) = self else {
            return None;
        };
        let at = [name.find(MAP), name.find(LIST)]
            .into_iter()
            .flatten()
            .min();
        let Some(at) = at else {
            let before = map.insert(name.to_owned(), Self::Text(value));
            return before.is_none().then_some(());
        };
        let (key, rest) = name.split_at(at);
        if let Some(rest) = rest.strip_prefix(MAP) {
            return map.entry(key.to_owned()).or_default().put(rest, value);
        }
        let list = map
            .entry(key.to_owned())
            .or_insert_with(|| Self::List(BTreeMap::new()));
        list.put_item(rest.strip_prefix(LIST)?, value)
    }

    fn put_item(&mut self, rest: &str, value: String) -> Option<()> {
        let Self::List(list) = self else {
            return None;
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let index = rest[..digits].parse().ok()?;
        match rest[digits..].strip_prefix(MAP) {
            Some(below) => list.entry(index).or_default().put(below, value),
            None if digits == rest.len() => {
                let before = list.insert(index, Self::Text(value));
                before.is_none().then_some(())
            }
            None => None,
        }
    }

    fn node(self) -> Node {
        match self {
            Self::Text(text) => Node::Leaf(Scalar::text(text)),
            Self::List(list) => Node::List(list.into_values().map(Self::node).collect()),
            Self::Map(map) => {
                let entries = map.into_iter().map(|(key, flat)| (key, flat.node()));
                Node::Map(entries.collect())
            }
        }
    }
}
