//! The JSON store, keys in the file's order.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::number;
use super::tree::{MAX_DEPTH, Node, Scalar, twice};
use super::{SopsError, Store};

/// What serde says of a file would quote it: only the line is kept.
pub(super) fn parse(text: &str) -> Result<Node, SopsError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let node = Depth(0)
        .deserialize(&mut reader)
        .and_then(|node| reader.end().map(|()| node));
    node.map_err(|error| SopsError::Text {
        store: Store::Json,
        what: match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Data => "a key stands twice, or it is nested too deeply,",
            _ => "it does not parse",
        },
        line: error.line(),
    })
}

struct Depth(usize);

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Depth {
    fn below<E: serde::de::Error>(&self) -> Result<Self, E> {
        match self.0 {
            depth if depth >= MAX_DEPTH => Err(E::custom("too deep")),
            depth => Ok(Self(depth + 1)),
        }
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Null))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Bool(truth)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Int(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Leaf(match i64::try_from(number) {
            Ok(number) => Scalar::Int(number),
            Err(_) => {
                Scalar::Odd("is a number that SOPS does not keep exactly: quote it in the file")
            }
        }))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Float(number, number::in_json(number))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = vec![];
        while let Some(item) = sequence.next_element_seed(self.below()?)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = vec![];
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key, map.next_value_seed(self.below()?)?));
        }
        if twice(entries.iter().map(|(key, _)| key)) {
            return Err(serde::de::Error::custom("twice"));
        }
        Ok(Node::Map(entries))
    }
}
