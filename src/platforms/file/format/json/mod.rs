//! JSON and JSON5: the members of one object as variables, and an editor of single values beneath.
//! Values are spliced in place, so that comments, order and layout stay. Pure.
//!
//! Two parsers must agree before a file is taken for readable: one that keeps places, and one that
//! follows the standard to the letter (`parse`). What is written is strict JSON in a file of
//! either flavour.

mod edit;
mod parse;
mod splice;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::kind::{EditError, Unfit, require_texts, wanted};
use super::{Edit, ParseError, Reading};
use crate::model::{KeyPath, VarName};

pub use parse::{Flavour, PathError, Tree, What};

/// The variables of one object of a file.
#[derive(Clone)]
pub struct Variables<'a> {
    tree: Tree<'a>,
    at: Option<KeyPath>,
    readings: BTreeMap<VarName, Reading>,
    /// Members whose key is no name of a variable.
    skipped: usize,
}

impl std::fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Variables({:?}, {:?})", self.at, self.readings)
    }
}

impl<'a> Variables<'a> {
    /// Reads the object at `at`, or the outermost one. One that is not there has no members.
    pub fn parse(
        text: &'a str,
        flavour: Flavour,
        at: Option<KeyPath>,
    ) -> Result<Self, super::kind::OpenError> {
        let tree = Tree::parse(text, flavour)?;
        let mut readings = BTreeMap::new();
        let mut skipped = 0;
        for member in tree.members(at.as_ref())? {
            let Ok(name) = VarName::new(member.key) else {
                skipped += 1;
                continue;
            };
            let twice = readings.contains_key(&name);
            let line = member.line;
            let reading = match member.what {
                _ if twice => Reading::Ambiguous {
                    line,
                    why: "there more than once".to_owned(),
                },
                What::Text(value) => Reading::Value(value.to_owned()),
                What::Other(kind) => Reading::Ambiguous {
                    line,
                    why: format!("{kind}, not a string"),
                },
            };
            readings.insert(name, reading);
        }
        Ok(Self {
            tree,
            at,
            readings,
            skipped,
        })
    }

    /// What the object says, by name.
    pub fn values(&self) -> BTreeMap<VarName, Reading> {
        self.readings.clone()
    }

    /// Findings about the file.
    pub fn notes(&self) -> Vec<String> {
        match self.skipped {
            0 => vec![],
            1 => vec!["1 key is not a name of a variable".to_owned()],
            more => vec![format!("{more} keys are not names of variables")],
        }
    }

    /// The text with these variables set or deleted.
    pub fn rewrite(&self, edits: &[Edit<'_>]) -> Result<String, EditError> {
        let wanted = wanted(edits, &self.readings);
        for (name, value) in &wanted {
            if let Some(value) = value {
                Unfit::check(name, value)?;
            }
        }
        require_texts(&wanted, &self.readings)?;
        let edits: Vec<(KeyPath, Option<&str>)> = wanted
            .into_iter()
            .map(|(name, value)| {
                let path = match &self.at {
                    Some(at) => at.member(name.as_str()),
                    None => KeyPath::key(name.as_str()),
                };
                (path, value)
            })
            .collect();
        self.tree.edit(&edits)
    }
}
