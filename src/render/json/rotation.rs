//! `rotation/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::reconcile::event::{RotationLine, RotationReport, RotationStage, Verdict};

document_tag!("rotation/1");

/// Rotations with an overlap that are under way.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RotationDocument", deny_unknown_fields)]
pub struct RotationDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    rotations: Vec<RotationJson>,
}

impl RotationDocument {
    /// Of one report.
    pub fn new(report: &RotationReport, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            rotations: report.rotations.iter().map(RotationJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Rotation", deny_unknown_fields)]
struct RotationJson {
    variable: String,
    /// The variable that holds its former value.
    former: String,
    stage: StageJson,
    /// Targets that check it.
    accepted_by: Vec<String>,
    /// Targets that present it.
    used_by: Vec<String>,
    /// Targets that are not where the stage wants them.
    waits_for: Vec<WaitJson>,
    /// RFC 3339: until when the former value stays good, where nothing but that is waited for.
    good_until: Option<String>,
    /// The next command.
    next: String,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Wait", deny_unknown_fields)]
struct WaitJson {
    target: String,
    why: String,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "RotationStage")]
enum StageJson {
    /// Those that accept it get both values; those that use it keep the former one.
    Accept,
    /// Those that use it get the new one; the former one is still accepted.
    Use,
}

impl From<&RotationLine> for RotationJson {
    fn from(of: &RotationLine) -> Self {
        let names =
            |list: &[crate::model::TargetName]| list.iter().map(ToString::to_string).collect();
        Self {
            variable: of.variable.to_string(),
            former: of.former.to_string(),
            stage: match of.stage {
                RotationStage::Accept => StageJson::Accept,
                RotationStage::Use => StageJson::Use,
            },
            accepted_by: names(&of.accepted_by),
            used_by: names(&of.used_by),
            waits_for: of
                .waits_for
                .iter()
                .map(|(target, why)| WaitJson {
                    target: target.to_string(),
                    why: why.clone(),
                })
                .collect(),
            good_until: of.good_until.map(|at| at.to_string()),
            next: of.next.clone(),
        }
    }
}
