//! Recipients, and the variables of groups and targets.

use std::collections::{BTreeMap, BTreeSet};

use super::{EditError, Editor, by_hand};
use crate::manifest::fresh::comment_behind;
use crate::manifest::scalar;
use crate::manifest::tree::{Kind, Node};
use crate::model::{TargetName, VarName};

impl Editor<'_> {
    /// The list of recipients. Those that stay keep their lines and comments; new ones come last.
    pub fn set_recipients(&mut self, recipients: &[String]) -> Result<(), EditError> {
        let Some(index) = self.tree.index_of("recipients") else {
            return self.begin_recipients(recipients);
        };
        let (key, list) = self.tree.entries()[index].clone();
        let wanted: BTreeSet<&str> = recipients.iter().map(String::as_str).collect();
        let present: BTreeSet<&str> = list.items().iter().filter_map(Node::text).collect();
        let gone: BTreeSet<usize> = (0..list.items().len())
            .filter(|item| {
                !list.items()[*item]
                    .text()
                    .is_some_and(|key| wanted.contains(key))
            })
            .collect();
        let new: Vec<&str> = recipients
            .iter()
            .map(String::as_str)
            .filter(|key| !present.contains(key))
            .collect();
        let end = self.section_end("recipients");
        let new = New::last(&new);
        let expected = self.change_list(&key, &list, &gone, &new, end)?;
        if let Some(place) = self.expected.get_mut("recipients") {
            *place = expected;
        }
        Ok(())
    }

    fn begin_recipients(&mut self, recipients: &[String]) -> Result<(), EditError> {
        if recipients.is_empty() {
            return Ok(());
        }
        let index = self.tree.index_of("name").map_or(1, |index| index + 1);
        let at = self.entry_end(&self.tree, index - 1, self.text.len());
        let (indent, _) = self.indents();
        let mut lines = vec!["recipients:".to_owned()];
        lines.extend(
            recipients
                .iter()
                .map(|key| self.recipient_line(&format!("{}- ", " ".repeat(indent)), key)),
        );
        self.insert_lines(at, &lines);
        let items = recipients.iter().map(|key| Node::made_text(key)).collect();
        let made = Node::made(Kind::Seq { items, flow: false });
        self.expected
            .entries_mut()
            .expect("a manifest is a map")
            .insert(index, (Node::made_text("recipients"), made));
        Ok(())
    }

    /// What new recipients are called from now on, by their text: a comment behind each, where the list
    /// has a line for each.
    pub fn name_recipients(&mut self, names: BTreeMap<String, String>) {
        self.names = names;
    }

    /// An item of a block list, with what it is called.
    fn recipient_line(&self, lead: &str, item: &str) -> String {
        let name = self.names.get(item).map_or("", String::as_str);
        let line = format!("{lead}{}", scalar::inline(item));
        comment_behind(line, name)
    }

    /// Lets a target have a declared variable.
    pub fn add_use(&mut self, target: &TargetName, name: &VarName) -> Result<(), EditError> {
        let targets = self.tree.get("targets").cloned();
        let targets = targets.ok_or_else(|| EditError::NoSuchTarget(target.clone()))?;
        let index = targets
            .index_of(target.as_str())
            .ok_or_else(|| EditError::NoSuchTarget(target.clone()))?;
        let (_, map) = &targets.entries()[index];
        let end = self.entry_end(&targets, index, self.section_end("targets"));
        let Some(at) = map.index_of("variables") else {
            return self.begin_uses(target, map, name, end);
        };
        let (key, list) = &map.entries()[at];
        if list
            .items()
            .iter()
            .any(|item| item.text() == Some(name.as_str()))
        {
            return Ok(());
        }
        let end = if map.is_flow() {
            list.span.end
        } else {
            self.entry_end(map, at, end)
        };
        let expected = self.change_list(
            key,
            list,
            &BTreeSet::new(),
            &New::sorted(&[name.as_str()]),
            end,
        )?;
        let place = self
            .expected
            .get_mut("targets")
            .and_then(|all| all.get_mut(target.as_str()));
        if let Some(list) = place.and_then(|map| map.get_mut("variables")) {
            *list = expected;
        }
        Ok(())
    }

    fn begin_uses(
        &mut self,
        target: &TargetName,
        map: &Node,
        name: &VarName,
        end: usize,
    ) -> Result<(), EditError> {
        let first = map.entries().first().filter(|_| !map.is_flow());
        let (key, _) = first.ok_or_else(|| by_hand("a target", map))?;
        let line = format!("{}variables: [{name}]", " ".repeat(self.column(key)));
        self.insert_lines(end, &[line]);
        let items = vec![Node::made_text(name.as_str())];
        let made = Node::made(Kind::Seq { items, flow: true });
        let place = self
            .expected
            .get_mut("targets")
            .and_then(|all| all.get_mut(target.as_str()));
        if let Some(entries) = place.and_then(Node::entries_mut) {
            entries.push((Node::made_text("variables"), made));
        }
        Ok(())
    }

    /// Items out of and into one list; what it must be afterwards.
    pub(super) fn change_list(
        &mut self,
        key: &Node,
        list: &Node,
        gone: &BTreeSet<usize>,
        new: &New<'_>,
        end: usize,
    ) -> Result<Node, EditError> {
        let mut items: Vec<Node> = list.items().to_vec();
        if gone.is_empty() && new.items.is_empty() {
            return Ok(list.clone());
        }
        let is_block = matches!(list.kind, Kind::Seq { flow: false, .. });
        if is_block && gone.len() == items.len() && new.items.is_empty() {
            let colon = self.after_colon(key)?;
            self.splice(colon..colon, " []");
        }
        if is_block {
            self.change_block_list(list, gone, new, end)?;
        } else {
            self.change_flow_list(key, list, gone, new.items, end)?;
        }
        let mut place = 0;
        items.retain(|_| {
            place += 1;
            !gone.contains(&(place - 1))
        });
        for name in new.items {
            let at = match is_block {
                true => new.place(list.items(), name).unwrap_or(items.len()),
                false => items.len(),
            };
            items.insert(at.min(items.len()), Node::made_text(name));
        }
        Ok(Node::made(Kind::Seq {
            items,
            flow: !is_block,
        }))
    }

    fn change_block_list(
        &mut self,
        list: &Node,
        gone: &BTreeSet<usize>,
        new: &New<'_>,
        end: usize,
    ) -> Result<(), EditError> {
        let items = list.items();
        for (index, item) in items.iter().enumerate() {
            let lead = &self.text[self.line_start(item.span.start)..item.span.start];
            if lead.trim_start_matches(' ').trim_end_matches(' ') != "-" {
                return Err(by_hand("a list", item));
            }
            if gone.contains(&index) {
                let stop = self.item_end(list, index, end);
                self.splice(self.line_start(item.span.start)..stop, "");
            }
        }
        let last = items.len() - 1;
        let lead = &self.text[self.line_start(items[last].span.start)..items[last].span.start];
        let lead = lead.to_owned();
        for name in new.items {
            let at = match new.place(items, name) {
                Some(0) => self.line_start(items[0].span.start),
                Some(place) => self.item_end(list, place - 1, end),
                None => self.item_end(list, last, end),
            };
            self.insert_lines(at, &[self.recipient_line(&lead, name)]);
        }
        Ok(())
    }

    /// `[A, B]` on one line, or nothing yet.
    fn change_flow_list(
        &mut self,
        key: &Node,
        list: &Node,
        gone: &BTreeSet<usize>,
        new: &[&str],
        end: usize,
    ) -> Result<(), EditError> {
        let slot = self.slot(key, list, end)?;
        if !list.is_null() && self.text[list.span.clone()].contains('\n') {
            return Err(by_hand("a list", list));
        }
        let kept = list
            .items()
            .iter()
            .enumerate()
            .filter(|(index, _)| !gone.contains(index))
            .map(|(_, item)| self.text[item.span.clone()].to_owned());
        let all: Vec<String> = kept
            .chain(new.iter().map(|name| scalar::inline(name)))
            .collect();
        let text = format!("{}[{}]", slot.before, all.join(", "));
        self.splice(slot.range, text);
        Ok(())
    }
}

/// What comes into a list.
pub(super) struct New<'a> {
    items: &'a [&'a str],
    sorts: bool,
}

impl<'a> New<'a> {
    /// Names, each where it belongs if the list is in order.
    pub(super) const fn sorted(items: &'a [&'a str]) -> Self {
        Self { items, sorts: true }
    }

    /// What keeps the order in which it came.
    const fn last(items: &'a [&'a str]) -> Self {
        Self {
            items,
            sorts: false,
        }
    }

    /// Before which item of the list a new one belongs; `None` at its end.
    fn place(&self, items: &[Node], name: &str) -> Option<usize> {
        let texts: Option<Vec<&str>> = items.iter().map(Node::text).collect();
        let texts = texts.filter(|texts| self.sorts && texts.is_sorted())?;
        texts.iter().position(|text| *text > name)
    }
}
