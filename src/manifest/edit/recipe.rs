//! `generate:` of a variable, written beside its value.

use super::variables::SOURCES;
use super::{EditError, Editor, by_hand};
use crate::manifest::scalar;
use crate::manifest::tree::{Kind, Node};
use crate::model::VarName;

const KEY: &str = "generate";

impl Editor<'_> {
    /// Notes how new values of a declared secret are made: a recipe in one word. A former one is
    /// replaced.
    pub fn set_recipe(&mut self, name: &VarName, word: &str) -> Result<(), EditError> {
        let Some(index) = self.index.get(name.as_str()).copied() else {
            return Err(EditError::NoSuchVariable(name.clone()));
        };
        let end = self.section_end("variables");
        let variables = self
            .tree
            .get("variables")
            .expect("the index was made from it");
        let (_, value) = &variables.entries()[index];
        let end = match variables.is_flow() {
            true => value.span.end,
            false => self.entry_end(variables, index, end),
        };
        let map = value.clone();
        let node = match map.index_of(KEY) {
            Some(at) => self.replace_recipe(&map, at, word, end)?,
            None => self.insert_recipe(&map, word, end)?,
        };
        let variables = self
            .expected
            .get_mut("variables")
            .and_then(Node::entries_mut);
        if let Some((_, value)) = variables.and_then(|entries| entries.get_mut(index)) {
            *value = node;
        }
        Ok(())
    }

    fn replace_recipe(
        &mut self,
        map: &Node,
        at: usize,
        word: &str,
        end: usize,
    ) -> Result<Node, EditError> {
        let (key, value) = &map.entries()[at];
        let mut expected = map.clone();
        if value.text() == Some(word) {
            return Ok(expected);
        }
        let end = match map.is_flow() {
            true => end,
            false => self.entry_end(map, at, end),
        };
        let slot = self.slot(key, value, end)?;
        self.splice(
            slot.range,
            format!("{}{}", slot.before, scalar::inline(word)),
        );
        if let Some(entries) = expected.entries_mut() {
            entries[at].1 = Node::made_text(word);
        }
        Ok(expected)
    }

    /// Right behind the value.
    fn insert_recipe(&mut self, map: &Node, word: &str, end: usize) -> Result<Node, EditError> {
        let Kind::Map { entries, flow } = &map.kind else {
            return Err(by_hand("a variable", map));
        };
        let source = entries
            .iter()
            .position(|(key, _)| key.text().is_some_and(|key| SOURCES.contains(&key)));
        let at = source.ok_or_else(|| by_hand("a variable", map))?;
        let (key, value) = &entries[at];
        let word_text = scalar::inline(word);
        if *flow {
            let place = value.span.end;
            self.splice(place..place, format!(", {KEY}: {word_text}"));
        } else {
            let place = self.entry_end(map, at, end);
            let indent = " ".repeat(self.column(key));
            self.insert_lines(place, &[format!("{indent}{KEY}: {word_text}")]);
        }
        let mut expected = map.clone();
        if let Some(entries) = expected.entries_mut() {
            entries.insert(at + 1, (Node::made_text(KEY), Node::made_text(word)));
        }
        Ok(expected)
    }
}
