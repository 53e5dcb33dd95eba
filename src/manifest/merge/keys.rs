//! Which file key the joined manifest has, and which values do not fit it.

use super::conflict::{Path, Side};
use super::rule::SEAL;
use crate::manifest::tree::Node;

/// What the three `key:` lines say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    /// Both sides wrote recipients, keys or header, and not the same.
    pub(super) is_seal_clash: bool,
    /// The side whose values are under a key that the other one replaced.
    pub(super) former: Option<Side>,
    /// Both sides drew a new file key.
    pub(super) is_re_keyed_twice: bool,
}

impl Keys {
    pub(super) fn of(base: Option<&Node>, ours: &Node, theirs: &Node) -> Self {
        let differ = |a: Option<&Node>, b: &Node| {
            let of = |node: Option<&Node>, key: &str| node.and_then(|node| node.get(key)).cloned();
            SEAL.iter().any(|key| of(a, key) != of(Some(b), key))
        };
        let key = |node: Option<&Node>| node.and_then(bound_to);
        let before = key(base);
        let (our_key, their_key) = (key(Some(ours)), key(Some(theirs)));
        let moved = |now: &Option<(String, String)>| now.is_some() && *now != before;
        let former = match (moved(&our_key), moved(&their_key)) {
            (true, false) if before.is_some() => Some(Side::Theirs),
            (false, true) if before.is_some() => Some(Side::Ours),
            _ => None,
        };
        Self {
            is_seal_clash: differ(base, ours) && differ(base, theirs) && differ(Some(ours), theirs),
            former,
            is_re_keyed_twice: moved(&our_key) && moved(&their_key) && our_key != their_key,
        }
    }

    /// Whether a side's sealed value of a variable does not fit the key that the joined manifest has.
    pub(super) fn is_foreign(
        &self,
        path: &Path,
        mine: &Node,
        other: Option<&Node>,
        side: Side,
    ) -> bool {
        self.former == Some(side)
            && path.variable().is_some()
            && sealed(mine).is_some()
            && other.and_then(sealed) != sealed(mine)
    }
}

/// What values are bound to: the key id, and the manifest's name.
fn bound_to(root: &Node) -> Option<(String, String)> {
    let text = root.get("key").and_then(Node::text)?;
    let id = text.split_once('.').map_or(text, |(id, _)| id);
    let name = root.get("name").and_then(Node::text).unwrap_or_default();
    Some((id.to_owned(), name.to_owned()))
}

/// The payload of a variable, if that is what it has. Whole age files fit any key.
fn sealed(variable: &Node) -> Option<&str> {
    let text = variable.get("age").and_then(Node::text)?;
    (!text.trim_start().starts_with("-----BEGIN")).then_some(text)
}
