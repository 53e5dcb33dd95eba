//! A small world to plan in: targets of variables whose three sides are set by name, and an apply
//! that carries a plan out on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Address, AuthorityFacts, Completeness, Desired, DesiredVar, Fingerprint, FingerprintKey,
    Fingerprinter, KeyId, LastApplied, Live, LiveVar, Overrides, Rails, Recorded, Running,
    SecretValue, Sensitivity, Target, TargetFacts, TargetName, Trust, UnknownVar, VarName, Version,
};
use crate::plan::{
    ActionKind, Authority, Change, DesiredState, LiveState, Plan, PlanInput, Reason, TargetInput,
    Undo, build,
};

pub(super) fn var(name: &str) -> VarName {
    name.parse().unwrap()
}

pub(super) fn target(name: &str) -> TargetName {
    name.parse().unwrap()
}

#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) target: Target,
    pub(super) desired: Desired,
    pub(super) live: Live,
    pub(super) last: LastApplied,
    pub(super) live_unknown: bool,
    pub(super) desired_unknown: bool,
    pub(super) elsewhere: bool,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) places: Vec<Place>,
    pub(super) fingerprinter: Option<Fingerprinter>,
    pub(super) overrides: Overrides,
    pub(super) authority: Vec<Authority>,
    pub(super) last_facts: Option<AuthorityFacts>,
    pub(super) recipients_authentic: bool,
    pub(super) facts: AuthorityFacts,
    pub(super) only_targets: Option<BTreeSet<TargetName>>,
    pub(super) only_variables: Option<BTreeSet<VarName>>,
    pub(super) undo: Option<Undo>,
    pub(super) scheduled: Option<crate::model::Scheduled>,
    pub(super) unattended: bool,
}

pub(super) fn keys(byte: u8, former: &[u8]) -> Fingerprinter {
    let key = |byte| FingerprintKey::new([byte; 32]);
    Fingerprinter::new(key(byte), former.iter().map(|byte| key(*byte)).collect())
}

pub(super) fn secret(declared: &str, value: &str) -> DesiredVar {
    DesiredVar {
        declared: Some(var(declared)),
        value: SecretValue::new(value),
        sensitivity: Sensitivity::Secret,
        trust: Trust::Authenticated,
        sequence: Some(1),
        protected: false,
        sealed: false,
        refusal: None,
        lints: vec![],
    }
}

pub(super) fn clear(declared: &str, value: &str) -> DesiredVar {
    DesiredVar {
        sensitivity: Sensitivity::Clear,
        sequence: None,
        ..secret(declared, value)
    }
}

pub(super) fn value(text: &str) -> LiveVar {
    LiveVar::Value(SecretValue::new(text))
}

/// Seconds since the epoch, for platform time stamps.
pub(super) fn stamp(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap()
}

impl Place {
    pub(super) fn new(name: &str) -> Self {
        Self {
            target: Target {
                name: target(name),
                address: Address::Memory(name.to_owned()),
                path: None,
                place: format!("memory:{name}"),
                known: String::new(),
                prune: true,
                rails: Rails::default(),
                activation: None,
                process: None,
            },
            desired: Desired {
                key_trusted: true,
                ..Desired::default()
            },
            live: Live {
                vars: BTreeMap::new(),
                changed_at: BTreeMap::new(),
                completeness: Completeness::Complete,
                version: Version::default(),
                exists: true,
                stored_at: None,
                identity: String::new(),
                taken_over: std::collections::BTreeSet::new(),
                unsettled: None,
                drafts: vec![],
                running: Running::Unknown,
                notes: vec![],
            },
            last: LastApplied {
                comparable: true,
                ..LastApplied::default()
            },
            live_unknown: false,
            desired_unknown: false,
            elsewhere: false,
        }
    }

    pub(super) fn recorded(name: &str) -> Self {
        let mut place = Self::new(name);
        place.last.recorded = true;
        place
    }

    pub(super) fn want(&mut self, name: &str, text: &str) -> &mut Self {
        self.desired.vars.insert(var(name), secret(name, text));
        self
    }

    pub(super) fn want_clear(&mut self, name: &str, text: &str) -> &mut Self {
        self.desired.vars.insert(var(name), clear(name, text));
        self
    }

    pub(super) fn has(&mut self, name: &str, text: &str) -> &mut Self {
        self.live.vars.insert(var(name), value(text));
        self
    }

    pub(super) fn remember_as(
        &mut self,
        name: &str,
        text: &str,
        sensitivity: Sensitivity,
    ) -> &mut Self {
        let print =
            keys(1, &[]).fingerprint(&self.target.name, &var(name), &SecretValue::new(text));
        self.put_record(&var(name), print, sensitivity);
        self
    }

    pub(super) fn remember(&mut self, name: &str, text: &str) -> &mut Self {
        self.remember_as(name, text, Sensitivity::Secret)
    }

    /// Desired, live and recorded alike.
    pub(super) fn settled(&mut self, name: &str, text: &str) -> &mut Self {
        self.want(name, text).has(name, text).remember(name, text)
    }

    fn put_record(&mut self, name: &VarName, fingerprint: Fingerprint, sensitivity: Sensitivity) {
        let sequence = (sensitivity == Sensitivity::Secret).then_some(1);
        self.last.recorded = true;
        self.last.vars.insert(
            name.clone(),
            Recorded {
                fingerprint,
                sequence,
                sensitivity,
                at: stamp(0),
                platform_changed_at: Some(stamp(100)),
                dropped: false,
            },
        );
    }

    fn input(&self) -> TargetInput {
        TargetInput {
            target: self.target.clone(),
            desired: if self.desired_unknown {
                DesiredState::Unknown("no identity fits".into())
            } else {
                DesiredState::Known(self.desired.clone())
            },
            live: if self.elsewhere {
                LiveState::Elsewhere {
                    machine: "mini".into(),
                }
            } else if self.live_unknown {
                LiveState::Unknown {
                    reason: "permission denied".into(),
                    help: None,
                }
            } else {
                LiveState::Read(self.live.clone())
            },
            activates: false,
            last: self.last.clone(),
        }
    }

    fn facts(&self) -> TargetFacts {
        TargetFacts {
            destination: self.target.address.to_string(),
            format: None,
            secrets: BTreeSet::new(),
            protected: BTreeSet::new(),
            prune: self.target.prune,
            rails: self.target.rails,
            ..TargetFacts::default()
        }
    }
}

impl World {
    pub(super) fn new(places: Vec<Place>) -> Self {
        let mut world = Self {
            places,
            fingerprinter: Some(keys(1, &[])),
            overrides: Overrides::default(),
            authority: vec![],
            last_facts: None,
            recipients_authentic: true,
            facts: AuthorityFacts::default(),
            only_targets: None,
            only_variables: None,
            undo: None,
            scheduled: None,
            unattended: false,
        };
        for place in &world.places {
            let facts = place.facts();
            world.facts.targets.insert(place.target.name.clone(), facts);
        }
        world
    }

    pub(super) fn one(change: impl FnOnce(&mut Place)) -> Self {
        let mut place = Place::new("api");
        change(&mut place);
        Self::new(vec![place])
    }

    pub(super) fn allow(&mut self, rail: &str, most: Option<u32>) {
        self.overrides.allow.insert((rail.to_owned(), None), most);
    }

    pub(super) fn input(&self) -> PlanInput<'_> {
        PlanInput {
            manifest: "production".parse().unwrap(),
            manifest_digest: [7; 32],
            key_id: Some(KeyId::from_bytes([9; 16])),
            fingerprinter: self.fingerprinter.as_ref(),
            targets: self.places.iter().map(Place::input).collect(),
            authority: self.authority.clone(),
            last_facts: self.last_facts.as_ref(),
            recipients_authentic: self.recipients_authentic,
            facts: &self.facts,
            overrides: &self.overrides,
            only_targets: self.only_targets.clone(),
            only_variables: self.only_variables.clone(),
            undo: self.undo.as_ref(),
            scheduled: self.scheduled.as_ref(),
            unattended: self.unattended,
        }
    }

    pub(super) fn plan(&self) -> Plan {
        build(self.input())
    }

    /// Carries a plan out as an apply would, and keeps the records that it would.
    pub(super) fn apply(&mut self, plan: &Plan) {
        let keys = self.fingerprinter.clone();
        for (place, done) in self.places.iter_mut().zip(&plan.targets) {
            for change in done.changes.iter().filter(|change| change.will_happen()) {
                place.carry_out(change, keys.as_ref().unwrap());
            }
        }
    }
}

impl Place {
    fn carry_out(&mut self, change: &Change, keys: &Fingerprinter) {
        let name = &change.name;
        let desired = self.desired.vars.get(name).cloned();
        match change.action {
            ActionKind::None => {}
            ActionKind::Create | ActionKind::Update => {
                let wanted = desired.clone().unwrap().value;
                self.live.exists = true;
                self.live.vars.insert(name.clone(), LiveVar::Value(wanted));
            }
            ActionKind::Delete => {
                self.live.vars.remove(name);
            }
            ActionKind::Record => {}
        }
        match self.live.vars.get(name) {
            None => {
                self.last.vars.remove(name);
            }
            Some(LiveVar::Value(now)) => {
                let print = keys.fingerprint(&self.target.name, name, now);
                let sensitivity = match (&desired, change.reason) {
                    (Some(desired), reason) if reason != Reason::Adopted => desired.sensitivity,
                    _ => Sensitivity::Secret,
                };
                self.put_record(name, print, sensitivity);
                self.last.vars.get_mut(name).unwrap().sequence =
                    desired.and_then(|desired| desired.sequence);
            }
            Some(_) => {}
        }
        self.last.recorded = true;
    }
}

/// The only change of a plan with one target.
pub(super) fn only(plan: &Plan) -> &Change {
    let [target] = &plan.targets[..] else {
        panic!("one target")
    };
    let [change] = &target.changes[..] else {
        panic!("one change: {:?}", target.changes)
    };
    change
}

/// A change as one line: `name class reason action [rails]`.
pub(super) fn line(change: &Change) -> String {
    let rails: Vec<&str> = change.holds.iter().map(|hold| hold.rail.as_str()).collect();
    format!(
        "{} {:?}/{:?} {:?} [{}]",
        change.name,
        change.class,
        change.reason,
        change.action,
        rails.join(" ")
    )
}

pub(super) fn lines(plan: &Plan) -> Vec<String> {
    (plan.targets.iter())
        .flat_map(|target| {
            (target.changes.iter())
                .map(move |change| format!("{}: {}", target.target, line(change)))
        })
        .collect()
}

/// A variable whose value could not be had.
pub(super) fn unknown(declared: &str) -> UnknownVar {
    UnknownVar {
        declared: Some(var(declared)),
        why: "no identity".to_owned(),
    }
}
