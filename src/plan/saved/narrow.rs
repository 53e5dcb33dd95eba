//! What is left of an approved plan, now that everything was read again. For each operation live
//! decides: as planned already, still as it was, or moved. What nobody approved is not done.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Completeness, Fingerprinter, SecretValue, TargetName, VarName};
use crate::plan::change::{
    ActionKind, ActivationCause, Authority, Change, Class, Glimpse, Hold, Plan, PlannedActivation,
    Reason, TargetPlan, TargetState,
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
        ..approved.clone()
    };
    Narrowed { plan, done }
}

/// One target as it is now.
struct Site<'a> {
    now: &'a TargetPlan,
    live: &'a LiveState,
    with: &'a Fingerprinter,
}

/// How one approved operation stands.
enum Standing {
    /// Live is as it would leave it.
    Done,
    /// Live is as it was.
    Go,
    /// Live is as it was, and a rail holds it now.
    Held(Vec<Hold>),
    /// Anything else; why.
    Stale(String),
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

    fn standing(&self, then: &Change, now: Option<&Change>) -> Standing {
        if self.is_done(then, now) {
            return Standing::Done;
        }
        let target = &self.now.target;
        if let TargetState::Elsewhere { machine } = &self.now.state {
            return Standing::Stale(format!(
                "{target} belongs to {machine}, which alone writes it"
            ));
        }
        let Some(now) = now else {
            let why = format!("no record that is at hand says that it is ours on {target}");
            return Standing::Stale(why);
        };
        if now.class == Class::Unknown {
            let why = "it cannot be read now, so nobody can say whether it is still as it was";
            return Standing::Stale(why.to_owned());
        }
        if then.before == Glimpse::Sealed && then.live_changed_at.is_none() {
            let why = "the plan could not say what was there, so nobody can say whether it is there still";
            return Standing::Stale(why.to_owned());
        }
        let name = &then.name;
        let before = self.same(name, &then.before, &now.before)
            && then.live_changed_at == now.live_changed_at;
        if !before {
            let why = format!("{target} does not hold what it held when the plan was made");
            return Standing::Stale(why);
        }
        if then.action != now.action || !self.same(name, &then.after, &now.after) {
            let why = "it is not what a plan of now would do".to_owned();
            return Standing::Stale(why);
        }
        if now.holds.is_empty() {
            Standing::Go
        } else {
            Standing::Held(now.holds.clone())
        }
    }

    /// Whether live is as the operation would leave it.
    fn is_done(&self, then: &Change, now: Option<&Change>) -> bool {
        match (then.action, now) {
            // what is adopted differs from the manifest afterwards: it is recorded once more
            (_, Some(now)) if now.reason == Reason::Adopted => false,
            (ActionKind::Delete, Some(now)) => {
                now.class == Class::InSync && now.before == Glimpse::Absent
            }
            (ActionKind::Delete, None) => self.lacks(&then.name),
            // a record of what is gone, forgotten since
            (ActionKind::Record, None) => then.before == Glimpse::Absent && self.lacks(&then.name),
            (ActionKind::Record, Some(now)) => {
                now.class == Class::InSync && now.action == ActionKind::None
            }
            (_, Some(now)) => {
                now.class == Class::InSync && self.same(&then.name, &then.after, &now.after)
            }
            (_, None) => false,
        }
    }

    /// Only a complete read can say so.
    fn lacks(&self, name: &VarName) -> bool {
        match self.live {
            LiveState::Read(live) => {
                live.completeness == Completeness::Complete && !live.vars.contains_key(name)
            }
            LiveState::Unknown { .. } | LiveState::Elsewhere { .. } => false,
        }
    }

    /// Whether two plans show one value. What was recorded in between can turn a fingerprint into a
    /// text, or a text into a fingerprint.
    fn same(&self, name: &VarName, then: &Glimpse, now: &Glimpse) -> bool {
        let print = |text: &String| {
            let value = SecretValue::new(text.as_str());
            self.with.fingerprint(&self.now.target, name, &value)
        };
        match (then, now) {
            (Glimpse::Text(text), Glimpse::Fingerprint(known))
            | (Glimpse::Fingerprint(known), Glimpse::Text(text)) => print(text) == *known,
            (Glimpse::Unknown, _) | (_, Glimpse::Unknown) => false,
            (then, now) => then == now,
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
