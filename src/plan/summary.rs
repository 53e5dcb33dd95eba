//! Counts and questions over a finished plan.

use super::change::{
    ActionKind, Change, Class, Glimpse, Plan, PlannedActivation, Summary, TargetPlan, TargetState,
};
use super::site::writes;

/// Counts over one plan. A target that is unknown as a whole counts once, not by variable.
pub fn summary(plan: &Plan) -> Summary {
    let mut sum = Summary::default();
    for target in &plan.targets {
        sum.unmanaged += target.unmanaged;
        sum.owed += usize::from(is_owed(target));
        match target.state {
            TargetState::Elsewhere { .. } => sum.elsewhere += 1,
            TargetState::Unknown { .. } => sum.unknown += 1,
            TargetState::Read | TargetState::Partial { .. } => {
                for change in &target.changes {
                    count(&mut sum, change);
                }
            }
        }
    }
    sum
}

fn count(sum: &mut Summary, change: &Change) {
    if change.is_left_out() {
        return;
    }
    match (change.class, change.action) {
        // a record that is only to be forgotten is no variable any more
        (Class::InSync, _) if change.before == Glimpse::Absent => {}
        (Class::InSync, _) => sum.in_sync += 1,
        (Class::Change, ActionKind::Create) => sum.create += 1,
        (Class::Change, ActionKind::Update) => sum.update += 1,
        (Class::Change, ActionKind::Delete) => sum.delete += 1,
        (Class::Change, _) | (Class::Unmanaged, _) => {}
        (Class::Drift, _) => sum.drift += 1,
        (Class::Conflict, _) => sum.conflict += 1,
        (Class::Unknown, _) => sum.unknown += 1,
    }
    if writes(change) && is_held(change) {
        sum.held += 1;
    }
}

/// Whether desired and live differ anywhere that we could see. What pruning would delete if it were
/// on is reported, and no difference; nor is what a run was not asked for.
pub fn has_differences(plan: &Plan) -> bool {
    plan.targets.iter().any(is_owed)
        || changes(plan).any(|change| match change.class {
            _ if change.is_left_out() => false,
            Class::Change => change.action != ActionKind::None,
            Class::Drift | Class::Conflict => true,
            Class::InSync | Class::Unmanaged | Class::Unknown => false,
        })
}

fn is_owed(target: &TargetPlan) -> bool {
    let activation = target.activation.as_ref();
    activation.is_some_and(PlannedActivation::is_owed)
}

/// Whether anything could not be known.
pub fn has_unknown(plan: &Plan) -> bool {
    plan.targets
        .iter()
        .any(|target| matches!(target.state, TargetState::Unknown { .. }))
        || changes(plan).any(|change| change.class == Class::Unknown)
}

/// Whether a rail holds anything. What this run was not asked for does not count.
pub fn has_holds(plan: &Plan) -> bool {
    changes(plan).any(is_held)
}

/// What a run was not asked for does not count as held, whatever else holds it.
fn is_held(change: &Change) -> bool {
    !change.holds.is_empty() && !change.is_left_out()
}

fn changes(plan: &Plan) -> impl Iterator<Item = &Change> {
    plan.targets.iter().flat_map(|target| &target.changes)
}
