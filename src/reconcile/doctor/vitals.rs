//! What a read says beside the plan that is made of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::manifest::{Manifest, UseSource};
use crate::model::{Live, LiveVar, Running, SecretValue, TargetName, VarName};
use crate::plan::LiveState;
use crate::reconcile::targets::Located;

/// Times, and whether the process was seen. No values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Whether something said what runs there.
    pub seen_running: bool,
    /// When the platform says that a variable changed.
    pub changed_at: BTreeMap<VarName, Timestamp>,
    /// When the place as a whole was last changed.
    pub stored_at: Option<Timestamp>,
}

impl Vitals {
    /// Of what is about to be planned.
    pub fn of(state: &LiveState) -> Self {
        match state {
            LiveState::Read(live) => Self {
                seen_running: live.running != Running::Unknown,
                changed_at: changed_at(live),
                stored_at: live.stored_at,
            },
            LiveState::Unknown { .. } | LiveState::Elsewhere { .. } => Self::default(),
        }
    }
}

fn changed_at(live: &Live) -> BTreeMap<VarName, Timestamp> {
    let mut all = live.changed_at.clone();
    for (name, var) in &live.vars {
        if let LiveVar::Sealed {
            changed_at: Some(at),
        } = var
        {
            all.insert(name.clone(), *at);
        }
    }
    all
}

/// By declared variable, which targets hold the same value: targets with one number do. Only where
/// at least two values are there. `live` is in the order of `located`.
pub fn alike(
    manifest: &Manifest,
    located: &[Located],
    live: &[LiveState],
) -> BTreeMap<VarName, BTreeMap<TargetName, usize>> {
    let mut values: BTreeMap<VarName, Vec<&SecretValue>> = BTreeMap::new();
    let mut all: BTreeMap<VarName, BTreeMap<TargetName, usize>> = BTreeMap::new();
    for (located, live) in located.iter().zip(live) {
        let LiveState::Read(live) = live else {
            continue;
        };
        let name = &located.target.name;
        let Some(spec) = manifest.targets.iter().find(|spec| spec.name == *name) else {
            continue;
        };
        for used in &spec.uses {
            let (UseSource::Declared(declared), Some(LiveVar::Value(value))) =
                (&used.source, live.vars.get(&used.name))
            else {
                continue;
            };
            let known = values.entry(declared.clone()).or_default();
            let number = known
                .iter()
                .position(|other| *other == value)
                .unwrap_or_else(|| {
                    known.push(value);
                    known.len() - 1
                });
            let of = all.entry(declared.clone()).or_default();
            of.insert(name.clone(), number);
        }
    }
    all
}
