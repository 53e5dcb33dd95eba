//! Rails about the place itself: another place than the recorded one, a place that is gone, names
//! that are protected there.

use std::collections::BTreeSet;

use crate::model::VarName;
use crate::plan::change::ActionKind;
use crate::plan::input::PlanInput;
use crate::plan::site::{Site, hold, writes};

/// The address leads to something else than last time.
pub(super) fn identity(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    if !site.is_moved() || plan.overrides.allows("identity", target, None) {
        return;
    }
    let why = format!("what {target} calls itself is not what it was at our last apply");
    for change in &mut site.plan.changes {
        // recording too: it would accept the new place without a word
        if change.action != ActionKind::None {
            let release = format!("--allow identity@{target}");
            hold(change, "identity", why.clone(), Some(release));
        }
    }
}

/// We wrote to this place before, and now it is not there.
pub(super) fn vanished(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    let gone = site.live().is_some_and(|live| !live.exists) && !site.input.last.vars.is_empty();
    if !gone || plan.overrides.allows("vanished", target, None) {
        return;
    }
    let why = format!("we applied to {target} before, and the place does not exist any more");
    for change in &mut site.plan.changes {
        // recording too: it would forget what we applied there
        if change.action != ActionKind::None {
            let release = format!("--allow vanished@{target}");
            hold(change, "vanished", why.clone(), Some(release));
        }
    }
}

/// Another manifest applied to this place since we did: two that own one place undo each other.
pub(super) fn claimed(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    let Some(by) = &site.input.last.claimed_by else {
        return;
    };
    if plan.overrides.allows("claimed", target, None) {
        return;
    }
    let why = format!(
        "another manifest applied to this place last, {by}: let one of the two have it, or say that this one takes it from now on"
    );
    for change in site.plan.changes.iter_mut().filter(|c| writes(c)) {
        let release = format!("--allow claimed@{target}");
        hold(change, "claimed", why.clone(), Some(release));
    }
}

/// Somebody prepared edits on the platform and did not put them in force: a write of ours could take
/// them along, half finished.
pub(super) fn drafts(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    let waiting = site.live().is_some_and(|live| !live.drafts.is_empty());
    if !waiting || plan.overrides.allows("drafts", target, None) {
        return;
    }
    let why = "somebody has edits there that are not deployed yet: deploy or discard them first";
    for change in site.plan.changes.iter_mut().filter(|c| writes(c)) {
        let release = format!("--allow drafts@{target}");
        hold(change, "drafts", why.to_owned(), Some(release));
    }
}

/// Protected names are never deleted, and overwritten only when somebody says so. Protection that
/// this revision dropped counts once more.
pub(super) fn protected(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let marked: Vec<bool> = (site.plan.changes.iter())
        .map(|change| {
            site.desired(&change.name)
                .is_some_and(|desired| desired.protected)
        })
        .collect();
    let target = &site.plan.target;
    let allowed = plan.overrides.allows("protected", target, None);
    for (change, marked) in site.plan.changes.iter_mut().zip(marked) {
        if !writes(change) || change.action == ActionKind::Create {
            continue;
        }
        let key = change.declared.as_ref().unwrap_or(&change.name);
        // by its declared name or the one on the target
        let among = |names: &BTreeSet<VarName>| names.contains(key) || names.contains(&change.name);
        let now = marked || among(&site.rails.protected);
        let before = among(&site.rails.protected_before);
        let name = &change.name;
        let release = Some(format!("--allow protected@{target}"));
        match (now, before, change.action) {
            (true, _, ActionKind::Delete) => {
                let why = format!(
                    "{name} is protected and never deleted: drop `protected`, apply, and then remove it"
                );
                hold(change, "protected", why, None);
            }
            (true, ..) if !allowed => {
                let why = format!("{name} is protected");
                hold(change, "protected", why, release);
            }
            (false, true, _) if !allowed => {
                let why = format!(
                    "{name} was protected when last applied: dropping that counts one apply later"
                );
                hold(change, "protected", why, release);
            }
            _ => {}
        }
    }
}
