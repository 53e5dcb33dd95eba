//! What is left to do of an approved plan, now that everything was read again.

use std::collections::BTreeMap;

use super::report;
use crate::model::{Desired, Live, VarName};
use crate::plan::{Change, Class, LiveState, Plan, PlannedActivation, TargetPlan};
use crate::reconcile::event::TargetReport;
use crate::reconcile::pass::{Memory, Pass};

/// What one target of an apply needs.
pub(super) struct Work<'a> {
    pub(super) planned: &'a TargetPlan,
    pub(super) place: &'a str,
    pub(super) before: Live,
    pub(super) desired: Desired,
    pub(super) go: Vec<&'a Change>,
    pub(super) stale: Vec<&'a Change>,
}

pub(super) fn elsewhere() -> LiveState {
    LiveState::Elsewhere {
        machine: String::new(),
    }
}

/// What is still to be done on one target; a report if it can no longer be read.
pub(super) fn work<'a>(
    pass: &'a Pass<'_>,
    planned: &'a TargetPlan,
    fresh: &Plan,
    place: usize,
    live: LiveState,
    memory: &Memory,
) -> Result<Option<Work<'a>>, Box<TargetReport>> {
    let wanted: Vec<&Change> = planned
        .changes
        .iter()
        .filter(|change| change.will_happen())
        .collect();
    // what a restart was approved for may run by now
    let owed = planned.will_activate()
        && (fresh.targets[place].activation.as_ref()).is_some_and(PlannedActivation::will_happen);
    if wanted.is_empty() && !owed {
        return Ok(None);
    }
    let before = match live {
        LiveState::Read(live) => live,
        LiveState::Unknown { reason, .. } => {
            return Err(Box::new(report::unreadable(planned, &wanted, &reason)));
        }
        LiveState::Elsewhere { machine } => {
            return Err(Box::new(report::unreadable(
                planned,
                &wanted,
                &format!("it belongs to {machine}"),
            )));
        }
    };
    let now: BTreeMap<&VarName, &Change> = fresh.targets[place]
        .changes
        .iter()
        .map(|change| (&change.name, change))
        .collect();
    let (go, stale) = wanted
        .into_iter()
        .partition(|change| now.get(&change.name).is_some_and(|now| same(change, now)));
    Ok(Some(Work {
        planned,
        place: &pass.located[place].target.place,
        desired: pass.desired(&planned.target, memory),
        before,
        go,
        stale,
    }))
}

/// Whether what was approved is still what would be done, from the same value to the same value.
fn same(approved: &Change, now: &Change) -> bool {
    approved.action == now.action
        && approved.before == now.before
        && approved.after == now.after
        && approved.live_changed_at == now.live_changed_at
        && approved.live_unshown == now.live_unshown
        && now.will_happen()
}

/// A variable that went stale on one target waits on all of them, unless `--partial` says not. Also
/// where nothing was to be done on that target: it was in sync for the plan, and is not now.
pub(super) fn hold_split_units(
    pass: &Pass<'_>,
    approved: &Plan,
    fresh: &Plan,
    works: &mut [Work<'_>],
    unreadable: &[TargetReport],
) {
    let mut split: Vec<VarName> = works
        .iter()
        .flat_map(|work| &work.stale)
        .filter_map(|change| change.declared.clone())
        .collect();
    split.extend(
        unreadable
            .iter()
            .flat_map(|report| &report.results)
            .filter_map(|result| result.declared.clone()),
    );
    split.extend(out_of_sync(approved, fresh));
    split.retain(|name| !pass.scope.overrides.partial.contains(name));
    for work in works {
        let (wait, go): (Vec<&Change>, Vec<&Change>) = std::mem::take(&mut work.go)
            .into_iter()
            .partition(|change| {
                change.will_write()
                    && change
                        .declared
                        .as_ref()
                        .is_some_and(|name| split.contains(name))
            });
        work.go = go;
        work.stale.extend(wait);
    }
}

/// The variables that were in sync on some target when the plan was made, and no longer are.
fn out_of_sync(approved: &Plan, fresh: &Plan) -> impl Iterator<Item = VarName> {
    let targets = approved.targets.iter().zip(&fresh.targets);
    targets.flat_map(|(then, now)| {
        let now: BTreeMap<&VarName, Class> = (now.changes.iter())
            .map(|change| (&change.name, change.class))
            .collect();
        let then = then.changes.iter().filter(|one| one.class == Class::InSync);
        then.filter(move |one| now.get(&one.name).is_some_and(|now| *now != Class::InSync))
            .filter_map(|change| change.declared.clone())
    })
}
