//! One target before the rails: each variable classified, nothing held yet.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{ActionKind, Change, Class, Glimpse, Hold, Reason, TargetPlan, TargetState};
use super::classify::{Row, Sight, unwanted, wanted};
use super::describe::{change, detail, may_be_ours, undecryptable, unreadable_variable};
use super::effective::{EffectiveRails, effective_rails};
use super::evidence::{Evidence, Look};
use super::input::{DesiredState, LiveState, PlanInput, TargetInput};
use super::undo::taken_back;
use crate::model::{
    Completeness, Desired, DesiredVar, Live, LiveVar, PlatformKind, Running, VarName,
};

/// A target on its way to a [`TargetPlan`], with what the rails look at.
pub(super) struct Site<'a> {
    pub(super) input: &'a TargetInput,
    pub(super) rails: EffectiveRails,
    pub(super) plan: TargetPlan,
}

impl<'a> Site<'a> {
    pub(super) fn build(
        plan: &PlanInput<'a>,
        input: &'a TargetInput,
        were_secret: &BTreeSet<&VarName>,
    ) -> Self {
        let rails = effective_rails(plan.last_facts, plan.facts, &input.target, plan.overrides);
        let evidence = Evidence {
            target: &input.target.name,
            fingerprinter: plan.fingerprinter,
            last: &input.last,
            key_trusted: match &input.desired {
                DesiredState::Known(desired) => desired.key_trusted,
                DesiredState::Unknown(_) => false,
            },
            were_secret,
        };
        let mut site = Self {
            input,
            rails,
            plan: TargetPlan {
                target: input.target.name.clone(),
                platform: input.target.address.platform(),
                address: input.target.address.to_string(),
                format: input.target.address.format().map(str::to_owned),
                state: state(input),
                recorded: evidence.is_recorded(),
                changes: Vec::new(),
                unmanaged: 0,
                drafts: Vec::new(),
                behind: None,
                activates: input.activates,
                activation: None,
                notes: Vec::new(),
            },
        };
        match (&input.desired, &input.live) {
            (_, LiveState::Elsewhere { .. }) => {}
            (DesiredState::Known(desired), LiveState::Read(live)) => {
                site.read(plan, &evidence, desired, live);
            }
            (desired, _) => site.unreadable(&evidence, desired),
        }
        if input.last.in_doubt {
            site.plan.notes.push(
                "an earlier apply did not say how it ended: everything was read again".to_owned(),
            );
        }
        site
    }

    /// Whether there is anything that a rail could hold.
    pub(super) fn has_actions(&self) -> bool {
        let mut changes = self.plan.changes.iter();
        changes.any(|change| change.action != ActionKind::None)
    }

    /// The desired variable behind a change.
    pub(super) fn desired(&self, name: &VarName) -> Option<&'a DesiredVar> {
        match &self.input.desired {
            DesiredState::Known(desired) => desired.vars.get(name),
            DesiredState::Unknown(_) => None,
        }
    }

    /// What was read, where it was.
    pub(super) fn live(&self) -> Option<&'a Live> {
        match &self.input.live {
            LiveState::Read(live) => Some(live),
            LiveState::Unknown { .. } | LiveState::Elsewhere { .. } => None,
        }
    }

    /// Whether the address leads to something else than it did at our last apply.
    pub(super) fn is_moved(&self) -> bool {
        let last = &self.input.last;
        // a file calls itself nothing until it is a link: one that became a link leads elsewhere now
        let is_known = !last.identity.is_empty()
            || self.plan.platform == PlatformKind::File && last.at.is_some();
        is_known && (self.live()).is_some_and(|live| live.identity != last.identity)
    }

    /// How many variables are or were ours: what percentages are of.
    pub(super) fn managed(&self) -> usize {
        let recorded = self.input.last.vars.keys();
        match &self.input.desired {
            DesiredState::Known(desired) => {
                let beyond = |name: &&VarName| {
                    !desired.vars.contains_key(*name) && !desired.unknown.contains_key(*name)
                };
                desired.vars.len() + desired.unknown.len() + recorded.filter(beyond).count()
            }
            DesiredState::Unknown(_) => recorded.count(),
        }
    }

    fn read(
        &mut self,
        plan: &PlanInput<'_>,
        evidence: &Evidence<'_>,
        desired: &'a Desired,
        live: &'a Live,
    ) {
        let unseen = match &live.completeness {
            Completeness::Complete => None,
            Completeness::Partial(reason) => Some(LiveVar::Unknown(reason.clone())),
        };
        let names: BTreeSet<&VarName> = (desired.vars.keys())
            .chain(desired.unknown.keys())
            .chain(evidence.last.vars.keys())
            .collect();
        for name in &names {
            let seen = live.vars.get(*name).or(unseen.as_ref());
            let look = evidence.look(name, desired.vars.get(*name), seen);
            let change = match desired.unknown.get(*name) {
                Some(unknown) => Some(undecryptable(evidence, name, &look, unknown)),
                None => self.classify(plan, evidence, name, &look),
            };
            self.plan.changes.extend(change);
        }
        self.plan.unmanaged = (live.vars.keys())
            .filter(|name| !names.contains(name))
            .count();
        self.plan.notes.clone_from(&live.notes);
        let orphans = (live.vars.iter())
            .filter(|(name, var)| {
                let ours = evidence.last.doubts.contains(*name) && !names.contains(name);
                ours && !matches!(var, LiveVar::Unknown(_))
            })
            .map(|(name, _)| may_be_ours(name));
        self.plan.notes.extend(orphans);
        let not_kept = self
            .plan
            .changes
            .iter()
            .filter(|change| change.reason == Reason::EmptyNotKept);
        let not_kept: Vec<String> = not_kept
            .map(|change| {
                let name = &change.name;
                format!("{name} is to be empty and is absent: the platform keeps no empty values")
            })
            .collect();
        self.plan.notes.extend(not_kept);
        self.plan.drafts.clone_from(&live.drafts);
        if let Running::Behind(behind) = &live.running {
            self.plan.behind = Some(behind.clone());
        }
    }

    fn classify(
        &self,
        plan: &PlanInput<'_>,
        evidence: &Evidence<'_>,
        name: &VarName,
        look: &Look<'_>,
    ) -> Option<Change> {
        let Some(sight) = look.sight() else {
            return Some(unreadable_variable(evidence, name, look));
        };
        let memory = evidence.memory(name, look);
        let back = plan
            .undo
            .and_then(|undo| undo.declared(evidence.target, name));
        let mut row = if look.desired.is_some() {
            wanted(memory, sight, evidence.is_as_recorded(look))
        } else {
            unwanted(memory, sight, self.rails.prune || back.is_some())?
        };
        if back.is_some() {
            row = taken_back(row);
        }
        let adopt = plan.overrides.adopt.iter().any(|(adopted, target)| {
            target == evidence.target && names(name, look.desired, adopted)
        });
        // to adopt there must be something: a readable value, or a record of one that is gone
        let adoptable =
            !matches!(sight, Sight::Sealed(_)) && (look.live.is_some() || look.recorded.is_some());
        let can_adopt = match row.action {
            ActionKind::Create | ActionKind::Update | ActionKind::Delete => true,
            ActionKind::None => matches!(row.class, Class::Conflict | Class::Change),
            ActionKind::Record => false,
        };
        if adopt && adoptable && can_adopt {
            row = Row {
                class: Class::Change,
                reason: Reason::Adopted,
                action: ActionKind::Record,
            };
        }
        // without a key there is nothing to record with, except to forget
        if row.action == ActionKind::Record
            && evidence.fingerprinter.is_none()
            && look.live.is_some()
        {
            row.action = ActionKind::None;
        }
        let mut change = change(evidence, name, look, row);
        change.detail = detail(row, memory, sight, evidence.last.in_doubt);
        if let Some(declared) = back {
            change.declared = change.declared.or_else(|| declared.cloned());
        }
        if row.reason == Reason::Adopted {
            change.after = change.before.clone();
        }
        Some(change)
    }

    /// Nothing is known of live (or of desired): everything that would be looked at is unknown.
    fn unreadable(&mut self, evidence: &Evidence<'_>, desired: &'a DesiredState) {
        let mut changes = BTreeMap::new();
        let reason = match desired {
            DesiredState::Known(_) => Reason::Unreadable,
            DesiredState::Unknown(_) => Reason::Undecryptable,
        };
        let row = Row {
            class: Class::Unknown,
            reason,
            action: ActionKind::None,
        };
        let mut add = |name: &VarName, desired| {
            let mut change = change(evidence, name, &evidence.look(name, desired, None), row);
            change.before = Glimpse::Unknown;
            if desired.is_none() {
                change.after = Glimpse::Unknown;
            }
            changes.insert(name.clone(), change);
        };
        for name in evidence.last.vars.keys() {
            add(name, None);
        }
        if let DesiredState::Known(desired) = desired {
            for name in desired.unknown.keys() {
                add(name, None);
            }
            for (name, var) in &desired.vars {
                add(name, Some(var));
            }
            for (name, unknown) in &desired.unknown {
                if let Some(change) = changes.get_mut(name) {
                    change.declared.clone_from(&unknown.declared);
                }
            }
        }
        self.plan.changes = changes.into_values().collect();
    }
}

/// Whether a person who wrote `wanted` means this variable: by its name on the target, or as
/// declared.
pub(super) fn names(name: &VarName, desired: Option<&DesiredVar>, wanted: &VarName) -> bool {
    name == wanted || desired.is_some_and(|var| var.declared.as_ref() == Some(wanted))
}

/// Puts a hold on a change; `false` if that rail holds it already.
pub(super) fn hold(change: &mut Change, rail: &str, why: String, release: Option<String>) -> bool {
    if change.holds.iter().any(|hold| hold.rail == rail) {
        return false;
    }
    change.holds.push(Hold {
        rail: rail.to_owned(),
        why,
        release,
    });
    true
}

/// Whether the action goes to the platform.
pub(super) fn writes(change: &Change) -> bool {
    matches!(
        change.action,
        ActionKind::Create | ActionKind::Update | ActionKind::Delete
    )
}

fn state(input: &TargetInput) -> TargetState {
    match (&input.live, &input.desired) {
        (LiveState::Elsewhere { machine }, _) => TargetState::Elsewhere {
            machine: machine.clone(),
        },
        (LiveState::Unknown { reason, help }, _) => TargetState::Unknown {
            reason: reason.clone(),
            help: help.clone(),
        },
        (LiveState::Read(_), DesiredState::Unknown(reason)) => TargetState::Unknown {
            reason: reason.clone(),
            help: None,
        },
        (LiveState::Read(live), DesiredState::Known(_)) => match &live.completeness {
            Completeness::Complete => TargetState::Read,
            Completeness::Partial(reason) => TargetState::Partial {
                reason: reason.clone(),
            },
        },
    }
}
