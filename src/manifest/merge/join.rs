//! Three sides of one entry to one.
//!
//! What only one side changed is that side's text, comments and all. Where both changed the text of
//! an entry, the entries inside it are joined one by one. What both changed and cannot be taken
//! apart is a clash: its marks go around the smallest entry that stands on lines of its own.

use std::collections::BTreeSet;

use super::conflict::{Conflict, Path, Side};
use super::gap;
use super::keys::Keys;
use super::layout::{Inside, Layout, Piece};
use super::order;
use super::parts::Parts;
use super::rule::{PLACES, Rule, SOURCES};
use crate::manifest::tree::{Kind, Node};
use crate::model::VarName;

/// Both sides want something else; what was said about it is noted.
pub(super) struct Clash;

/// Text, and what a reader must find in it.
pub(super) type Joined = (Parts, Node);

/// One entry on three sides.
#[derive(Clone, Copy)]
pub(super) struct Sides<'p, 't> {
    pub(super) base: Option<&'p Piece<'t>>,
    pub(super) ours: &'p Piece<'t>,
    pub(super) theirs: &'p Piece<'t>,
}

/// Whether a variable's values of two sides are the same, for somebody who can open both.
pub(super) type Same<'s> = dyn FnMut(&VarName, Side, Side) -> bool + 's;

pub(super) struct Joiner<'s> {
    pub(super) conflicts: Vec<Conflict>,
    pub(super) keys: Keys,
    /// Entries that must be decided by a person, whatever can be joined.
    pub(super) forced: &'s BTreeSet<Path>,
    pub(super) line_end: &'static str,
    pub(super) same: &'s mut Same<'s>,
}

impl<'t> Joiner<'_> {
    pub(super) fn join(
        &mut self,
        rule: Rule,
        path: &Path,
        sides: Sides<'_, 't>,
    ) -> Result<Joined, Clash> {
        let Sides { base, ours, theirs } = sides;
        let take = |piece: &Piece<'t>| Ok((taken(piece, ours.column), piece.node.clone()));
        if ours.body() == theirs.body() {
            return take(ours);
        }
        let is_same = |piece: &Piece<'_>| base.is_some_and(|base| base.node == piece.node);
        if self.forced.contains(path) || (ours.node != theirs.node && self.is_seal_clash(path)) {
            return Err(Clash);
        }
        if !self.must_look_inside(rule, path) {
            let is_old = |piece: &Piece<'_>| {
                is_same(piece) && base.is_some_and(|base| base.body() == piece.body())
            };
            if is_old(theirs) {
                return take(ours);
            }
            if is_old(ours) {
                return take(theirs);
            }
        }
        let one_sided = ours.node == theirs.node || is_same(ours) || is_same(theirs);
        if rule.is_collection() {
            if !one_sided {
                self.refuse_parts(rule, path, sides)?;
            }
            let before = self.conflicts.len();
            match self.inside(rule, path, sides) {
                // comments that cannot be told apart are no reason to stop
                Some(Err(Clash)) if one_sided && !self.must_look_inside(rule, path) => {
                    self.conflicts.truncate(before);
                }
                Some(outcome) => return outcome,
                None => {}
            }
        }
        if !one_sided {
            return self.both_changed(path, sides);
        }
        // the text of one side, with the value of the other where that is all there is to it
        let (meaning, comments) = match is_same(ours) {
            true => (theirs, ours),
            false => (ours, theirs),
        };
        if let Some(text) = comments.with_value_of(meaning) {
            let text = gap::moved(&text, comments.column, ours.column);
            return Ok((Parts::text(text), meaning.node.clone()));
        }
        take(meaning)
    }

    fn is_seal_clash(&self, path: &Path) -> bool {
        self.keys.is_seal_clash && path.is_seal()
    }

    /// Whether what is inside counts, also where the whole is only one side's.
    fn must_look_inside(&self, rule: Rule, path: &Path) -> bool {
        let re_keyed = self.keys.former.is_some() && matches!(rule, Rule::Root | Rule::Variables);
        re_keyed || self.forced.iter().any(|forced| forced.starts_with(path))
    }

    /// One thing that both sides changed. A value that is sealed twice is no difference.
    fn both_changed(&mut self, path: &Path, sides: Sides<'_, 't>) -> Result<Joined, Clash> {
        if let Some(name) = path.sealed_value() {
            let ours = sides.ours;
            if self.keys.is_re_keyed_twice {
                return Err(Clash);
            }
            if (self.same)(&name, Side::Ours, Side::Theirs) {
                let kept = match self.keys.former {
                    Some(Side::Ours) => sides.theirs,
                    _ => ours,
                };
                return Ok((taken(kept, ours.column), kept.node.clone()));
            }
        }
        self.conflicts.push(Conflict::both(path, self.keys.former));
        Err(Clash)
    }

    /// Two keys of one variable or target that are one thing.
    fn refuse_parts(&mut self, rule: Rule, path: &Path, sides: Sides<'_, 't>) -> Result<(), Clash> {
        let parts: &[&str] = match rule {
            Rule::Variable => &SOURCES,
            Rule::Target => &PLACES,
            _ => return Ok(()),
        };
        let of = |piece: &Piece<'_>| chosen(piece.node, parts);
        let base = sides.base.map(of);
        let (ours, theirs) = (of(sides.ours), of(sides.theirs));
        let is_clash =
            ours != theirs && base.as_ref() != Some(&ours) && base.as_ref() != Some(&theirs);
        let same_key = ours.as_ref().map(|(key, _)| key) == theirs.as_ref().map(|(key, _)| key);
        if !is_clash || (rule == Rule::Variable && same_key && ours.is_some()) {
            return Ok(());
        }
        self.conflicts.push(match rule {
            Rule::Variable => Conflict::both(&path.with("value"), self.keys.former),
            _ => Conflict::place(path),
        });
        Err(Clash)
    }

    /// Joined entry by entry; `None` where that cannot be done.
    fn inside(
        &mut self,
        rule: Rule,
        path: &Path,
        sides: Sides<'_, 't>,
    ) -> Option<Result<Joined, Clash>> {
        let (ours, theirs) = (sides.ours.inside(rule)?, sides.theirs.inside(rule)?);
        let base = match sides.base {
            Some(base) => base.inside(rule)?,
            None => Inside::empty(),
        };
        let order = order::joined(&base.ids(), &ours.ids(), &theirs.ids(), rule.is_by_name());
        let Some(order) = order else {
            self.conflicts.push(Conflict::order(path));
            return Some(Err(Clash));
        };
        let three = Threefold {
            rule,
            path,
            base: &base,
            ours: &ours,
            theirs: &theirs,
            order: &order,
            sides,
        };
        match (&ours.layout, &theirs.layout) {
            (Layout::Block { .. }, _) => self.block(&three, sides.ours.column, false),
            (Layout::Empty, Layout::Block { .. }) => self.block(&three, sides.theirs.column, true),
            (Layout::Flow(_), _) => self.flow(&three, false),
            (Layout::Empty, Layout::Flow(_)) => self.flow(&three, true),
            (Layout::Empty, Layout::Empty) => {
                let node = sides.ours.node.clone();
                Some(Ok((taken(sides.ours, sides.ours.column), node)))
            }
        }
    }

    /// What becomes of one entry.
    pub(super) fn member(&mut self, three: &Threefold<'_, '_, 't>, id: &str) -> Member {
        let path = three.path.with(id);
        let (base, ours, theirs) = (three.base.get(id), three.ours.get(id), three.theirs.get(id));
        let forced = self.forced.contains(&path);
        let (side, present) = match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                let sides = Sides {
                    base: base.map(|base| &base.piece),
                    ours: &ours.piece,
                    theirs: &theirs.piece,
                };
                return self.member_of_both(three.rule.of(id), &path, sides);
            }
            (Some(ours), None) => (Side::Ours, ours.piece),
            (None, Some(theirs)) => (Side::Theirs, theirs.piece),
            (None, None) => return Member::Gone,
        };
        if forced || self.is_seal_clash(&path) {
            return Member::Clash;
        }
        match base {
            // only this side has it, and brings a value under a key that is no longer ours
            None if self.keys.is_foreign(&path, present.node, None, side) => {
                self.conflicts.push(Conflict::former_key(&path, side));
                Member::Clash
            }
            None => Member::Kept((Parts::text(present.body()), present.node.clone())),
            Some(base) if self.is_unchanged(&path, base.piece.node, present.node, side) => {
                Member::Gone
            }
            Some(_) => {
                self.conflicts.push(Conflict::removed(&path, side));
                Member::Clash
            }
        }
    }

    fn member_of_both(&mut self, rule: Rule, path: &Path, sides: Sides<'_, 't>) -> Member {
        let Ok((parts, node)) = self.join(rule, path, sides) else {
            return Member::Clash;
        };
        if self.keys.former.is_none() || path.variable().is_none() {
            return Member::Kept((parts, node));
        }
        for (side, mine, other) in [
            (Side::Ours, sides.ours, sides.theirs),
            (Side::Theirs, sides.theirs, sides.ours),
        ] {
            let is_mine = chosen(&node, &SOURCES) == chosen(mine.node, &SOURCES);
            if is_mine
                && self
                    .keys
                    .is_foreign(path, mine.node, Some(other.node), side)
            {
                self.conflicts.push(Conflict::former_key(path, side));
                return Member::Clash;
            }
        }
        Member::Kept((parts, node))
    }

    /// Whether a side left an entry as it was, and at most sealed it anew.
    fn is_unchanged(&mut self, path: &Path, base: &Node, node: &Node, side: Side) -> bool {
        if base == node {
            return true;
        }
        let Some(name) = path.variable() else {
            return false;
        };
        let without_value = |node: &Node| {
            let mut node = node.clone();
            if let Some(entries) = node.entries_mut() {
                entries.retain(|(key, _)| key.text() != Some("age"));
            }
            node
        };
        base.get("age").is_some()
            && node.get("age").is_some()
            && without_value(base) == without_value(node)
            && (self.same)(&name, Side::Base, side)
    }
}

/// What became of one entry.
pub(super) enum Member {
    Kept(Joined),
    Gone,
    Clash,
}

/// A collection on three sides.
pub(super) struct Threefold<'p, 's, 't> {
    pub(super) rule: Rule,
    pub(super) path: &'p Path,
    pub(super) base: &'p Inside<'t>,
    pub(super) ours: &'p Inside<'t>,
    pub(super) theirs: &'p Inside<'t>,
    pub(super) order: &'p [&'t str],
    pub(super) sides: Sides<'s, 't>,
}

fn taken(piece: &Piece<'_>, column: usize) -> Parts {
    Parts::text(gap::moved(piece.body(), piece.column, column))
}

/// The first of some keys that a map has, with its value; of a plain text, that text. The list of
/// what a place stores sealed is no part of the place.
fn chosen(node: &Node, keys: &[&str]) -> Option<(String, Node)> {
    if node.text().is_some() && keys == SOURCES {
        return Some(("value".to_owned(), node.clone()));
    }
    let found = node.entries().iter().find_map(|(key, value)| {
        let key = key.text().filter(|key| keys.contains(key))?;
        Some((key.to_owned(), value.clone()))
    });
    found.map(|(key, mut value)| {
        if let Some(entries) = value.entries_mut() {
            entries.retain(|(key, _)| key.text() != Some("sealed"));
        }
        (key, value)
    })
}

/// The entry of a map or the item of a list that is made from these.
pub(super) fn collected(rule: Rule, flow: bool, members: Vec<(Node, Node)>) -> Node {
    Node::made(match rule.is_list() {
        true => Kind::Seq {
            items: members.into_iter().map(|(_, node)| node).collect(),
            flow,
        },
        false => Kind::Map {
            entries: members,
            flow,
        },
    })
}
