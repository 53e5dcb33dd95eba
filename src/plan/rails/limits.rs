//! Rails that count: how much may go at once. They act at any size.

use crate::model::LiveVar;
use crate::plan::change::{ActionKind, Change, Reason};
use crate::plan::input::PlanInput;
use crate::plan::site::{Site, hold};

/// At most so many deletes.
pub(super) fn deletes(plan: &PlanInput<'_>, site: &mut Site<'_>) -> bool {
    let limit = site.rails.rails.deletes;
    let goes = |change: &Change| change.action == ActionKind::Delete && change.holds.is_empty();
    exceeded(plan, site, "deletes", &limit, goes)
}

/// At most so many values overwritten. A first take-over has a question of its own, for the whole
/// target, and is not counted.
pub(super) fn changes(plan: &PlanInput<'_>, site: &mut Site<'_>) -> bool {
    let limit = site.rails.rails.changes;
    let goes = |change: &Change| {
        change.action == ActionKind::Update
            && change.holds.is_empty()
            && !matches!(
                change.reason,
                Reason::FirstTakeOver | Reason::SealedFirstTakeOver
            )
    };
    exceeded(plan, site, "changes", &limit, goes)
}

fn exceeded(
    plan: &PlanInput<'_>,
    site: &mut Site<'_>,
    rail: &str,
    limit: &crate::model::Limit,
    goes: impl Fn(&Change) -> bool,
) -> bool {
    let count = site.plan.changes.iter().filter(|c| goes(c)).count();
    if count == 0 {
        return false;
    }
    let managed = site.managed();
    let target = &site.plan.target;
    if !limit.is_exceeded(count, managed) || plan.overrides.allows(rail, target, Some(count)) {
        return false;
    }
    let why = format!(
        "{count} {rail} of {managed} managed variables on {target} are more than the limit of {}",
        spell(limit)
    );
    let release = format!("--allow {rail}={count}@{target}");
    for change in site.plan.changes.iter_mut().filter(|c| goes(c)) {
        hold(change, rail, why.clone(), Some(release.clone()));
    }
    true
}

fn spell(limit: &crate::model::Limit) -> String {
    match (limit.count, limit.percent) {
        (Some(count), Some(percent)) => format!("{count} and {percent} %"),
        (Some(count), None) => count.to_string(),
        (None, Some(percent)) => format!("{percent} %"),
        (None, None) => "none".to_owned(),
    }
}

/// Deletes that leave nothing behind, ours or not.
pub(super) fn would_be_empty(plan: &PlanInput<'_>, site: &mut Site<'_>) -> bool {
    let Some(live) = site.live() else {
        return false;
    };
    let target = &site.plan.target;
    let goes = |change: &Change, action| change.action == action && change.holds.is_empty();
    let count = |action| (site.plan.changes.iter().filter(|c| goes(c, action))).count();
    let (deletes, creates) = (count(ActionKind::Delete), count(ActionKind::Create));
    let present = (live.vars.values())
        .filter(|var| !matches!(var, LiveVar::Unknown(_)))
        .count();
    if deletes == 0
        || present + creates > deletes
        || plan.overrides.allows("would-be-empty", target, None)
    {
        return false;
    }
    let why = format!("{target} would hold no variable at all any more");
    let release = format!("--allow would-be-empty@{target}");
    for change in &mut site.plan.changes {
        if goes(change, ActionKind::Delete) {
            hold(change, "would-be-empty", why.clone(), Some(release.clone()));
        }
    }
    true
}
