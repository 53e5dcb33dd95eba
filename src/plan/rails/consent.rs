//! Rails for what a person has to say yes to: selection, conflicts, take-over, authority.

use crate::plan::change::{ActionKind, Change, Class, Reason};
use crate::plan::input::PlanInput;
use crate::plan::site::{Site, hold, names, writes};

/// `--target` and `--only`: the rest waits, and nothing on the command line lets it go but asking
/// for it.
pub(super) fn not_selected(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    let target_selected = (plan.only_targets.as_ref()).is_none_or(|only| only.contains(target));
    for change in &mut site.plan.changes {
        let selected = plan.only_variables.as_ref().is_none_or(|only| {
            only.contains(&change.name)
                || change.declared.as_ref().is_some_and(|n| only.contains(n))
        });
        let selected = selected
            && plan
                .undo
                .is_none_or(|undo| undo.covers(target, &change.name));
        if change.action != ActionKind::None && !(target_selected && selected) {
            let why = "not among the targets and variables that this run was limited to";
            hold(change, "not-selected", why.to_owned(), None);
        }
    }
}

/// A conflict waits for a decision, whoever asks.
pub(super) fn conflict(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let desired: Vec<_> = (site.plan.changes.iter())
        .map(|change| site.desired(&change.name))
        .collect();
    let target = &site.plan.target;
    for (change, desired) in site.plan.changes.iter_mut().zip(desired) {
        let overwritten = (plan.overrides.overwrite.iter())
            .any(|(name, on)| on == target && names(&change.name, desired, name));
        if change.class == Class::Conflict && writes(change) && !overwritten {
            let why = conflict_why(change, target.as_str());
            let release = format!("--overwrite {}@{target}", change.name);
            hold(change, "conflict", why, Some(release));
        }
    }
}

fn conflict_why(change: &Change, target: &str) -> String {
    let name = &change.name;
    match (change.reason, change.action) {
        (Reason::MovedSince, _) => format!(
            "{name} on {target} was changed since, by somebody or by a later apply: look before it is overwritten"
        ),
        (Reason::NotOurs, _) => format!(
            "{name} is on {target} already and was never ours: overwrite it, or adopt it with --adopt {name}@{target}"
        ),
        (_, ActionKind::Delete) => format!(
            "{name} would be pruned from {target}, but was changed there since our last apply"
        ),
        (_, ActionKind::Create) => format!(
            "{name} was removed from {target}, and the manifest gave it a new value: who is right?"
        ),
        _ => format!(
            "{name} was changed on {target} and in the manifest: overwrite it, or adopt it with --adopt {name}@{target}"
        ),
    }
}

/// Nobody is there to be asked about the first overwrite of a target. It is taken over whole: what is
/// written or recorded of it makes it ours, and what was left would be a conflict from then on.
pub(super) fn take_over(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    if !plan.unattended || plan.overrides.take_over.contains(target) {
        return;
    }
    let overwritten = |change: &Change| {
        (plan.overrides.overwrite.iter()).any(|(name, on)| {
            on == target && (*name == change.name || change.declared.as_ref() == Some(name))
        })
    };
    let is_first = |change: &Change| {
        let reason = change.reason;
        matches!(reason, Reason::FirstTakeOver | Reason::SealedFirstTakeOver)
    };
    let mut all = site.plan.changes.iter().filter(|change| writes(change));
    let waits = all
        .clone()
        .any(|change| is_first(change) && !overwritten(change));
    // who decides about single variables makes the target ours with the first of them
    let whole = waits && !all.any(overwritten);
    for change in &mut site.plan.changes {
        // recording what is equal makes the target ours too, whatever was said of its name
        if change.action == ActionKind::None || writes(change) && overwritten(change) {
            continue;
        }
        let why = match change.reason {
            _ if is_first(change) => {
                format!("{target} has no records of ours and holds another value")
            }
            Reason::CannotCompare if writes(change) => {
                format!("the records of {target} cannot be compared with values of today")
            }
            _ if whole => format!("{target} has no records of ours and is taken over whole"),
            _ => continue,
        };
        let release = format!("--take-over {target}");
        hold(change, "take-over", why, Some(release));
    }
}

/// Pruning that this very revision switched on waits for one apply. What is taken back is no pruning.
pub(super) fn prune(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    if site.rails.prune_counts {
        return;
    }
    let target = &site.plan.target;
    for change in &mut site.plan.changes {
        let back = (plan.undo).is_some_and(|undo| undo.covers(target, &change.name));
        if change.action == ActionKind::Delete && !back {
            let why = format!(
                "pruning of {target} was only just switched on: it counts after an apply in which nothing waited"
            );
            hold(
                change,
                "prune",
                why,
                Some(format!("--allow prune@{target}")),
            );
        }
    }
}

/// What the manifest may do only since this revision waits for a person, where none is asked.
pub(super) fn authority(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    if !plan.unattended || plan.overrides.allows("authority", target, None) {
        return;
    }
    for found in plan.authority.iter().filter(|found| found.held) {
        if found.target.as_ref().is_some_and(|on| on != target) {
            continue;
        }
        // a finding without a target is about one variable, or about everything
        let only = match found.target {
            None => found.variable.as_ref(),
            Some(_) => None,
        };
        // recording what is equal makes a target ours, which is for the same person to say
        let is_first = found.target.is_some() && !site.plan.recorded;
        let waits = |c: &&mut Change| writes(c) || is_first && c.action == ActionKind::Record;
        for change in site.plan.changes.iter_mut().filter(waits) {
            let meant = only
                .is_none_or(|name| change.declared.as_ref() == Some(name) || change.name == *name);
            if meant {
                let release = format!("--allow authority@{target}");
                hold(change, "authority", found.what.clone(), Some(release));
            }
        }
    }
}
