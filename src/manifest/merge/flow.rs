//! Entries in brackets: `[A, B]` and `{ a: 1, b: 2 }`.

use super::join::{Clash, Joined, Joiner, Member, Threefold, collected};
use super::layout::Layout;
use super::parts::Parts;
use crate::manifest::tree::Node;

impl<'t> Joiner<'_> {
    /// No marks can stand inside brackets: one clash is the clash of all.
    pub(super) fn flow(
        &mut self,
        three: &Threefold<'_, '_, 't>,
        like_theirs: bool,
    ) -> Option<Result<Joined, Clash>> {
        let (skeleton, piece) = match like_theirs {
            true => (three.theirs, three.sides.theirs),
            false => (three.ours, three.sides.ours),
        };
        let Layout::Flow(span) = &skeleton.layout else {
            return None;
        };
        let text = piece.text;
        let first = skeleton.elements.first()?;
        let last = skeleton.elements.last()?;
        let open = &text[span.start..first.piece.start];
        let close = &text[last.piece.end..span.end];
        // what stands before each entry but the first
        let between = |place: usize| {
            let before = skeleton.elements[place - 1].piece.end;
            &text[before..skeleton.elements[place].piece.start]
        };
        let usual = match skeleton.elements.len() {
            0 | 1 => ", ",
            _ => between(1),
        };
        let usual = if usual.contains('#') { ", " } else { usual };
        let mut out = String::from(open);
        let mut members: Vec<(Node, Node)> = vec![];
        let mut clashed = false;
        for id in three.order {
            let (new, node) = match self.member(three, id) {
                Member::Gone => continue,
                Member::Clash => {
                    clashed = true;
                    continue;
                }
                Member::Kept((parts, node)) => (parts.plain(), node),
            };
            let present = three.ours.get(id).or_else(|| three.theirs.get(id))?;
            if !members.is_empty() {
                let place = skeleton.place(id).filter(|place| *place > 0);
                out.push_str(place.map_or(usual, between));
            }
            let is_whole = three.ours.get(id).is_none() || three.theirs.get(id).is_none();
            let new = match is_whole || !present.piece.is_inline() {
                true => present.piece.inline(),
                false => new.as_str(),
            };
            if new.contains('\n') {
                return None;
            }
            out.push_str(new);
            let key = present.piece.key.cloned();
            members.push((key.unwrap_or_else(|| Node::made_text(id)), node));
        }
        if clashed {
            return Some(Err(Clash));
        }
        out.push_str(close);
        if members.is_empty() {
            out = if three.rule.is_list() { "[]" } else { "{}" }.to_owned();
        }
        let (before, after) = piece.around(span);
        let node = collected(three.rule, true, members);
        Some(Ok((Parts::text(format!("{before}{out}{after}")), node)))
    }
}
