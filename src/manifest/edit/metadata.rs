//! What is said about a variable beside its value: one key at a time.

use super::{EditError, Editor, by_hand};
use crate::manifest::scalar;
use crate::manifest::spec::{Payload, Source};
use crate::manifest::tree::{Kind, Node};
use crate::model::VarName;

impl Editor<'_> {
    /// Declares a new encrypted variable, and says this about it.
    pub fn add(
        &mut self,
        name: &VarName,
        payload: Payload,
        metadata: Vec<(&'static str, String)>,
    ) -> Result<(), EditError> {
        if self.index.contains_key(name.as_str()) {
            return Err(EditError::DeclaredAlready(name.clone()));
        }
        self.added_metadata.insert(name.clone(), metadata);
        self.set(name, &Source::Sealed(payload))
    }

    /// Gives a declared variable this key with this text, or another text under it. The same text
    /// again changes nothing. A variable that is written as its text alone has no place for it.
    pub fn set_metadata(
        &mut self,
        name: &VarName,
        key: &'static str,
        text: &str,
    ) -> Result<(), EditError> {
        let (index, map, end) = self.map_of(name)?;
        let shown = scalar::inline(text);
        if let Some(at) = map.index_of(key) {
            let (found, value) = map.entries()[at].clone();
            if value.text() == Some(text) {
                return Ok(());
            }
            let end = match map.is_flow() {
                true => value.span.end,
                false => self.entry_end(&map, at, end),
            };
            let slot = self.slot(&found, &value, end)?;
            self.splice(slot.range, format!("{}{shown}", slot.before));
        } else if map.is_flow() {
            let (_, last) = map
                .entries()
                .last()
                .ok_or_else(|| by_hand("a variable", &map))?;
            let at = last.span.end;
            self.splice(at..at, format!(", {key}: {shown}"));
        } else {
            let (first, _) = map
                .entries()
                .first()
                .ok_or_else(|| by_hand("a variable", &map))?;
            let indent = " ".repeat(self.column(first));
            let last = map.entries().len() - 1;
            let at = self.entry_end(&map, last, end);
            self.insert_lines(at, &[format!("{indent}{key}: {shown}")]);
        }
        self.expect_metadata(index, |entries| {
            let made = Node::made_text(text);
            match entries.iter_mut().find(|(one, _)| one.text() == Some(key)) {
                Some((_, value)) => *value = made,
                None => entries.push((Node::made_text(key), made)),
            }
        });
        Ok(())
    }

    /// Takes this key off a declared variable, if it is there.
    pub fn remove_metadata(&mut self, name: &VarName, key: &'static str) -> Result<(), EditError> {
        let (index, map, end) = self.map_of(name)?;
        let Some(at) = map.index_of(key) else {
            return Ok(());
        };
        if map.is_flow() {
            let entries = map.entries();
            let begin = match at {
                0 => return Err(by_hand("a variable", &map)),
                _ => entries[at - 1].1.span.end,
            };
            self.splice(begin..entries[at].1.span.end, "");
        } else {
            let from = self.line_start(map.entries()[at].0.span.start);
            let to = self.entry_end(&map, at, end);
            self.splice(from..to, "");
        }
        self.expect_metadata(index, |entries| {
            entries.retain(|(one, _)| one.text() != Some(key));
        });
        Ok(())
    }

    /// Where a variable stands, its map, and the end of its lines.
    fn map_of(&self, name: &VarName) -> Result<(usize, Node, usize), EditError> {
        let index = *self
            .index
            .get(name.as_str())
            .ok_or_else(|| EditError::NoSuchVariable(name.clone()))?;
        let variables = self
            .tree
            .get("variables")
            .expect("the index was made from it");
        let (_, value) = &variables.entries()[index];
        if !matches!(value.kind, Kind::Map { .. }) || variables.is_flow() {
            return Err(by_hand("a variable", value));
        }
        let end = self.entry_end(variables, index, self.section_end("variables"));
        Ok((index, value.clone(), end))
    }

    fn expect_metadata(&mut self, index: usize, change: impl FnOnce(&mut Vec<(Node, Node)>)) {
        let variables = self
            .expected
            .get_mut("variables")
            .and_then(Node::entries_mut);
        let variable = variables.and_then(|entries| entries.get_mut(index));
        if let Some(entries) = variable.and_then(|(_, value)| value.entries_mut()) {
            change(entries);
        }
    }
}
