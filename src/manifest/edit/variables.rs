//! `set` and `unset`: one variable of `variables`.

use super::{EditError, Editor, by_hand};
use crate::manifest::fresh::{block_lines, payload_text, text_lines, variable_lines};
use crate::manifest::scalar;
use crate::manifest::spec::Source;
use crate::manifest::tree::{Kind, Node, Style};
use crate::model::VarName;

const SOURCES: [&str; 3] = ["age", "value", "template"];

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

    /// Takes a variable out. Refuses while something uses it, unless the uses go as well; a
    /// template that names it is never changed.
    pub fn unset(&mut self, name: &VarName, with_uses: bool) -> Result<(), EditError> {
        let Some(index) = self.index.get(name.as_str()).copied() else {
            return Err(EditError::NoSuchVariable(name.clone()));
        };
        let by = self.users(name, !with_uses);
        if !by.is_empty() {
            let name = name.clone();
            return Err(EditError::StillUsed { name, by });
        }
        if with_uses {
            self.remove_uses(name)?;
        }
        self.removals.insert(index);
        Ok(())
    }

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
        let count = variables.entries().len();
        let (indent, step) = self.indents();
        if count == 0 {
            return self.fill_section(&variables, &additions, indent, step);
        }
        if variables.is_flow() {
            return Err(by_hand("`variables`", &variables));
        }
        if removals.len() == count && additions.is_empty() {
            let (key, _) = &self.tree.entries()[self.tree.index_of("variables").unwrap_or(0)];
            let colon = self.after_colon(key)?;
            self.splice(colon..colon, " {}");
        }
        let end = self.section_end("variables");
        for index in &removals {
            self.remove_lines(&variables, *index, end);
        }
        let mut made: Vec<(usize, Node, Node)> = Vec::new();
        for (name, source) in &additions {
            let after = variables
                .entries()
                .iter()
                .position(|(key, _)| key.text().is_some_and(|key| key > name.as_str()))
                .unwrap_or(count);
            let mut lines = variable_lines(&" ".repeat(indent), &" ".repeat(step), name, source);
            let at = if after == 0 {
                lines.push(String::new());
                self.first_entry_start(&variables)
            } else {
                let at = self.entry_end(&variables, after - 1, end);
                lines.insert(0, String::new());
                if additions.keys().next_back() == Some(name) && self.is_written(at) {
                    lines.push(String::new());
                }
                at
            };
            self.insert_lines(at, &lines);
            made.push((after, Node::made_text(name.as_str()), made_variable(source)));
        }
        if let Some(entries) = self
            .expected
            .get_mut("variables")
            .and_then(Node::entries_mut)
        {
            let mut old = std::mem::take(entries).into_iter().enumerate().peekable();
            let mut made = made.into_iter().peekable();
            while old.peek().is_some() || made.peek().is_some() {
                let place = old.peek().map_or(count, |(index, _)| *index);
                while let Some((_, key, value)) = made.next_if(|(after, ..)| *after <= place) {
                    entries.push((key, value));
                }
                if let Some((index, entry)) = old.next()
                    && !removals.contains(&index)
                {
                    entries.push(entry);
                }
            }
        }
        Ok(())
    }

    /// Before the comments that stand above the first entry.
    fn first_entry_start(&self, map: &Node) -> usize {
        match self.tree.index_of("variables") {
            Some(index) => self.next_line(self.tree.entries()[index].0.span.start),
            None => self.line_start(map.span.start),
        }
    }

    /// Whether the line that begins at `at` has something in it.
    fn is_written(&self, at: usize) -> bool {
        !self.text[at..self.next_line(at)].trim().is_empty()
    }

    /// The lines of an entry, and the blank ones after it, or else before it.
    fn remove_lines(&mut self, map: &Node, index: usize, end: usize) {
        let is_blank = |range: std::ops::Range<usize>| self.text[range].trim().is_empty();
        let mut start = self.line_start(map.entries()[index].0.span.start);
        let entry_end = self.entry_end(map, index, end);
        let mut stop = entry_end;
        while stop < self.text.len() && is_blank(stop..self.next_line(stop)) {
            stop = self.next_line(stop);
        }
        if stop == entry_end {
            let floor = self.first_entry_start(map);
            while start > floor && is_blank(self.line_start(start - 1)..start) {
                start = self.line_start(start - 1);
            }
        }
        self.splice(start..stop, "");
    }

    /// `variables:` with nothing in it, or `{}`.
    fn fill_section(
        &mut self,
        empty: &Node,
        additions: &std::collections::BTreeMap<VarName, Source>,
        indent: usize,
        step: usize,
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
            for line in variable_lines(&" ".repeat(indent), &" ".repeat(step), name, source) {
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
        if let Some(section) = self.expected.get_mut("variables") {
            *section = made_section(additions);
        }
        Ok(())
    }

    /// No `variables` at all yet: before what a manifest has after them.
    fn begin_section(&mut self, additions: &std::collections::BTreeMap<VarName, Source>) {
        let later = [
            "groups",
            "targets",
            "key",
            "fingerprints",
            "former_fingerprints",
            "age",
        ];
        let place_in = |root: &Node| {
            let entries = root.entries();
            let place = entries
                .iter()
                .position(|(key, _)| key.text().is_some_and(|key| later.contains(&key)));
            place.unwrap_or(entries.len())
        };
        let entries = self.tree.entries();
        let index = place_in(&self.tree);
        let at = match index {
            0 => self.line_start(entries[0].0.span.start),
            _ => self.entry_end(&self.tree, index - 1, self.text.len()),
        };
        let (indent, step) = self.indents();
        let mut lines = vec![String::new(), "variables:".to_owned()];
        for (name, source) in additions {
            if lines.len() > 2 {
                lines.push(String::new());
            }
            lines.extend(variable_lines(
                &" ".repeat(indent),
                &" ".repeat(step),
                name,
                source,
            ));
        }
        self.insert_lines(at, &lines);
        let made = (Node::made_text("variables"), made_section(additions));
        let index = place_in(&self.expected);
        if let Some(entries) = self.expected.entries_mut() {
            entries.insert(index, made);
        }
    }
}

fn key_of(source: &Source) -> &'static str {
    match source {
        Source::Clear(_) => "value",
        Source::Sealed(_) | Source::Armored(_) => "age",
        Source::Template(_) => "template",
    }
}

/// The text that a reader of the new file finds.
fn text_of(source: &Source) -> String {
    match source {
        Source::Clear(text) => text.clone(),
        Source::Sealed(payload) => payload_text(payload),
        Source::Armored(text) => format!("{}\n", text.trim_end_matches('\n')),
        Source::Template(template) => template.to_source(),
    }
}

fn value_lines(source: &Source) -> Vec<String> {
    match source {
        Source::Clear(text) => text_lines(text),
        Source::Sealed(payload) => vec![payload_text(payload)],
        Source::Armored(text) => block_lines(text),
        Source::Template(template) => vec![scalar::inline(&template.to_source())],
    }
}

/// Inside braces, where a block cannot stand.
fn one_line(source: &Source, place: &Node) -> Result<String, EditError> {
    match source {
        Source::Armored(_) => Err(by_hand("a variable", place)),
        other => Ok(scalar::inline(&text_of(other))),
    }
}

fn made_variable(source: &Source) -> Node {
    let text = Node::made_text(&text_of(source));
    match source {
        Source::Clear(_) => text,
        _ => Node::made(Kind::Map {
            entries: vec![(Node::made_text(key_of(source)), text)],
            flow: false,
        }),
    }
}

fn made_section(additions: &std::collections::BTreeMap<VarName, Source>) -> Node {
    Node::made(Kind::Map {
        entries: additions
            .iter()
            .map(|(name, source)| (Node::made_text(name.as_str()), made_variable(source)))
            .collect(),
        flow: false,
    })
}
