//! What a Railway target seals, once a variable goes.

use std::collections::BTreeSet;

use super::lists::New;
use super::unset::is_use_of;
use super::{EditError, Editor};
use crate::manifest::tree::Node;
use crate::model::VarName;

impl Editor<'_> {
    /// Takes the names that targets lose out of what they seal.
    pub(super) fn unseal(&mut self, name: &VarName) -> Result<(), EditError> {
        let Some(targets) = self.tree.get("targets").cloned() else {
            return Ok(());
        };
        let section_end = self.section_end("targets");
        for index in 0..targets.entries().len() {
            let (target, value) = &targets.entries()[index];
            let Some(place) = value.index_of("railway") else {
                continue;
            };
            let railway = &value.entries()[place].1;
            let Some(at) = railway.index_of("sealed") else {
                continue;
            };
            let (key, list) = &railway.entries()[at];
            let lost = self.lost_names(value, name);
            let gone: BTreeSet<usize> = (0..list.items().len())
                .filter(|item| {
                    let text = list.items()[*item].text();
                    text.is_some_and(|text| lost.contains(text))
                })
                .collect();
            if gone.is_empty() {
                continue;
            }
            let end = self.value_end(&targets, index, section_end);
            let end = self.value_end(value, place, end);
            let end = self.value_end(railway, at, end);
            let expected = self.change_list(key, list, &gone, &New::sorted(&[]), end)?;
            let all = self.expected.get_mut("targets");
            let railway = all
                .and_then(|all| all.get_mut(target.text()?))
                .and_then(|target| target.get_mut("railway"));
            if let Some(list) = railway.and_then(|railway| railway.get_mut("sealed")) {
                *list = expected;
            }
        }
        Ok(())
    }

    /// The names that a target no longer has once nothing gives it the declared variable.
    fn lost_names(&self, target: &Node, name: &VarName) -> BTreeSet<String> {
        let uses = target.get("variables").map_or(&[][..], Node::items);
        let (going, staying): (Vec<&Node>, Vec<&Node>) =
            uses.iter().partition(|item| is_use_of(item, name));
        let mut lost: BTreeSet<String> = going.into_iter().flat_map(names_of).collect();
        let groups = target.get("groups").map_or(&[][..], Node::items);
        let in_group = groups
            .iter()
            .filter_map(|group| self.tree.get("groups")?.get(group.text()?))
            .any(|group| group.items().iter().any(|item| is_use_of(item, name)));
        if in_group {
            lost.insert(name.to_string());
        }
        for kept in staying.into_iter().flat_map(names_of) {
            lost.remove(&kept);
        }
        lost
    }
}

/// The names that one item of a target's list stands for.
fn names_of(item: &Node) -> Vec<String> {
    let keys = item.entries().iter().map(|(key, _)| key);
    let mut names: Vec<String> = keys
        .filter_map(|key| Some(key.text()?.to_owned()))
        .collect();
    names.extend(item.text().map(ToOwned::to_owned));
    names
}
