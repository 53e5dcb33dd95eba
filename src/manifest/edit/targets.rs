//! New targets, and variables that existing ones get.

use super::{EditError, Editor, by_hand};
use crate::manifest::fresh::{FreshTarget, target_lines};
use crate::manifest::problem::Problems;
use crate::manifest::scalar;
use crate::manifest::tree::{Kind, Node};
use crate::manifest::yaml::parse_tree;
use crate::model::{TargetName, VarName};

/// What stands behind `targets` in a manifest.
const LATER: [&str; 4] = ["key", "fingerprints", "former_fingerprints", "age"];

/// Indents of a new manifest: of a target's name, of what is below it.
const FRESH: [usize; 2] = [2, 4];

impl Editor<'_> {
    /// Adds targets behind those that are there.
    pub fn add_targets(&mut self, targets: &[FreshTarget]) -> Result<(), EditError> {
        if targets.is_empty() {
            return Ok(());
        }
        let blocks: Vec<Vec<String>> = targets.iter().map(|one| self.block(one)).collect();
        let entries = made(&blocks)?;
        let Some(index) = self.tree.index_of("targets") else {
            self.begin_targets(&blocks, entries);
            return Ok(());
        };
        let (key, section) = self.tree.entries()[index].clone();
        if section.entries().is_empty() {
            self.fill_targets(&key, &section, &blocks)?;
        } else if section.is_flow() {
            return Err(by_hand("`targets`", &section));
        } else {
            let at = self.section_end("targets");
            for block in &blocks {
                self.insert_lines(at, &[""]);
                self.insert_lines(at, block);
            }
        }
        let expected = self.expected.get_mut("targets");
        let expected = expected.ok_or(EditError::WouldDisturb)?;
        match expected.entries_mut() {
            Some(present) if !present.is_empty() => present.extend(entries),
            _ => {
                *expected = Node::made(Kind::Map {
                    entries,
                    flow: false,
                });
            }
        }
        Ok(())
    }

    /// The lines of one, indented as this manifest is.
    fn block(&self, target: &FreshTarget) -> Vec<String> {
        let (indent, step) = self.indents();
        let deep = |line: &str| {
            let text = line.trim_start_matches(' ');
            let depth = match line.len() - text.len() {
                depth if depth == FRESH[0] => indent,
                depth if depth == FRESH[1] => indent + step,
                depth => indent + 2 * step + depth.saturating_sub(6),
            };
            format!("{}{text}", " ".repeat(depth))
        };
        target_lines(target).iter().map(|line| deep(line)).collect()
    }

    /// `targets: {}`, or nothing behind it.
    fn fill_targets(
        &mut self,
        key: &Node,
        empty: &Node,
        blocks: &[Vec<String>],
    ) -> Result<(), EditError> {
        let slot = self.slot(key, empty, empty.span.end)?;
        let colon = self.after_colon(key)?;
        let end = self.line_end();
        let mut text = String::new();
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                text.push_str(end);
            }
            for line in block {
                text.push_str(end);
                text.push_str(line);
            }
        }
        let rest_end = self.without_line_end(self.next_line(slot.range.end));
        self.splice(colon..slot.range.end.max(colon), "");
        self.splice(rest_end..rest_end, text);
        Ok(())
    }

    /// No `targets` at all yet: before what a manifest has after them.
    fn begin_targets(&mut self, blocks: &[Vec<String>], entries: Vec<(Node, Node)>) {
        let place_in = |root: &Node| {
            let entries = root.entries();
            let place = entries
                .iter()
                .position(|(key, _)| key.text().is_some_and(|key| LATER.contains(&key)));
            place.unwrap_or(entries.len())
        };
        let index = place_in(&self.tree);
        let at = match index {
            0 => self.line_start(self.tree.entries()[0].0.span.start),
            _ => self.entry_end(&self.tree, index - 1, self.text.len()),
        };
        let mut lines = vec![String::new(), "targets:".to_owned()];
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                lines.push(String::new());
            }
            lines.extend(block.iter().cloned());
        }
        self.insert_lines(at, &lines);
        let section = Node::made(Kind::Map {
            entries,
            flow: false,
        });
        let index = place_in(&self.expected);
        let root = self.expected.entries_mut().expect("a manifest is a map");
        root.insert(index, (Node::made_text("targets"), section));
    }

    /// Lets a target have declared variables: each under its name there, in order.
    pub fn add_uses(
        &mut self,
        target: &TargetName,
        uses: &[(VarName, VarName)],
    ) -> Result<(), EditError> {
        if uses.is_empty() {
            return Ok(());
        }
        let missing = || EditError::NoSuchTarget(target.clone());
        let targets = self.tree.get("targets").cloned().ok_or_else(missing)?;
        let index = targets.index_of(target.as_str()).ok_or_else(missing)?;
        let map = &targets.entries()[index].1;
        let end = self.entry_end(&targets, index, self.section_end("targets"));
        let list = match map.index_of("variables") {
            None => self.begin_list(map, uses, end)?,
            Some(at) => {
                let (key, list) = &map.entries()[at];
                match &list.kind {
                    Kind::Seq { flow: false, items } if !items.is_empty() => {
                        let end = self.entry_end(map, at, end);
                        self.extend_block(list, uses, end)?
                    }
                    _ => self.extend_flow(key, list, uses)?,
                }
            }
        };
        let place = self
            .expected
            .get_mut("targets")
            .and_then(|all| all.get_mut(target.as_str()));
        if let Some(place) = place {
            match place.get_mut("variables") {
                Some(present) => *present = list,
                None => {
                    let entries = place.entries_mut().ok_or_else(missing)?;
                    entries.push((Node::made_text("variables"), list));
                }
            }
        }
        Ok(())
    }

    fn begin_list(
        &mut self,
        map: &Node,
        uses: &[(VarName, VarName)],
        end: usize,
    ) -> Result<Node, EditError> {
        let first = map.entries().first().filter(|_| !map.is_flow());
        let (key, _) = first.ok_or_else(|| by_hand("a target", map))?;
        let indent = self.column(key);
        let (_, step) = self.indents();
        let mut lines = vec![format!("{}variables:", " ".repeat(indent))];
        let items = uses
            .iter()
            .map(|used| format!("{}- {}", " ".repeat(indent + step), in_block(used)));
        lines.extend(items);
        self.insert_lines(end, &lines);
        let items = uses.iter().map(made_use).collect();
        Ok(Node::made(Kind::Seq { items, flow: false }))
    }

    /// Each before the first greater name, while the list is nothing but names in order.
    fn extend_block(
        &mut self,
        list: &Node,
        uses: &[(VarName, VarName)],
        end: usize,
    ) -> Result<Node, EditError> {
        let items = list.items();
        let lead = self.text[self.line_start(items[0].span.start)..items[0].span.start].to_owned();
        if lead.trim() != "-" {
            return Err(by_hand("a list", &items[0]));
        }
        let mut placed: Vec<(usize, &(VarName, VarName))> = uses
            .iter()
            .map(|used| (sorted_place(items, used), used))
            .collect();
        placed.sort_by(|(a, left), (b, right)| (a, &left.0).cmp(&(b, &right.0)));
        let mut expected: Vec<Node> = vec![];
        let mut placed = placed.into_iter().peekable();
        for index in 0..=items.len() {
            while let Some((_, used)) = placed.next_if(|(place, _)| *place == index) {
                let at = match index {
                    0 => self.line_start(items[0].span.start),
                    index => self.item_end(list, index - 1, end),
                };
                self.insert_lines(at, &[format!("{lead}{}", in_block(used))]);
                expected.push(made_use(used));
            }
            expected.extend(items.get(index).cloned());
        }
        let items = expected;
        Ok(Node::made(Kind::Seq { items, flow: false }))
    }

    /// `[A, B]` on one line, or nothing yet.
    fn extend_flow(
        &mut self,
        key: &Node,
        list: &Node,
        uses: &[(VarName, VarName)],
    ) -> Result<Node, EditError> {
        let slot = self.slot(key, list, list.span.end)?;
        if !list.is_null() && self.text[list.span.clone()].contains('\n') {
            return Err(by_hand("a list", list));
        }
        let kept = list.items().iter();
        let mut all: Vec<String> = kept
            .map(|item| self.text[item.span.clone()].to_owned())
            .collect();
        all.extend(uses.iter().map(in_flow));
        self.splice(slot.range, format!("{}[{}]", slot.before, all.join(", ")));
        let mut items = list.items().to_vec();
        items.extend(uses.iter().map(made_use));
        Ok(Node::made(Kind::Seq { items, flow: true }))
    }
}

/// What a reader of the new file finds.
fn made(blocks: &[Vec<String>]) -> Result<Vec<(Node, Node)>, EditError> {
    let lines: Vec<&str> = blocks.iter().flatten().map(String::as_str).collect();
    let text = lines.join("\n") + "\n";
    let mut problems = Problems::default();
    match parse_tree(&text, &mut problems).map(|root| root.kind) {
        Some(Kind::Map { entries, .. }) if !problems.failed() => Ok(entries),
        _ => Err(EditError::WouldDisturb),
    }
}

fn made_use((name, declared): &(VarName, VarName)) -> Node {
    if name == declared {
        return Node::made_text(name.as_str());
    }
    let map = |key: &str, value: Node| {
        Node::made(Kind::Map {
            entries: vec![(Node::made_text(key), value)],
            flow: true,
        })
    };
    let from = map("from", Node::made_text(declared.as_str()));
    map(name.as_str(), from)
}

fn in_block((name, declared): &(VarName, VarName)) -> String {
    let shown = scalar::name(name);
    match name == declared {
        true => shown,
        false => format!("{shown}: {{ from: {} }}", scalar::name(declared)),
    }
}

fn in_flow(used: &(VarName, VarName)) -> String {
    match used.0 == used.1 {
        true => in_block(used),
        false => format!("{{ {} }}", in_block(used)),
    }
}

/// The index of the item that a use is put before.
fn sorted_place(items: &[Node], (name, declared): &(VarName, VarName)) -> usize {
    let texts: Option<Vec<&str>> = items.iter().map(Node::text).collect();
    let texts = texts.filter(|texts| texts.is_sorted() && name == declared);
    let place = texts.and_then(|texts| texts.iter().position(|text| *text > name.as_str()));
    place.unwrap_or(items.len())
}
