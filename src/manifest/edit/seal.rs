//! `key`, `fingerprints`, `former_fingerprints` and `age`: written together.

use super::{EditError, Editor};
use crate::manifest::fresh::{block_lines, key_text, payload_text};
use crate::manifest::spec::Seal;
use crate::manifest::tree::{Kind, Node};

impl Editor<'_> {
    /// Puts another seal in the place of the present one, or at the end of the file.
    pub fn set_seal(&mut self, seal: &Seal) -> Result<(), EditError> {
        let end = self.text.len();
        let before_age = match self.tree.index_of("age") {
            Some(index) => self.line_start(self.tree.entries()[index].0.span.start),
            None => end,
        };
        if self.tree.get("key").is_none() {
            self.insert_lines(before_age, &[""]);
        }
        let key = key_text(seal);
        self.set_root(
            "key",
            std::slice::from_ref(&key),
            Some(Node::made_text(&key)),
            before_age,
        )?;
        let fingerprints = seal.fingerprints.as_ref().map(payload_text);
        let lines: Vec<String> = fingerprints.iter().cloned().collect();
        let node = fingerprints.map(|text| Node::made_text(&text));
        self.set_root("fingerprints", &lines, node, before_age)?;
        self.set_former(seal, before_age)?;
        let header = format!("{}\n", seal.header.trim_end_matches('\n'));
        let node = Node::made_text(&header);
        self.set_root("age", &block_lines(&header), Some(node), end)
    }

    fn set_former(&mut self, seal: &Seal, before_age: usize) -> Result<(), EditError> {
        let former: Vec<String> = seal.former_fingerprints.iter().map(payload_text).collect();
        let items = former.iter().map(|text| Node::made_text(text)).collect();
        let node = Node::made(Kind::Seq { items, flow: false });
        let node = (!former.is_empty()).then_some(node);
        let mut lines = vec![String::new()];
        lines.extend(former.iter().map(|text| format!("- {text}")));
        self.set_root("former_fingerprints", &lines, node, before_age)
    }

    /// One entry of the manifest itself: replaced, added at `at`, or with no node, removed.
    fn set_root(
        &mut self,
        name: &str,
        lines: &[String],
        node: Option<Node>,
        at: usize,
    ) -> Result<(), EditError> {
        let (indent, _) = self.indents();
        let Some(index) = self.tree.index_of(name) else {
            let Some(node) = node else {
                return Ok(());
            };
            let text = format!("{name}: {}", self.joined(lines, indent));
            self.insert_lines(
                at,
                &[text.replace(": \r\n", ":\r\n").replace(": \n", ":\n")],
            );
            let entry = (Node::made_text(name), node);
            let later = self.expected.index_of("age").filter(|_| name != "age");
            let entries = self.expected.entries_mut().expect("a manifest is a map");
            entries.insert(later.unwrap_or(entries.len()), entry);
            return Ok(());
        };
        let (key, value) = self.tree.entries()[index].clone();
        let end = self.entry_end(&self.tree, index, self.text.len());
        let Some(node) = node else {
            self.splice(self.line_start(key.span.start)..end, "");
            let place = self.expected.index_of(name);
            let entries = self.expected.entries_mut().expect("a manifest is a map");
            if let Some(place) = place {
                entries.remove(place);
            }
            return Ok(());
        };
        if value == node {
            return Ok(());
        }
        let slot = self.slot(&key, &value, end)?;
        let starts_below = lines.first().is_some_and(String::is_empty);
        let before = if starts_below { "" } else { slot.before };
        let text = format!("{before}{}", self.joined(lines, indent));
        self.splice(slot.range, text);
        if let Some(place) = self.expected.get_mut(name) {
            *place = node;
        }
        Ok(())
    }
}
