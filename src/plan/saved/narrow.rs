//! What is left of an approved plan, now that everything was read again. For each operation live
//! decides: as planned already, still as it was, or moved. What nobody approved is not done.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::{Site, Standing};
use crate::model::{Fingerprinter, TargetName, VarName};
use crate::plan::change::{
    ActionKind, ActivationCause, Authority, Change, Class, Plan, PlannedActivation, TargetPlan,
    TargetState,
};
use crate::plan::input::LiveState;
use crate::plan::site::{hold, writes};

/// The name of what holds an operation whose target moved since it was approved.
pub const STALE: &str = "stale";

/// An approved plan as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// What is still to be done goes; the rest is held and says why. Its id is the approved one's.
    pub plan: Plan,
    /// Writes that were approved, and whose target is as they would leave it.
    pub done: Vec<(TargetName, Change)>,
}

/// What this revision may do more, and was not shown to whoever approved: another one was applied in
/// the meantime, or the plan was made where the records are not.
pub fn unapproved<'a>(approved: &Plan, present: &'a Plan) -> Option<&'a Authority> {
    let shown = |one: &Authority| {
        let same = |other: &Authority| {
            (one.kind, &one.target, &one.variable, &one.what)
                == (other.kind, &other.target, &other.variable, &other.what)
        };
        approved.authority.iter().any(same)
    };
    let mut gained = present.authority.iter().filter(|one| one.held);
    gained.find(|one| !shown(one))
}

/// Compares an approved plan with one that was made now, of the same manifest with the same
/// selection, and with the reading (`live`, a state for each target of `present`) that it was made
/// from. `partial` are the variables that may go on some of their targets only.
pub fn narrow(
    approved: &Plan,
    present: &Plan,
    live: &[LiveState],
    with: &Fingerprinter,
    partial: &BTreeSet<VarName>,
) -> Narrowed {
    let mut done = vec![];
    let mut targets = vec![];
    for (now, live) in present.targets.iter().zip(live) {
        let then = approved.targets.iter().find(|one| one.target == now.target);
        let site = Site { now, live, with };
        let changes = site.changes(then, &mut done);
        targets.push(TargetPlan {
            changes,
            ..now.clone()
        });
    }
    hold_split_units(&mut targets, present, partial);
    for (target, now) in targets.iter_mut().zip(&present.targets) {
        let then = approved.targets.iter().find(|one| one.target == now.target);
        let then = then.and_then(|then| then.activation.as_ref());
        let planned = activation(then, now.activation.as_ref(), target.will_write());
        target.activation = planned;
    }
    let plan = Plan {
        targets,
        expiry: present.expiry.clone(),
        ..approved.clone()
    };
    Narrowed { plan, done }
}

impl Site<'_> {
    fn changes(
        &self,
        then: Option<&TargetPlan>,
        done: &mut Vec<(TargetName, Change)>,
    ) -> Vec<Change> {
        let by_name = |target: Option<&'_ TargetPlan>| -> BTreeMap<VarName, Change> {
            let changes = target.into_iter().flat_map(|target| &target.changes);
            changes.map(|one| (one.name.clone(), one.clone())).collect()
        };
        let (mut then, mut now) = (by_name(then), by_name(Some(self.now)));
        let names: BTreeSet<VarName> = then.keys().chain(now.keys()).cloned().collect();
        let mut changes = vec![];
        for name in names {
            match (then.remove(&name), now.remove(&name)) {
                (Some(then), now) if then.will_happen() => {
                    changes.extend(self.approved(then, now, done));
                }
                (Some(then), now) if then.action != ActionKind::None => {
                    changes.push(still_held(then, now));
                }
                (_, now) => changes.extend(now.map(left_out)),
            }
        }
        changes
    }

    fn approved(
        &self,
        then: Change,
        now: Option<Change>,
        done: &mut Vec<(TargetName, Change)>,
    ) -> Option<Change> {
        match self.standing(&then, now.as_ref()) {
            Standing::Go => now,
            Standing::Done => {
                if writes(&then) {
                    done.push((self.now.target.clone(), then));
                }
                now
            }
            Standing::Held(holds) => Some(Change { holds, ..then }),
            Standing::Stale(why) => {
                let mut change = then;
                hold(&mut change, STALE, why, None);
                Some(change)
            }
        }
    }
}

/// Held when the plan was approved: whoever approved it approved that too.
fn still_held(then: Change, now: Option<Change>) -> Change {
    match now {
        Some(now) if now.class == Class::InSync => left_out(now),
        _ => then,
    }
}

/// Not an operation of the approved plan: whatever it would be now, it is not part of this run.
fn left_out(mut now: Change) -> Change {
    if now.action != ActionKind::None {
        now.holds.clear();
        let why = "it is not among what was approved".to_owned();
        hold(&mut now, "not-selected", why, None);
    }
    now
}

/// A variable that cannot go on one of its targets waits on all of them.
fn hold_split_units(targets: &mut [TargetPlan], present: &Plan, partial: &BTreeSet<VarName>) {
    let mut blocked: BTreeMap<VarName, TargetName> = BTreeMap::new();
    for (target, now) in targets.iter().zip(&present.targets) {
        if matches!(now.state, TargetState::Elsewhere { .. }) {
            continue;
        }
        let goes = |name: &VarName| {
            let mut changes = target.changes.iter();
            changes.any(|one| one.name == *name && one.will_happen())
        };
        let waits = |one: &&Change| writes(one) || one.class == Class::Unknown;
        for one in now.changes.iter().filter(waits) {
            if let Some(declared) = one.declared.as_ref().filter(|_| !goes(&one.name)) {
                blocked.insert(declared.clone(), now.target.clone());
            }
        }
    }
    blocked.retain(|declared, _| !partial.contains(declared));
    for target in targets {
        let on = &target.target;
        for change in target.changes.iter_mut().filter(|one| one.will_write()) {
            let other = change.declared.as_ref().and_then(|name| blocked.get(name));
            if let Some(other) = other.filter(|other| *other != on) {
                let why = format!(
                    "{} waits on all of its targets: on {other} it is not as the plan has it",
                    change.name
                );
                hold(change, "unit", why, None);
            }
        }
    }
}

/// What was approved to be put in force still is: where something is written, and where a write of an
/// earlier run of this plan still waits for it.
fn activation(
    then: Option<&PlannedActivation>,
    now: Option<&PlannedActivation>,
    writes: bool,
) -> Option<PlannedActivation> {
    let (then, now) = (then?, now?);
    let owed = now.is_owed();
    if owed && !then.will_happen() && then.hold.is_some() {
        return Some(then.clone());
    }
    let written = writes && now.because == Some(ActivationCause::Written);
    if then.will_happen() && (owed || written) {
        return Some(now.clone());
    }
    Some(PlannedActivation {
        because: None,
        hold: None,
        ..now.clone()
    })
}
