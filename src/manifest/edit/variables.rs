//! `set` of a variable that is declared: its value is put in place of the old one.

use super::source::{key_of, one_line, text_of, value_lines};
use super::{EditError, Editor, by_hand};
use crate::manifest::scalar;
use crate::manifest::spec::Source;
use crate::manifest::tree::{Kind, Node, Style};
use crate::model::VarName;

pub(super) const SOURCES: [&str; 3] = ["age", "value", "template"];

impl Editor<'_> {
    /// Declares a variable, or gives a declared one another value. What is said about it beside
    /// the value stays, and so do comments. The same value again changes nothing.
    pub fn set(&mut self, name: &VarName, source: &Source) -> Result<(), EditError> {
        match self.index.get(name.as_str()) {
            Some(index) => self.replace(*index, source),
            None => {
                self.additions.insert(name.clone(), source.clone());
                Ok(())
            }
        }
    }

    fn replace(&mut self, index: usize, source: &Source) -> Result<(), EditError> {
        let end = self.section_end("variables");
        let variables = self
            .tree
            .get("variables")
            .expect("the index was made from it");
        let (key, value) = &variables.entries()[index];
        let is_flow = variables.is_flow();
        let end = if is_flow {
            value.span.end
        } else {
            self.entry_end(variables, index, end)
        };
        let (key, value) = (key.clone(), value.clone());
        let node = match &value.kind {
            Kind::Map { .. } => self.replace_in_map(&value, source, end)?,
            Kind::Scalar { .. } => self.replace_scalar(&key, &value, source, end, is_flow)?,
            Kind::Seq { .. } => return Err(by_hand("a variable", &value)),
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

    /// `NAME: { age: …, rotate: 90d }`, in either style.
    fn replace_in_map(
        &mut self,
        map: &Node,
        source: &Source,
        end: usize,
    ) -> Result<Node, EditError> {
        let found = map
            .entries()
            .iter()
            .position(|(key, _)| key.text().is_some_and(|key| SOURCES.contains(&key)));
        let index = found.ok_or_else(|| by_hand("a variable", map))?;
        let (key, value) = &map.entries()[index];
        let (new_key, text) = (key_of(source), text_of(source));
        let mut expected = map.clone();
        if key.text() == Some(new_key) && value.text() == Some(&text) {
            return Ok(expected);
        }
        if key.text() != Some(new_key) {
            self.splice(key.span.clone(), new_key);
        }
        let (_, step) = self.indents();
        let (end, lines) = if map.is_flow() {
            (end, vec![one_line(source, map)?])
        } else {
            (self.entry_end(map, index, end), value_lines(source))
        };
        let slot = self.slot(key, value, end)?;
        let indent = self.column(key) + step;
        let text_in_place = format!("{}{}", slot.before, self.joined(&lines, indent));
        self.splice(slot.range, text_in_place);
        if let Some(entries) = expected.entries_mut() {
            entries[index] = (Node::made_text(new_key), Node::made_text(&text));
        }
        Ok(expected)
    }

    /// `NAME: text`.
    fn replace_scalar(
        &mut self,
        key: &Node,
        value: &Node,
        source: &Source,
        end: usize,
        is_flow: bool,
    ) -> Result<Node, EditError> {
        let slot = self.slot(key, value, end)?;
        let text = text_of(source);
        let (_, step) = self.indents();
        if matches!(source, Source::Clear(_)) {
            if value.text() == Some(&text) && !value.is_null() {
                return Ok(value.clone());
            }
            let lines = if is_flow {
                vec![scalar::inline(&text)]
            } else {
                value_lines(source)
            };
            let indent = self.column(key) + step;
            let new = format!("{}{}", slot.before, self.joined(&lines, indent));
            self.splice(slot.range, new);
            return Ok(Node::made_text(&text));
        }
        let made = Node::made(Kind::Map {
            entries: vec![(Node::made_text(key_of(source)), Node::made_text(&text))],
            flow: is_flow,
        });
        if is_flow {
            let new = format!(
                "{}{{ {}: {} }}",
                slot.before,
                key_of(source),
                one_line(source, value)?
            );
            self.splice(slot.range, new);
            return Ok(made);
        }
        let below = self.column(key) + step;
        let lines = self.joined(&value_lines(source), below + step);
        let new = format!(
            "{}{}{}: {lines}",
            self.line_end(),
            " ".repeat(below),
            key_of(source)
        );
        // a comment behind the value stays behind the name
        let colon = self.after_colon(key)?;
        let rest_end = self.without_line_end(self.next_line(slot.range.end));
        let is_block = matches!(
            &value.kind,
            Kind::Scalar {
                style: Style::Block,
                ..
            }
        );
        let rest = &self.text[slot.range.end..rest_end.max(slot.range.end)];
        if rest.trim().is_empty() || is_block {
            self.splice(colon..rest_end.max(slot.range.end).min(end), new);
        } else {
            self.splice(colon..slot.range.end, "");
            self.splice(rest_end..rest_end, new);
        }
        Ok(made)
    }
}
