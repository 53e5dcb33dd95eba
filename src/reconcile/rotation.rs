//! Rotations with an overlap: which are under way, whether a stage is in force everywhere, and what
//! comes next. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::doctor::is_made_from;
use super::event::{Freshness, ProbeReport, SeenTarget, Sight, Then};
use crate::manifest::{Manifest, Overlap, Stage, TargetSpec};
use crate::model::{LastApplied, TargetName, Unsettled, VarName, Verdict};
use crate::plan::{Class, Reason, TargetPlan, TargetState};

/// A rotation that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Rotation<'m> {
    /// The secret.
    pub name: &'m VarName,
    /// Where its former value is.
    pub former: &'m VarName,
    /// How far it is.
    pub stage: Stage,
    /// Who has which part in it.
    pub overlap: &'m Overlap,
}

/// Those that are under way, by name.
pub fn under_way(manifest: &Manifest) -> Vec<Rotation<'_>> {
    let all = manifest.variables.iter();
    all.filter_map(|(name, variable)| {
        Some(Rotation {
            name,
            former: manifest.former_of(name)?,
            stage: variable.metadata.rotating?,
            overlap: variable.metadata.overlap.as_ref()?,
        })
    })
    .collect()
}

impl Rotation<'_> {
    /// Whether a target has a part in it.
    pub fn concerns(&self, target: &TargetName) -> bool {
        self.overlap.is_accepted_by(target) || self.overlap.is_used_by(target)
    }

    /// Whether the next step takes the new value away.
    fn withdraws(&self, direction: Direction) -> bool {
        direction == Direction::Back && self.stage == Stage::Accept
    }

    /// The names on a target that have to be in force before the next step: those that hold one of the
    /// two values, or are made from one. To take a new value back, those that present the former one.
    fn names(
        &self,
        manifest: &Manifest,
        spec: &TargetSpec,
        direction: Direction,
    ) -> BTreeSet<VarName> {
        let withdraws = self.withdraws(direction);
        let mine = spec.uses.iter().filter(|used| {
            is_made_from(manifest, used, self.former)
                || (!withdraws && is_made_from(manifest, used, self.name))
        });
        mine.map(|used| used.name.clone()).collect()
    }
}

/// One target as it was looked at.
#[derive(Debug)]
pub struct Look<'a> {
    /// What the manifest says of it.
    pub spec: &'a TargetSpec,
    /// How it compares.
    pub plan: &'a TargetPlan,
    /// What its platform said of its rest.
    pub unsettled: Option<&'a Unsettled>,
    /// What was recorded.
    pub last: Option<&'a LastApplied>,
    /// What its probes said; empty where none was sent.
    pub probed: &'a [ProbeReport],
    /// What its own machine last saw, where that is another one.
    pub seen: Option<&'a SeenTarget>,
}

/// Why a target is not where its stage wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Which.
    pub target: TargetName,
    /// Lower case, no final period, no values.
    pub why: String,
    /// Whether it may end by itself.
    pub passes: bool,
    /// Whether an apply is what it waits for.
    pub wants_apply: bool,
}

/// What keeps a target from having what the present stage gives it, stored, recorded and in force.
pub fn obstacle(
    rotation: &Rotation<'_>,
    direction: Direction,
    manifest: &Manifest,
    look: &Look<'_>,
) -> Option<Obstacle> {
    let names = rotation.names(manifest, look.spec, direction);
    // who has the former value need not have a record of it: nothing is counted from that
    let counts = !rotation.withdraws(direction);
    let found = seen_or_read(look, &names, counts)
        .or_else(|| recorded(look, &names, counts))
        .or_else(|| in_force(look, &names))
        .or_else(|| look.probed.iter().find_map(probe));
    let (why, passes, wants_apply) = found?;
    Some(Obstacle {
        target: look.spec.name.clone(),
        why,
        passes,
        wants_apply,
    })
}

/// Why, whether it passes by itself, whether it waits for an apply.
type Found = Option<(String, bool, bool)>;

fn seen_or_read(look: &Look<'_>, names: &BTreeSet<VarName>, counts: bool) -> Found {
    match &look.plan.state {
        TargetState::Unknown { reason, .. } => {
            Some((format!("it cannot be read: {reason}"), true, false))
        }
        TargetState::Partial { reason } => {
            Some((format!("it cannot be read whole: {reason}"), true, false))
        }
        TargetState::Elsewhere { machine } => elsewhere(look, names, machine),
        TargetState::Read => names.iter().find_map(|name| read(look, name, counts)),
    }
}

/// A name that the plan says nothing about is not there.
fn read(look: &Look<'_>, name: &VarName, counts: bool) -> Found {
    let change = look.plan.changes.iter().find(|change| change.name == *name);
    let class = match change.map(|change| (change.class, change.reason)) {
        Some((Class::InSync, Reason::EqualUnrecorded)) if counts => {
            "is there, and no apply has recorded that"
        }
        Some((Class::InSync, _)) => return None,
        Some((Class::Unknown, _)) => "is not known there",
        _ => "is not there as the manifest says",
    };
    Some((format!("{name} {class}"), false, true))
}

/// What its own machine saw must be young, and all of it as wanted now.
fn elsewhere(look: &Look<'_>, names: &BTreeSet<VarName>, machine: &str) -> Found {
    let young = look.seen.filter(|seen| {
        matches!(
            seen.sight,
            Sight::Seen {
                freshness: Freshness::Young,
                readable: true,
                ..
            }
        )
    });
    let Some(seen) = young else {
        let why = format!("only {machine} can read it, and what it last saw does not count");
        return Some((why, false, true));
    };
    let mut mine = look
        .spec
        .uses
        .iter()
        .filter(|used| names.contains(&used.name));
    let unlike = mine.any(|used| {
        let declared = used.declared().unwrap_or(&used.name);
        seen.vars.get(declared) != Some(&Then::InSync)
    });
    unlike.then(|| {
        let why = format!("{machine} last saw another value there");
        (why, false, true)
    })
}

/// What is equal by chance was never put in force by us.
fn recorded(look: &Look<'_>, names: &BTreeSet<VarName>, counts: bool) -> Found {
    let none = LastApplied::default();
    let last = look.last.unwrap_or(&none);
    if let Some(name) = names.iter().find(|name| last.doubts.contains(*name)) {
        let why = format!("an apply of {name} did not say how it ended");
        return Some((why, false, true));
    }
    if let Some(name) = names.iter().find(|name| !last.vars.contains_key(*name))
        && counts
    {
        return Some((format!("no apply of {name} is on record"), false, true));
    }
    last.pending.map(|_| {
        let why = "what was stored there was not put in force".to_owned();
        (why, false, true)
    })
}

fn in_force(look: &Look<'_>, names: &BTreeSet<VarName>) -> Found {
    if let Some(behind) = &look.plan.behind
        && (behind.names.is_empty() || behind.names.iter().any(|name| names.contains(name)))
    {
        return Some((
            format!("stored, but not running: {}", behind.why),
            false,
            true,
        ));
    }
    let unsettled = look.unsettled?;
    Some((unsettled.why.clone(), unsettled.passes, false))
}

fn probe(report: &ProbeReport) -> Found {
    let what = &report.what;
    if report.left_out {
        return None;
    }
    let (why, passes) = match &report.verdict {
        Verdict::Works => return None,
        Verdict::Open => (
            format!("{what} answers as wanted also without the credential"),
            false,
        ),
        Verdict::Unauthorized => (format!("{what} answers 401"), true),
        Verdict::Forbidden => (format!("{what} answers 403"), true),
        Verdict::Unexpected { what: came } => (format!("{what}: {came}"), true),
        Verdict::Unreachable { why } => (format!("{what}: {why}"), true),
        Verdict::NotTried { why } => (format!("{what} was not tried: {why}"), false),
    };
    Some((why, passes, false))
}

/// When the last of those that use the secret got what it has now; `None` where one has no record.
pub fn switched_at<'a>(
    rotation: &Rotation<'_>,
    manifest: &Manifest,
    looks: impl IntoIterator<Item = &'a Look<'a>>,
) -> Option<Timestamp> {
    let users = looks
        .into_iter()
        .filter(|look| rotation.overlap.is_used_by(&look.spec.name));
    let mut latest = None;
    for look in users {
        for name in rotation.names(manifest, look.spec, Direction::On) {
            let at = look.last?.vars.get(&name)?.at;
            latest = latest.max(Some(at));
        }
    }
    latest
}

/// Which way a rotation is meant to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the new value.
    On,
    /// Back to the former one.
    Back,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Those that use it get the new value.
    Switch,
    /// Those that use it get the former value again.
    SwitchBack,
    /// The former value goes.
    Retire,
    /// The new value goes.
    Withdraw,
    /// The former value stays good until then.
    Hold(Timestamp),
}

/// The next step, once nothing is in the way of it.
pub fn next(
    rotation: &Rotation<'_>,
    direction: Direction,
    switched_at: Option<Timestamp>,
    now: Timestamp,
) -> Next {
    match (direction, rotation.stage) {
        (Direction::On, Stage::Accept) => Next::Switch,
        (Direction::Back, Stage::Use) => Next::SwitchBack,
        (Direction::Back, Stage::Accept) => Next::Withdraw,
        (Direction::On, Stage::Use) => {
            let since = switched_at.unwrap_or(now);
            match since.checked_add(rotation.overlap.hold) {
                Ok(until) if until > now => Next::Hold(until),
                _ => Next::Retire,
            }
        }
    }
}

/// Whether a target has to be where its stage wants it before the next step. To take a new value back,
/// nobody may use it any more; who accepts it does not matter. To give users the former one again,
/// everybody must accept it, which the stage before saw to.
pub fn matters(rotation: &Rotation<'_>, direction: Direction, target: &TargetName) -> bool {
    match (direction, rotation.stage) {
        (Direction::On, _) => rotation.concerns(target),
        (Direction::Back, Stage::Accept) => rotation.overlap.is_used_by(target),
        (Direction::Back, Stage::Use) => false,
    }
}
