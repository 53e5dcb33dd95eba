//! What a schedule may do to the targets of one manifest at one moment.

use std::collections::{BTreeMap, BTreeSet};

use super::{Mode, TargetName, VarName};

/// What the targets of one manifest allow a scheduled run right now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// The mode that counts; a target that is not named is only looked at.
    pub modes: BTreeMap<TargetName, Mode>,
    /// What the manifest asks for and does not have yet, by target: a sentence, lower case, no final
    /// period.
    pub waits: BTreeMap<TargetName, String>,
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
