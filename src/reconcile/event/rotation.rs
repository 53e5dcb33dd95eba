//! Where rotations with an overlap stand.

use jiff::Timestamp;

use crate::manifest::Stage;
use crate::model::{TargetName, VarName};

/// All that are under way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RotationReport {
    /// By name.
    pub rotations: Vec<RotationLine>,
}

/// One rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationLine {
    /// The secret.
    pub variable: VarName,
    /// Where its former value is.
    pub former: VarName,
    /// How far it is.
    pub stage: Stage,
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
