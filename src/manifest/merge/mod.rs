//! Two branches' edits of one manifest to one, by name: variables, groups, targets and what they
//! list. What both changed, and differently, is left for a person, with the marks that git makes.
//!
//! The result is made of whole lines of both sides. Then it is read, and it is only taken if it says
//! exactly what was decided entry by entry: a layout that was misjudged is told, and not written.
//!
//! | file | what it decides |
//! |---|---|
//! | `rule` | what may be joined inside an entry, and what is one thing |
//! | `layout` | where entries begin and end in a text |
//! | `join`, `blocks`, `flow` | one entry of three sides to one, and the text of it |
//! | `order`, `gap` | what stands where, and what stands between |
//! | `keys` | whose values fit the file key |
//! | `together` | whether both sides' changes are in order together |

mod blocks;
mod conflict;
mod flow;
mod gap;
mod join;
mod keys;
mod layout;
mod order;
mod parts;
mod rule;
#[cfg(test)]
mod tests;
mod together;

use std::borrow::Cow;
use std::collections::BTreeSet;

use conflict::Path;
pub use conflict::{Conflict, Side};
use join::{Joiner, Same, Sides};
use keys::Keys;
pub(super) use layout::Piece;
use parts::Parts;
pub(super) use rule::Rule;

use super::decode;
use super::problem::Problems;
use super::tree::Node;
use super::yaml::parse_tree;
use crate::model::{Diagnostic, VarName};

/// Three texts of one manifest. An empty base means that both sides added it.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'t> {
    pub base: &'t str,
    pub ours: &'t str,
    pub theirs: &'t str,
    /// What git made of them line by line, if it found nothing to decide. Taken if it says the same,
    /// because it keeps more of the lines as they are.
    pub by_lines: Option<&'t str>,
}

/// What two sides came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// A valid manifest, which says what both sides changed.
    Clean(String),
    /// With marks, so that it is no manifest until somebody decided.
    Conflict {
        text: String,
        conflicts: Vec<Conflict>,
    },
}

/// Why nothing was joined by name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A side is no manifest, or not a valid one.
    #[error("{side} is no valid manifest")]
    Unreadable {
        /// Which.
        side: Side,
        /// What is wrong with it.
        problems: Vec<Diagnostic>,
    },
    /// The whole of a side is one pair of braces.
    #[error("{0} is written in braces as a whole")]
    Braces(Side),
    /// The text of the result would not say what was decided.
    #[error("the entries are laid out in a way that cannot be joined by name")]
    Layout,
}

/// Both texts whole between marks: for who can do no better.
pub fn mark_whole(ours: &str, theirs: &str) -> String {
    parts::whole(ours, theirs, "\n")
}

/// Joins. `same` says whether a variable has the same value on two sides, for somebody who can open
/// both; it is asked only where that makes a difference.
pub fn merge(
    texts: &Texts<'_>,
    same: &mut dyn FnMut(&VarName, Side, Side) -> bool,
) -> Result<Merged, MergeError> {
    let line_end = match texts.ours.find('\n') {
        Some(at) if texts.ours[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    };
    let base = with_line_ends(texts.base, line_end);
    let theirs = with_line_ends(texts.theirs, line_end);
    let ours_tree = valid(texts.ours, Side::Ours)?;
    let theirs_tree = valid(&theirs, Side::Theirs)?;
    let base_tree = match base.trim().is_empty() {
        true => None,
        false => Some(tree(&base, Side::Base)?),
    };
    let base_piece = base_tree.as_ref().map(|tree| Piece::root(&base, tree));
    let sides = Sides {
        base: base_piece.as_ref(),
        ours: &Piece::root(texts.ours, &ours_tree),
        theirs: &Piece::root(&theirs, &theirs_tree),
    };
    let first = compose(sides, &BTreeSet::new(), line_end, same)?;
    if let Some(text) = texts.by_lines
        && let Some(text) = first.by_lines(text)
    {
        return Ok(Merged::Clean(text));
    }
    if !first.says_it {
        return Err(MergeError::Layout);
    }
    if !first.conflicts.is_empty() {
        return first.marked(sides, line_end);
    }
    let plain = first.parts.plain();
    let problems = match validated(&plain) {
        Ok(()) => return Ok(Merged::Clean(plain)),
        Err(problems) => problems,
    };
    let conflicts = together::explain(&plain, &first.node, sides, &problems);
    let forced: BTreeSet<Path> = conflicts.iter().map(|one| one.path.clone()).collect();
    let mut second = compose(sides, &forced, line_end, same)?;
    second.conflicts.splice(..0, conflicts);
    if !second.says_it {
        return Err(MergeError::Layout);
    }
    second.marked(sides, line_end)
}

/// What was decided, and the text that says it.
struct Composed {
    parts: Parts,
    node: Node,
    conflicts: Vec<Conflict>,
    /// Whether the text says what was decided.
    says_it: bool,
}

fn compose<'t>(
    sides: Sides<'_, 't>,
    forced: &BTreeSet<Path>,
    line_end: &'static str,
    same: &mut Same<'_>,
) -> Result<Composed, MergeError> {
    let root = Path::default();
    let keys = Keys::of(
        sides.base.map(|base| base.node),
        sides.ours.node,
        sides.theirs.node,
    );
    let mut joiner = Joiner {
        conflicts: vec![],
        keys,
        forced,
        line_end,
        same,
    };
    if keys.is_seal_clash {
        let seal = root.with(if keys.is_re_keyed_twice {
            "key"
        } else {
            "recipients"
        });
        let conflict = Conflict::seal(&seal, keys.is_re_keyed_twice);
        joiner.conflicts.push(conflict);
    }
    let Ok((parts, node)) = joiner.join(Rule::Root, &root, sides) else {
        return Err(MergeError::Layout);
    };
    let mut conflicts = joiner.conflicts;
    conflicts.dedup();
    let tree = parse_tree(&parts.plain(), &mut Problems::default());
    let says_it = tree.is_some_and(|tree| tree == node);
    Ok(Composed {
        parts,
        node,
        conflicts,
        says_it,
    })
}

impl Composed {
    /// Git's text, if it is a valid manifest that says what was decided; where only lines of one text
    /// were to decide, git may have joined those.
    fn by_lines(&self, text: &str) -> Option<String> {
        if self.conflicts.iter().any(|conflict| !conflict.is_text) {
            return None;
        }
        let found = parse_tree(text, &mut Problems::default())?;
        let mut wanted = self.node.clone();
        for conflict in &self.conflicts {
            let place = place(&mut wanted, &conflict.path)?;
            let mut found = found.clone();
            *place = self::place(&mut found, &conflict.path)?.clone();
        }
        let says_it = rule::same_meaning(&found, &wanted, Rule::Root);
        (says_it && validated(text).is_ok()).then(|| text.to_owned())
    }

    fn marked(self, sides: Sides<'_, '_>, line_end: &str) -> Result<Merged, MergeError> {
        let mut text = self.parts.marked(line_end);
        // marks are no YAML; if these could be read all the same, nothing smaller will do
        if text == self.parts.plain() || validated(&text).is_ok() {
            text = parts::whole(sides.ours.text, sides.theirs.text, line_end);
        }
        Ok(Merged::Conflict {
            text,
            conflicts: self.conflicts,
        })
    }
}

/// The entry at a path, through maps and lists.
fn place<'n>(root: &'n mut Node, path: &Path) -> Option<&'n mut Node> {
    path.0.iter().try_fold(root, |node, key| {
        if node.get(key).is_some() {
            return node.get_mut(key);
        }
        let items = node.items_mut()?;
        items.iter_mut().find(|item| rule::id_of(item) == Some(key))
    })
}

fn with_line_ends<'t>(text: &'t str, line_end: &str) -> Cow<'t, str> {
    if line_end == "\n" && !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\n', line_end))
}

fn tree(text: &str, side: Side) -> Result<Node, MergeError> {
    let mut problems = Problems::default();
    let tree = parse_tree(text, &mut problems).filter(|_| !problems.failed());
    let problems = problems.finish();
    let tree = tree.ok_or(MergeError::Unreadable { side, problems })?;
    match tree.is_flow() || tree.entries().is_empty() {
        true => Err(MergeError::Braces(side)),
        false => Ok(tree),
    }
}

fn valid(text: &str, side: Side) -> Result<Node, MergeError> {
    validated(text).map_err(|problems| MergeError::Unreadable { side, problems })?;
    tree(text, side)
}

fn validated(text: &str) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let manifest =
        parse_tree(text, &mut problems).and_then(|root| decode::decode(&root, &mut problems));
    match manifest.is_some() && !problems.failed() {
        true => Ok(()),
        false => Err(problems.finish()),
    }
}
