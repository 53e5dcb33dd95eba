//! What a scheduled run may do to a target, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TargetName, VarName};

/// What a scheduled run does where live differs from desired. The stricter of two is the lesser one.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Looks and tells.
    #[default]
    Observe,
    /// Also writes what the manifest changed.
    Apply,
    /// Also puts back what somebody changed on the platform.
    Heal,
}

/// How one target takes part in scheduled runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciling {
    /// What may be done.
    pub mode: Mode,
    /// How often it is looked at, where the manifest says so.
    pub every: Option<Duration>,
}

/// What the targets of one manifest allow a scheduled run right now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// The mode that counts; a target that is not named is only looked at.
    pub modes: BTreeMap<TargetName, Mode>,
    /// Targets that are not written now, and why: lower case, no final period.
    pub withheld: BTreeMap<TargetName, String>,
    /// What was put back too often, by target and name there.
    pub braked: BTreeSet<(TargetName, VarName)>,
}

impl Scheduled {
    /// What may be done to a target.
    pub fn mode(&self, target: &TargetName) -> Mode {
        self.modes.get(target).copied().unwrap_or_default()
    }

    /// Whether a variable is not put back any more.
    pub fn is_braked(&self, target: &TargetName, name: &VarName) -> bool {
        self.braked.contains(&(target.clone(), name.clone()))
    }
}
