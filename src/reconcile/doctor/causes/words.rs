//! The words of a difference, for somebody who did not follow what happened.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Site;
use super::super::stages::is_wrong;
use crate::model::{TargetName, VarName};
use crate::plan::{Change, Class, Reason};

/// More names than these are counted.
const MOST_NAMES: usize = 3;

/// `A, B, C and 2 more`.
pub(super) fn names(all: &[VarName]) -> String {
    let shown: Vec<&str> = all.iter().take(MOST_NAMES).map(VarName::as_str).collect();
    match all.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Why a target does not hold what it should.
pub(in crate::reconcile::doctor) const fn why_of(reason: Reason) -> &'static str {
    match reason {
        Reason::DesiredMoved => "the manifest has a new value that was not applied here",
        Reason::SealedDesiredMoved => {
            "the manifest has a new value that was not applied here; the platform shows the old one to nobody"
        }
        Reason::ChangedOutside => "changed outside",
        Reason::SealedChangedOutside => "changed outside; the platform shows the value to nobody",
        Reason::RemovedOutside => "removed outside",
        Reason::BothMoved => "the manifest and this target both moved since the last apply",
        Reason::New => "never applied here",
        Reason::FirstTakeOver => "this target was never applied",
        Reason::SealedFirstTakeOver => {
            "this target was never applied, and the platform shows the value to nobody"
        }
        Reason::NotOurs => "there already, and not ours",
        Reason::CannotCompare => "our records cannot be compared",
        Reason::Prune | Reason::PruneOff => "no longer in the manifest, and still there",
        Reason::PruneChangedOutside => "no longer in the manifest, and changed outside",
        Reason::NotSealed => "to be sealed on the platform, and it is not",
        Reason::Equal
        | Reason::EqualUnrecorded
        | Reason::EmptyNotKept
        | Reason::Adopted
        | Reason::SealedUnchanged => "as wanted",
        Reason::GoingBack | Reason::MovedSince => "to be taken back",
        Reason::NeverOurs => "never ours",
        Reason::Unreadable | Reason::VariableUnreadable => "could not be read",
        Reason::Undecryptable => "could not be decrypted",
    }
}

/// What a target has in place of what it should, to follow the names.
const fn has(reason: Reason) -> &'static str {
    match reason {
        Reason::New | Reason::RemovedOutside => "missing",
        Reason::Prune | Reason::PruneOff | Reason::PruneChangedOutside => "left over",
        Reason::SealedDesiredMoved | Reason::SealedChangedOutside | Reason::SealedFirstTakeOver => {
            "probably another value"
        }
        Reason::NotSealed => "readable by everybody",
        _ => "another value",
    }
}

/// Smaller is worse: what somebody else did before what we have yet to do.
pub(super) const fn rank(reason: Reason) -> u8 {
    match reason {
        Reason::BothMoved => 0,
        Reason::ChangedOutside | Reason::SealedChangedOutside | Reason::RemovedOutside => 1,
        Reason::NotOurs | Reason::CannotCompare => 2,
        Reason::FirstTakeOver | Reason::SealedFirstTakeOver => 3,
        Reason::DesiredMoved | Reason::SealedDesiredMoved => 4,
        Reason::New => 5,
        _ => 6,
    }
}

/// `TOKEN: another value than the manifest and 3 other targets (changed outside)`.
pub(super) fn stored(site: Site<'_>, wrong: &[&Change], all: &[Site<'_>]) -> String {
    let mut by_reason: BTreeMap<(u8, &str, &str), Vec<&Change>> = BTreeMap::new();
    for change in wrong {
        let key = (
            rank(change.reason),
            has(change.reason),
            why_of(change.reason),
        );
        by_reason.entry(key).or_default().push(change);
    }
    let parts = by_reason.into_iter().map(|((_, has, why), changes)| {
        let list: Vec<VarName> = changes.iter().map(|change| change.name.clone()).collect();
        let than = if has == "another value" {
            than(site, &changes, all)
        } else {
            String::new()
        };
        format!("{}: {has}{than} ({why})", names(&list))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// Who agrees with the manifest: that tells a person which side stands alone.
fn than(site: Site<'_>, changes: &[&Change], all: &[Site<'_>]) -> String {
    let [change] = changes else {
        return " than the manifest".to_owned();
    };
    let Some(declared) = &change.declared else {
        return String::new();
    };
    let equal = all.iter().filter(|other| {
        other.plan.target != site.plan.target
            && other.plan.changes.iter().any(|change| {
                change.declared.as_ref() == Some(declared) && change.class == Class::InSync
            })
    });
    match equal.count() {
        0 => " than the manifest".to_owned(),
        1 => " than the manifest and 1 other target".to_owned(),
        more => format!(" than the manifest and {more} other targets"),
    }
}

/// Other targets where variables of this one are wrong, or do not run.
pub(super) fn others_wrong(site: Site<'_>, all: &[Site<'_>]) -> Vec<TargetName> {
    let own = site.plan.changes.iter();
    let roots: BTreeSet<&VarName> = own.flat_map(|change| site.roots(change)).collect();
    let others = all.iter().filter(|other| {
        let behind = |change: &Change| {
            let of = other.plan.behind.as_ref();
            of.is_some_and(|of| of.names.contains(&change.name))
        };
        let mut changes = other.plan.changes.iter();
        other.plan.target != site.plan.target
            && changes.any(|change| {
                let shared = other.roots(change).iter().any(|name| roots.contains(name));
                shared && (is_wrong(change) || behind(change))
            })
    });
    others.map(|other| other.plan.target.clone()).collect()
}
