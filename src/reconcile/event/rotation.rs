//! Where rotations with an overlap stand.

use jiff::Timestamp;

use crate::manifest;
use crate::model::{TargetName, VarName};

/// All that are under way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RotationReport {
    /// By name.
    pub rotations: Vec<RotationLine>,
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStage {
    /// Those that accept it get both values; those that use it keep the former one.
    Accept,
    /// Those that use it get the new one; the former one is still accepted.
    Use,
}

impl From<manifest::Stage> for RotationStage {
    fn from(stage: manifest::Stage) -> Self {
        match stage {
            manifest::Stage::Accept => Self::Accept,
            manifest::Stage::Use => Self::Use,
        }
    }
}

/// One rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationLine {
    /// The secret.
    pub variable: VarName,
    /// Where its former value is.
    pub former: VarName,
    /// How far it is.
    pub stage: RotationStage,
    /// Who checks it.
    pub accepted_by: Vec<TargetName>,
    /// Who presents it.
    pub used_by: Vec<TargetName>,
    /// Targets that are not where the stage wants them, each with the reason.
    pub waits_for: Vec<(TargetName, String)>,
    /// Until when the former value stays good, where nothing but that is waited for.
    pub good_until: Option<Timestamp>,
    /// The next command.
    pub next: String,
}
