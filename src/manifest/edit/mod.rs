//! Changes of single entries. Every other byte stays.
//!
//! An edit notes two things: the bytes to put in place of others, and what the file must say
//! afterwards. [`Editor::finish`] splices, reads the result, and refuses unless it says exactly
//! that. So a file whose layout was misjudged is left as it is.

mod layout;
mod lists;
mod metadata;
mod railway;
mod recipe;
mod seal;
mod section;
mod source;
mod targets;
mod unset;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::problem::Problems;
use super::spec::Source;
use super::tree::Node;
use super::yaml::parse_tree;
use super::{Parsed, decode};
use crate::model::{Diagnostic, TargetName, VarName};

/// Why an edit was not made. The text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("the manifest cannot be read as it stands")]
    Unreadable(Vec<Diagnostic>),
    #[error("the manifest would not be valid after this edit")]
    Invalid(Vec<Diagnostic>),
    #[error("{0} is not declared in this manifest")]
    NoSuchVariable(VarName),
    #[error("{0} is declared already")]
    DeclaredAlready(VarName),
    #[error("there is no target {0} in this manifest")]
    NoSuchTarget(TargetName),
    #[error("{name} is still used by {}", by.join(", "))]
    StillUsed { name: VarName, by: Vec<String> },
    #[error("cannot edit {what} in line {line} in the way it is laid out; edit it by hand")]
    ByHand { what: &'static str, line: u32 },
    #[error("this edit would change other entries too; edit the file by hand")]
    WouldDisturb,
}

struct Splice {
    range: Range<usize>,
    text: String,
}

/// Collects edits of one text. Nothing is changed until [`Editor::finish`].
pub struct Editor<'t> {
    text: &'t str,
    /// As the text reads now; all places refer to it.
    tree: Node,
    /// As it must read afterwards, but for additions and removals of variables.
    expected: Node,
    /// Where each variable stands in `variables`.
    index: BTreeMap<String, usize>,
    splices: Vec<Splice>,
    additions: BTreeMap<VarName, Source>,
    /// What is said beside the values of additions.
    added_metadata: BTreeMap<VarName, Vec<(&'static str, String)>>,
    removals: BTreeSet<usize>,
    /// What new recipients are called.
    names: BTreeMap<String, String>,
}

impl<'t> Editor<'t> {
    /// The text must be YAML; whether it is a valid manifest is asked at the end.
    pub fn new(text: &'t str) -> Result<Self, EditError> {
        let mut problems = Problems::default();
        let tree = parse_tree(text, &mut problems).filter(|_| !problems.failed());
        let Some(tree) = tree else {
            return Err(EditError::Unreadable(problems.finish()));
        };
        if tree.is_flow() || tree.entries().is_empty() {
            return Err(by_hand("the manifest", &tree));
        }
        let variables = tree.get("variables").map_or(&[][..], Node::entries);
        let index = variables
            .iter()
            .enumerate()
            .filter_map(|(index, (key, _))| Some((key.text()?.to_owned(), index)))
            .collect();
        Ok(Self {
            text,
            expected: tree.clone(),
            tree,
            index,
            splices: Vec::new(),
            additions: BTreeMap::new(),
            added_metadata: BTreeMap::new(),
            removals: BTreeSet::new(),
            names: BTreeMap::new(),
        })
    }

    /// The new text, and what it says. The same text if no edit changed anything.
    pub fn finish(mut self) -> Result<(String, Parsed), EditError> {
        self.splice_variables()?;
        let text = self.spliced()?;
        let mut problems = Problems::default();
        let Some(tree) = parse_tree(&text, &mut problems) else {
            return Err(EditError::WouldDisturb);
        };
        if tree != self.expected {
            return Err(EditError::WouldDisturb);
        }
        let manifest = decode::decode(&tree, &mut problems).filter(|_| !problems.failed());
        let warnings_or_errors = problems.finish();
        match manifest {
            Some(manifest) => Ok((
                text,
                Parsed {
                    manifest,
                    warnings: warnings_or_errors,
                },
            )),
            None => Err(EditError::Invalid(warnings_or_errors)),
        }
    }

    fn spliced(&mut self) -> Result<String, EditError> {
        // stable: insertions at one place stay in their order, before what is replaced there
        self.splices
            .sort_by_key(|splice| (splice.range.start, !splice.range.is_empty()));
        let added: usize = self.splices.iter().map(|splice| splice.text.len()).sum();
        let mut out = String::with_capacity(self.text.len() + added);
        let mut done = 0;
        for splice in &self.splices {
            if splice.range.start < done {
                return Err(EditError::WouldDisturb);
            }
            out.push_str(&self.text[done..splice.range.start]);
            out.push_str(&splice.text);
            done = splice.range.end;
        }
        out.push_str(&self.text[done..]);
        Ok(out)
    }

    fn splice(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.splices.push(Splice {
            range,
            text: text.into(),
        });
    }
}

pub(super) fn by_hand(what: &'static str, node: &Node) -> EditError {
    EditError::ByHand {
        what,
        line: node.position.line,
    }
}
