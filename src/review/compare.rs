//! Two revisions become a review.

use std::collections::BTreeSet;

use super::report::{Review, State, ValueChange};
use super::side::Side;
use super::{authority, targets, variables};
use crate::manifest::format_duration;
use crate::model::{ExpiryPolicy, VarName};

/// A manifest on both sides, or on one of them.
#[derive(Debug)]
pub struct Pair<'a> {
    /// Where it was, as people name it.
    pub base_path: Option<String>,
    /// Where it is.
    pub head_path: Option<String>,
    /// The base.
    pub base: Option<Side<'a>>,
    /// The head.
    pub head: Option<Side<'a>>,
    /// Whether the head holds the base's fingerprint key.
    pub vouched: bool,
}

/// What the change means; `None` if there is nothing on either side.
pub fn compare(pair: &Pair<'_>) -> Option<Review> {
    let (base, head) = (pair.base.as_ref(), pair.head.as_ref());
    let present = head.or(base)?.manifest;
    let variables = variables::compare(base, head);
    let moved: BTreeSet<&VarName> = variables
        .iter()
        .filter(|one| !matches!(one.value, ValueChange::Same | ValueChange::SealedSame))
        .map(|one| &one.name)
        .collect();
    let targets = targets::compare(base, head, &moved);
    let path = pair.head_path.as_ref().or(pair.base_path.as_ref())?.clone();
    Some(Review {
        was_path: pair.base_path.clone().filter(|was| *was != path),
        path,
        manifest: present.name.clone(),
        was_manifest: base
            .map(|base| base.manifest.name.clone())
            .filter(|was| *was != present.name),
        state: match (base, head) {
            (None, _) => State::Added,
            (_, None) => State::Removed,
            _ => State::Changed,
        },
        base: base.map(|side| side.sight.clone()),
        head: head.map(|side| side.sight.clone()),
        authority: match head {
            Some(_) => authority::authority(base, head),
            // nothing is left that could do anything
            None => vec![],
        },
        keys: authority::keys(base, head, pair.vouched),
        variables,
        targets,
        notes: notes(base, head),
    })
}

/// When dates are told is of no target and of no variable.
fn notes(base: Option<&Side<'_>>, head: Option<&Side<'_>>) -> Vec<String> {
    let of = |side: &Side<'_>| side.manifest.expiry;
    let (Some(before), Some(after)) = (base.map(of), head.map(of)) else {
        return vec![];
    };
    let words = |policy: ExpiryPolicy| {
        let past = if policy.fails { "fail" } else { "warn" };
        format!(
            "{} ahead, past ones {past}",
            format_duration(policy.notice())
        )
    };
    let (before, after) = (words(before), words(after));
    if before == after {
        return vec![];
    }
    vec![format!("dates are told {after}; it was {before}")]
}
