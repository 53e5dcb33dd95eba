//! A variable on several targets goes together or waits: a secret that changed on one side only is
//! an outage.

use std::collections::BTreeMap;

use super::change::{Change, Class, Reason, TargetState};
use super::input::PlanInput;
use super::site::{Site, hold, writes};
use crate::model::{TargetName, VarName};

/// Holds every change of a variable that cannot go on all of its targets; `true` if a hold was
/// added. Targets of other machines are not counted: they are somebody else's to write.
pub(super) fn hold_units(plan: &PlanInput<'_>, sites: &mut [Site<'_>]) -> bool {
    let blocked = find_blocked(sites, plan.undo.is_some());
    if blocked.is_empty() {
        return false;
    }
    let mut added = false;
    for site in sites {
        let target = &site.plan.target;
        for change in &mut site.plan.changes {
            // a delete is of one target alone
            let Some(declared) = change.declared.clone() else {
                continue;
            };
            if !writes(change)
                || !change.holds.is_empty()
                || plan.overrides.partial.contains(&declared)
            {
                continue;
            }
            let elsewhere = (blocked.get(&declared))
                .and_then(|places| places.iter().find(|(other, _)| other != target));
            if let Some((other, why)) = elsewhere {
                let why = format!("{declared} waits on all of its targets: on {other} it {why}");
                added |= hold(change, "unit", why, Some(format!("--partial {declared}")));
            }
        }
    }
    added
}

/// By variable, the targets where it cannot go, and why, in words that follow "on TARGET it".
fn find_blocked(sites: &[Site<'_>], undoing: bool) -> BTreeMap<VarName, Vec<(TargetName, String)>> {
    let mut blocked: BTreeMap<VarName, Vec<_>> = BTreeMap::new();
    for site in sites {
        if matches!(site.plan.state, TargetState::Elsewhere { .. }) {
            continue;
        }
        for change in &site.plan.changes {
            if let Some(why) = block(change, undoing) {
                // a place that could not be read has nameless records; the name on the target is the
                // best guess, and a wrong one only waits
                let key = change.declared.as_ref().unwrap_or(&change.name);
                let place = (site.plan.target.clone(), why);
                blocked.entry(key.clone()).or_default().push(place);
            }
        }
    }
    blocked
}

/// What an undo leaves alone does not hold it: whether it should is asked of the values, in `undo`.
fn block(change: &Change, undoing: bool) -> Option<String> {
    if change.class == Class::Unknown {
        return Some("is unknown".to_owned());
    }
    if change.reason == Reason::Adopted && change.declared.is_some() {
        return Some("keeps the live value that was adopted".to_owned());
    }
    // deletes have no declared name and belong to no unit
    change.declared.as_ref()?;
    let hold = change.holds.first().filter(|_| writes(change))?;
    if undoing && change.is_left_out() {
        return None;
    }
    Some(if change.is_left_out() {
        "is not part of this run".to_owned()
    } else {
        format!("is held by the rail {}", hold.rail)
    })
}
