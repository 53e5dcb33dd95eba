//! `unset`: a variable, what is said about it, and its uses.

use std::collections::BTreeSet;

use super::lists::New;
use super::{EditError, Editor};
use crate::manifest::template::Template;
use crate::manifest::tree::Node;
use crate::model::VarName;

impl Editor<'_> {
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

    /// What uses a variable: templates always, lists if asked for.
    pub(in crate::manifest) fn users(&self, name: &VarName, with_lists: bool) -> Vec<String> {
        let mut by = Vec::new();
        let names_it = |node: Option<&Node>| {
            let template = node.and_then(Node::text).map(Template::parse);
            template.is_some_and(|template| {
                template.is_ok_and(|template| template.references().any(|one| one == name))
            })
        };
        for (key, value) in self.tree.get("variables").map_or(&[][..], Node::entries) {
            if names_it(value.get("template")) {
                by.push(format!(
                    "the template of {}",
                    key.text().unwrap_or_default()
                ));
            }
        }
        for (key, target) in self.tree.get("targets").map_or(&[][..], Node::entries) {
            let items = target.get("variables").map_or(&[][..], Node::items);
            let in_template = items
                .iter()
                .flat_map(Node::entries)
                .any(|(_, value)| names_it(value.get("template")));
            if in_template || (with_lists && items.iter().any(|item| is_use_of(item, name))) {
                by.push(format!("the target {}", key.text().unwrap_or_default()));
            }
        }
        if !with_lists {
            by.extend(self.probes_with(name));
        }
        for (key, list) in self.tree.get("groups").map_or(&[][..], Node::entries) {
            if with_lists && list.items().iter().any(|item| is_use_of(item, name)) {
                by.push(format!("the group {}", key.text().unwrap_or_default()));
            }
        }
        by
    }

    /// The targets whose probes would lose a name if the uses of a variable went.
    fn probes_with(&self, name: &VarName) -> Vec<String> {
        let groups: BTreeSet<&str> = self
            .tree
            .get("groups")
            .map_or(&[][..], Node::entries)
            .iter()
            .filter(|(_, list)| list.items().iter().any(|item| is_use_of(item, name)))
            .filter_map(|(key, _)| key.text())
            .collect();
        let mut by = Vec::new();
        for (key, target) in self.tree.get("targets").map_or(&[][..], Node::entries) {
            let mut lost: BTreeSet<&str> = BTreeSet::new();
            for item in target.get("variables").map_or(&[][..], Node::items) {
                if is_use_of(item, name) {
                    let renamed = item.entries().first().and_then(|(key, _)| key.text());
                    lost.extend(item.text().or(renamed));
                }
            }
            let listed = target.get("groups").map_or(&[][..], Node::items);
            if listed
                .iter()
                .filter_map(Node::text)
                .any(|group| groups.contains(group))
            {
                lost.insert(name.as_str());
            }
            if target
                .get("probe")
                .is_some_and(|probe| refers_to(probe, &lost))
            {
                by.push(format!(
                    "a probe of the target {}",
                    key.text().unwrap_or_default()
                ));
            }
        }
        by
    }

    fn remove_uses(&mut self, name: &VarName) -> Result<(), EditError> {
        self.unseal(name)?;
        for section in ["groups", "targets"] {
            let Some(map) = self.tree.get(section).cloned() else {
                continue;
            };
            let section_end = self.section_end(section);
            for index in 0..map.entries().len() {
                let end = self.value_end(&map, index, section_end);
                self.remove_uses_of_one(section, &map, index, end, name)?;
            }
        }
        Ok(())
    }

    /// A group is a list; a target has one, or none.
    fn remove_uses_of_one(
        &mut self,
        section: &str,
        map: &Node,
        index: usize,
        end: usize,
        name: &VarName,
    ) -> Result<(), EditError> {
        let (key, value) = &map.entries()[index];
        let in_target = section == "targets";
        let (key, list, end) = match value.index_of("variables") {
            Some(at) if in_target => {
                let (key, list) = &value.entries()[at];
                (key, list, self.value_end(value, at, end))
            }
            None if in_target => return Ok(()),
            _ => (key, value, end),
        };
        let gone: BTreeSet<usize> = (0..list.items().len())
            .filter(|item| is_use_of(&list.items()[*item], name))
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let expected = self.change_list(key, list, &gone, &New::sorted(&[]), end)?;
        let entries = self.expected.get_mut(section).and_then(Node::entries_mut);
        let place = entries.and_then(|entries| entries.get_mut(index));
        let place = place.map(|(_, value)| value);
        let place = match in_target {
            true => place.and_then(|target| target.get_mut("variables")),
            false => place,
        };
        if let Some(list) = place {
            *list = expected;
        }
        Ok(())
    }

    /// Where the value of an entry ends: on its last line, or at the comma or bracket behind it.
    pub(super) fn value_end(&self, map: &Node, index: usize, end: usize) -> usize {
        match map.is_flow() {
            true => map.entries()[index].1.span.end,
            false => self.entry_end(map, index, end),
        }
    }

    /// The lines of an entry and the comments right above it, and the blank lines after it. The
    /// last entry takes those before it instead.
    pub(super) fn remove_lines(&mut self, map: &Node, index: usize, end: usize) {
        let is_blank = |range: std::ops::Range<usize>| self.text[range].trim().is_empty();
        let floor = self.first_entry_start(map);
        let mut start = self.comments_start(&map.entries()[index].0, floor);
        let entry_end = self.entry_end(map, index, end);
        let mut stop = entry_end;
        while stop < self.text.len() && is_blank(stop..self.next_line(stop)) {
            stop = self.next_line(stop);
        }
        if stop == entry_end && index + 1 == map.entries().len() {
            while start > floor && is_blank(self.line_start(start - 1)..start) {
                start = self.line_start(start - 1);
            }
        }
        self.splice(start..stop, "");
    }

    /// Where the comments begin that stand above a key, with no blank line between. Those that
    /// are indented deeper belong to the entry before.
    fn comments_start(&self, key: &Node, floor: usize) -> usize {
        let column = self.column(key);
        let mut start = self.line_start(key.span.start);
        while start > floor {
            let above = self.line_start(start - 1);
            let line = &self.text[above..start];
            let rest = line.trim_start_matches(' ');
            if above < floor || !rest.starts_with('#') || line.len() - rest.len() > column {
                break;
            }
            start = above;
        }
        start
    }
}

/// Whether any text of a probe but its command is a template that names one of these.
fn refers_to(node: &Node, names: &BTreeSet<&str>) -> bool {
    let in_text = node.text().map(Template::parse).is_some_and(|template| {
        template.is_ok_and(|template| {
            template
                .references()
                .any(|one| names.contains(one.as_str()))
        })
    });
    in_text
        || node.items().iter().any(|item| refers_to(item, names))
        || node
            .entries()
            .iter()
            .filter(|(key, _)| key.text() != Some("command"))
            .any(|(_, value)| refers_to(value, names))
}

/// `NAME`, or `{ OTHER: { from: NAME } }`.
pub(super) fn is_use_of(item: &Node, name: &VarName) -> bool {
    let from = |value: &Node| value.get("from").and_then(Node::text) == Some(name.as_str());
    item.text() == Some(name.as_str()) || matches!(item.entries(), [(_, value)] if from(value))
}
