//! The section `variables`: entries put in at their place, and the section itself.

use std::collections::{BTreeMap, BTreeSet};

use super::source::made_variable;
use super::{EditError, Editor, by_hand};
use crate::manifest::fresh::variable_lines;
use crate::manifest::scalar;
use crate::manifest::spec::Source;
use crate::manifest::tree::{Kind, Node};
use crate::model::VarName;

/// What stands behind `variables` in a manifest.
const LATER: [&str; 6] = [
    "groups",
    "targets",
    "key",
    "fingerprints",
    "former_fingerprints",
    "age",
];

/// An entry, and the index of the one that it is put before.
type Addition = (usize, (Node, Node));

impl Editor<'_> {
    /// Puts removals and additions into the splices, and into what is expected.
    pub(super) fn splice_variables(&mut self) -> Result<(), EditError> {
        let removals = std::mem::take(&mut self.removals);
        let additions = std::mem::take(&mut self.additions);
        if removals.is_empty() && additions.is_empty() {
            return Ok(());
        }
        let Some(variables) = self.tree.get("variables").cloned() else {
            self.begin_section(&additions);
            return Ok(());
        };
        if variables.entries().is_empty() {
            return self.fill_section(&variables, &additions);
        }
        if variables.is_flow() {
            return Err(by_hand("`variables`", &variables));
        }
        if removals.len() == variables.entries().len() && additions.is_empty() {
            let (key, _) = &self.tree.entries()[self.tree.index_of("variables").unwrap_or(0)];
            let colon = self.after_colon(key)?;
            self.splice(colon..colon, " {}");
        }
        let end = self.section_end("variables");
        for index in &removals {
            self.remove_lines(&variables, *index, end);
        }
        let made = self.add_entries(&variables, &additions, &removals, end);
        self.expect_entries(&removals, made);
        Ok(())
    }

    /// Each before the first entry with a greater name.
    fn add_entries(
        &mut self,
        variables: &Node,
        additions: &BTreeMap<VarName, Source>,
        removals: &BTreeSet<usize>,
        end: usize,
    ) -> Vec<Addition> {
        let entries = variables.entries();
        let mut made = Vec::with_capacity(additions.len());
        for (name, source) in additions {
            let place = entries
                .iter()
                .position(|(key, _)| key.text().is_some_and(|key| key > name.as_str()))
                .unwrap_or(entries.len());
            let mut lines = self.lines_of(name, source);
            // not beside an entry that goes, whose lines are spliced already
            let above = (0..place).rev().find(|index| !removals.contains(index));
            let at = if let Some(above) = above {
                let at = self.entry_end(variables, above, end);
                lines.insert(0, String::new());
                if additions.keys().next_back() == Some(name) && self.is_written(at) {
                    lines.push(String::new());
                }
                at
            } else {
                lines.push(String::new());
                self.first_entry_start(variables)
            };
            self.insert_lines(at, &lines);
            let entry = (Node::made_text(name.as_str()), self.made(name, source));
            made.push((place, entry));
        }
        made
    }

    fn expect_entries(&mut self, removals: &BTreeSet<usize>, made: Vec<Addition>) {
        let variables = self.expected.get_mut("variables");
        let Some(entries) = variables.and_then(Node::entries_mut) else {
            return;
        };
        let mut made = made.into_iter().peekable();
        for (index, entry) in std::mem::take(entries).into_iter().enumerate() {
            while let Some((_, new)) = made.next_if(|(place, _)| *place <= index) {
                entries.push(new);
            }
            if !removals.contains(&index) {
                entries.push(entry);
            }
        }
        entries.extend(made.map(|(_, new)| new));
    }

    fn lines_of(&self, name: &VarName, source: &Source) -> Vec<String> {
        let (indent, step) = self.indents();
        let mut lines = variable_lines(&" ".repeat(indent), &" ".repeat(step), name, source);
        let beside = self.added_metadata.get(name).into_iter().flatten();
        lines.extend(beside.map(|(key, text)| {
            let below = " ".repeat(indent + step);
            format!("{below}{key}: {}", scalar::inline(text))
        }));
        lines
    }

    /// What a reader finds at an addition.
    fn made(&self, name: &VarName, source: &Source) -> Node {
        let mut made = made_variable(source);
        if let Some(entries) = made.entries_mut() {
            let beside = self.added_metadata.get(name).into_iter().flatten();
            entries.extend(beside.map(|(key, text)| (Node::made_text(key), Node::made_text(text))));
        }
        made
    }

    fn made_section(&self, additions: &BTreeMap<VarName, Source>) -> Node {
        let entries = additions
            .iter()
            .map(|(name, source)| (Node::made_text(name.as_str()), self.made(name, source)));
        Node::made(Kind::Map {
            entries: entries.collect(),
            flow: false,
        })
    }

    /// Before the comments that stand above the first entry.
    pub(super) fn first_entry_start(&self, map: &Node) -> usize {
        match self.tree.index_of("variables") {
            Some(index) => self.next_line(self.tree.entries()[index].0.span.start),
            None => self.line_start(map.span.start),
        }
    }

    /// Whether the line that begins at `at` has something in it.
    fn is_written(&self, at: usize) -> bool {
        !self.text[at..self.next_line(at)].trim().is_empty()
    }

    /// `variables:` with nothing in it, or `{}`.
    fn fill_section(
        &mut self,
        empty: &Node,
        additions: &BTreeMap<VarName, Source>,
    ) -> Result<(), EditError> {
        let index = self.tree.index_of("variables").unwrap_or(0);
        let key = self.tree.entries()[index].0.clone();
        let slot = self.slot(&key, empty, empty.span.end)?;
        let colon = self.after_colon(&key)?;
        let mut text = String::new();
        for (name, source) in additions {
            if !text.is_empty() {
                text.push_str(self.line_end());
            }
            for line in self.lines_of(name, source) {
                text.push_str(self.line_end());
                text.push_str(&line);
            }
        }
        let next = self.next_line(slot.range.end);
        if self.is_written(next) {
            text.push_str(self.line_end());
        }
        let rest_end = self.without_line_end(next);
        self.splice(colon..slot.range.end.max(colon), "");
        self.splice(rest_end..rest_end, text);
        let made = self.made_section(additions);
        if let Some(section) = self.expected.get_mut("variables") {
            *section = made;
        }
        Ok(())
    }

    /// No `variables` at all yet: before what a manifest has after them.
    fn begin_section(&mut self, additions: &BTreeMap<VarName, Source>) {
        let place_in = |root: &Node| {
            let entries = root.entries();
            let place = entries
                .iter()
                .position(|(key, _)| key.text().is_some_and(|key| LATER.contains(&key)));
            place.unwrap_or(entries.len())
        };
        let entries = self.tree.entries();
        let index = place_in(&self.tree);
        let at = match index {
            0 => self.line_start(entries[0].0.span.start),
            _ => self.entry_end(&self.tree, index - 1, self.text.len()),
        };
        let mut lines = vec![String::new(), "variables:".to_owned()];
        for (name, source) in additions {
            if lines.len() > 2 {
                lines.push(String::new());
            }
            lines.extend(self.lines_of(name, source));
        }
        self.insert_lines(at, &lines);
        let made = (Node::made_text("variables"), self.made_section(additions));
        let index = place_in(&self.expected);
        if let Some(entries) = self.expected.entries_mut() {
            entries.insert(index, made);
        }
    }
}
