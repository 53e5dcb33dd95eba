//! A manifest as its reader edits it: every byte of the text, with `secret: <value>` in the place of
//! each `age: <ciphertext>`, and without the end that driftlock writes.
//!
//! ```text
//! manifest ── Subject::view ──► view ── an editor ──► view ── Subject::take_back ──► Taken
//!                                                       Taken ── finish ──► manifest
//! ```
//!
//! A value that is the same as before keeps its ciphertext to the byte; only what is another one is
//! sealed by the caller, who has the key. Whatever else the editor wrote stands, if it is a manifest
//! that can be told apart entry by entry. Problems have their place in the view and never quote it.
//!
//! | file | what |
//! |---|---|
//! | `build` | the view of a manifest |
//! | `head` | the lines above it, which explain it and go away again |
//! | `take` | what came back: read, checked, its secrets taken out |
//! | `finish` | the manifest with what was sealed |

mod build;
mod finish;
mod head;
mod take;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroize;

pub use head::{Head, without_head};
pub use take::{Taken, TakenSecret};

use super::conceal::slot;
use super::decode::parse_payload;
use super::edit::{EditError, by_hand};
use super::merge::{Piece, Rule};
use super::problem::Problems;
use super::spec::Manifest;
use super::tree::{Kind, Node, Style};
use super::yaml::parse_tree;
use crate::model::VarName;

/// What stands at the end of a manifest, and what nobody writes but driftlock.
const TRAILER: [&str; 4] = ["key", "fingerprints", "former_fingerprints", "age"];

/// What a value in clear is called in a view.
const SECRET: &str = "secret";

/// A manifest that is being edited.
#[derive(Debug)]
pub struct Subject<'t> {
    text: &'t str,
    root: Node,
    manifest: Manifest,
    /// By the name of the variable, in the file's order of bytes.
    sealed: BTreeMap<VarName, Sealed>,
    /// The parts of the text that no view has, whole lines.
    trailer: Vec<Range<usize>>,
}

/// Where one sealed value stands.
#[derive(Debug, Clone)]
struct Sealed {
    key: Range<usize>,
    value: Range<usize>,
    /// Of the key.
    column: usize,
    in_braces: bool,
}

impl<'t> Subject<'t> {
    /// The text must be a valid manifest, laid out so that its entries can be told apart.
    pub fn new(text: &'t str) -> Result<Self, EditError> {
        let parsed = super::parse(text).map_err(EditError::Unreadable)?;
        let mut problems = Problems::default();
        let root = parse_tree(text, &mut problems);
        let root = root.ok_or_else(|| EditError::Unreadable(problems.finish()))?;
        if root.is_flow() {
            return Err(by_hand("the manifest", &root));
        }
        let piece = Piece::root(text, &root);
        let inside = piece.inside(Rule::Root);
        let inside = inside.ok_or_else(|| by_hand("the manifest", &root))?;
        let (mut sealed, mut trailer) = (BTreeMap::new(), vec![]);
        for section in &inside.elements {
            if TRAILER.contains(&section.id) {
                trailer.push(section.piece.start..section.piece.end);
            } else if section.id == "variables" {
                let node = section.piece.node;
                find_sealed(&section.piece, &mut sealed)
                    .ok_or_else(|| by_hand("`variables`", node))?;
            }
        }
        Ok(Self {
            text,
            manifest: parsed.manifest,
            sealed,
            trailer,
            root,
        })
    }

    /// The variables whose values a view shows.
    pub fn sealed(&self) -> impl Iterator<Item = &VarName> {
        self.sealed.keys()
    }

    /// What it says before the edit.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn line_end(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }
}

fn find_sealed(section: &Piece<'_>, found: &mut BTreeMap<VarName, Sealed>) -> Option<()> {
    for variable in section.inside(Rule::Variables)?.elements {
        if variable.piece.node.get("age").is_none() {
            continue;
        }
        let entries = variable.piece.inside(Rule::Variable)?;
        let value = entries.get("age")?.piece;
        // what somebody wrote without the key stays as it is
        if value.node.text().and_then(parse_payload).is_none() {
            continue;
        }
        found.insert(variable.id.parse().ok()?, Sealed::of(&value)?);
    }
    Some(())
}

impl Sealed {
    /// Where a value stands, a block with the sign that begins it.
    fn of(piece: &Piece<'_>) -> Option<Self> {
        let key = piece.key?.span.clone();
        let (mut start, end) = slot(piece)?;
        if let Kind::Scalar {
            style: Style::Block,
            ..
        } = piece.node.kind
        {
            let rest = piece.text.get(key.end..)?;
            let colon = rest.find(':')?;
            let blanks = rest[colon + 1..].find(|c| c != ' ')?;
            start = key.end + colon + 1 + blanks;
        }
        Some(Self {
            key,
            value: start..end,
            column: piece.column,
            in_braces: piece.is_inline(),
        })
    }
}

/// A tree that holds values: wiped when dropped. What the YAML parser keeps for itself while it reads
/// is out of reach.
#[derive(Debug)]
struct Wiped(Node);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(node: &mut Node) {
    match &mut node.kind {
        Kind::Scalar { text, .. } => text.zeroize(),
        Kind::Seq { items, .. } => items.iter_mut().for_each(wipe),
        Kind::Map { entries, .. } => entries.iter_mut().for_each(|(key, value)| {
            wipe(key);
            wipe(value);
        }),
    }
}
