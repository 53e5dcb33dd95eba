//! Going back: the part of the decision that a run of `undo` adds. What is desired and what counts
//! as last applied was already put in its place by whoever asks; here the rows get their words, and
//! a variable that other targets share is not taken back on one of them in silence.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Class, Reason, TargetState};
use super::classify::Row;
use super::input::PlanInput;
use super::site::{Site, hold, writes};
use crate::model::{LiveVar, TargetName, VarName};

/// What a run takes back, by name only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undo {
    /// The targets that it is about; nothing else is written.
    pub targets: BTreeMap<TargetName, UndoTarget>,
    /// Receipts of the same runs on other targets: where a variable is shared, they belong together.
    pub companions: BTreeMap<TargetName, u64>,
}

/// What is taken back on one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoTarget {
    /// The receipts.
    pub receipts: BTreeSet<u64>,
    /// The variables, and what the manifest called them when they were applied.
    pub names: BTreeMap<VarName, Option<VarName>>,
}

impl Undo {
    /// Whether this variable of this target is taken back.
    pub fn covers(&self, target: &TargetName, name: &VarName) -> bool {
        self.declared(target, name).is_some()
    }

    /// What the manifest called it then; `None` where it is not taken back.
    pub(super) fn declared(&self, target: &TargetName, name: &VarName) -> Option<Option<&VarName>> {
        let found = self.targets.get(target)?.names.get(name)?;
        Some(found.as_ref())
    }

    /// The command that takes back all of it, and on `other` too where its receipt is known.
    fn together(&self, other: &TargetName) -> Option<String> {
        let companion = self.companions.get(other)?;
        let mut all: BTreeSet<u64> = BTreeSet::from([*companion]);
        all.extend(self.targets.values().flat_map(|target| &target.receipts));
        let numbers: Vec<String> = all.iter().map(ToString::to_string).collect();
        Some(format!("driftlock undo {}", numbers.join(" ")))
    }
}

/// The row of a variable that is taken back: what moved since is a conflict, whoever moved it.
pub(super) const fn taken_back(row: Row) -> Row {
    let (class, reason) = match (row.class, row.reason) {
        (
            Class::Change,
            Reason::DesiredMoved | Reason::SealedDesiredMoved | Reason::New | Reason::Prune,
        ) => (Class::Change, Reason::GoingBack),
        (Class::Drift | Class::Conflict, Reason::CannotCompare) => (row.class, row.reason),
        (Class::Drift | Class::Conflict, _) => (Class::Conflict, Reason::MovedSince),
        _ => (row.class, row.reason),
    };
    Row {
        class,
        reason,
        action: row.action,
    }
}

/// Holds what would be taken back on one target while another keeps the value that is taken back.
/// The ordinary rule of units does not see it: on the other target nothing would change.
pub(super) fn hold_split(plan: &PlanInput<'_>, sites: &mut [Site<'_>]) {
    let Some(undo) = plan.undo else { return };
    let mut found = vec![];
    for (place, site) in sites.iter().enumerate() {
        for (number, change) in site.plan.changes.iter().enumerate() {
            let back = undo.covers(&site.plan.target, &change.name) && writes(change);
            let Some(declared) = change.declared.as_ref().filter(|_| back) else {
                continue;
            };
            if plan.overrides.partial.contains(declared) {
                continue;
            }
            let mut others = sites.iter().filter(|other| !std::ptr::eq(*other, site));
            if let Some(other) = others.find(|other| keeps(undo, site, change, other)) {
                let why = why(undo, declared, &other.plan.target);
                let release = format!("--partial {declared}");
                found.push((place, number, why, release));
            }
        }
    }
    for (place, number, why, release) in found {
        hold(
            &mut sites[place].plan.changes[number],
            "unit",
            why,
            Some(release),
        );
    }
}

/// Whether `other` has the same variable, not taken back there, with the value that is now here. What
/// nobody can read may be that value.
fn keeps(undo: &Undo, site: &Site<'_>, change: &Change, other: &Site<'_>) -> bool {
    if matches!(other.plan.state, TargetState::Elsewhere { .. }) {
        return false;
    }
    let here = site.live().and_then(|live| live.vars.get(&change.name));
    let same = |there: &Change| {
        let shared = there.declared.is_some() && there.declared == change.declared;
        if !shared || undo.covers(&other.plan.target, &there.name) {
            return false;
        }
        let live = other.live().and_then(|live| live.vars.get(&there.name));
        match (here, live) {
            (Some(LiveVar::Value(here)), Some(LiveVar::Value(live))) => here == live,
            (_, None) => false,
            (None, Some(_)) => false,
            _ => true,
        }
    };
    other.plan.changes.iter().any(same)
}

fn why(undo: &Undo, declared: &VarName, other: &TargetName) -> String {
    let beginning =
        format!("{declared} is on {other} too, and would keep there what is taken back here");
    match undo.together(other) {
        Some(command) => format!("{beginning}: `{command}` takes it back on both"),
        None => beginning,
    }
}
