//! `doctor/1`.

mod subject;
mod words;

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::GlimpseJson;
use super::status::SeenTargetJson;
use super::{ExitJson, document_tag};
use crate::reconcile::event::{self, Health, Stage, Step, Verdict};
use crate::render::paste::{Paste, paste};
use crate::render::style::Invocation;

use subject::SubjectJson;
use words::{FindingJson, SeverityJson, SideJson, SinceJson, StageJson};

document_tag!("doctor/1");

/// What is wrong, on which side, since when, and what to do next.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DoctorDocument", deny_unknown_fields)]
pub struct DoctorDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    /// This machine's own set-up.
    checks: Vec<CheckJson>,
    /// One for each manifest.
    manifests: Vec<ManifestJson>,
}

impl DoctorDocument {
    /// Of the reports of one run.
    pub fn new(
        checks: &[event::Check],
        reports: &[event::DoctorReport],
        call: &Invocation,
        verdict: &Verdict,
    ) -> Self {
        let checks = checks.iter();
        let reports = reports.iter();
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            checks: checks.map(|check| CheckJson::new(check, call)).collect(),
            manifests: reports.map(|one| ManifestJson::new(one, call)).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Check", deny_unknown_fields)]
struct CheckJson {
    /// What was looked at.
    what: String,
    /// What was seen.
    seen: String,
    finding: FindingJson,
    next: Vec<StepJson>,
}

impl CheckJson {
    fn new(of: &event::Check, call: &Invocation) -> Self {
        Self {
            what: of.what.clone(),
            seen: of.seen.clone(),
            finding: (&of.finding).into(),
            next: steps(&of.next, call),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Manifest", deny_unknown_fields)]
struct ManifestJson {
    manifest: String,
    file: String,
    /// What is wrong, the worst first.
    cases: Vec<CaseJson>,
    /// Wrong ones first.
    targets: Vec<TargetJson>,
    /// The variables that were asked for.
    variables: Vec<SubjectJson>,
    /// Targets whose probes were not asked.
    unprobed: usize,
}

impl ManifestJson {
    fn new(of: &event::DoctorReport, call: &Invocation) -> Self {
        Self {
            manifest: of.manifest.to_string(),
            file: of.file.clone(),
            cases: of
                .cases
                .iter()
                .map(|case| CaseJson::new(case, call))
                .collect(),
            targets: of.patients.iter().map(TargetJson::from).collect(),
            variables: of.subjects.iter().map(SubjectJson::from).collect(),
            unprobed: of.unprobed,
        }
    }
}

/// One diagnosis, of one target or of several that are alike.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Case", deny_unknown_fields)]
struct CaseJson {
    severity: SeverityJson,
    targets: Vec<String>,
    /// Null where it is about no target.
    stage: Option<StageJson>,
    side: SideJson,
    what: String,
    /// Live beside desired; keyed fingerprints, texts only of variables that are clear.
    values: Vec<ComparedJson>,
    since: Option<SinceJson>,
    next: Vec<StepJson>,
}

impl CaseJson {
    fn new(of: &event::Case, call: &Invocation) -> Self {
        let values = of.values.iter().map(|value| ComparedJson {
            name: value.name.to_string(),
            live: GlimpseJson::from(&value.live),
            desired: GlimpseJson::from(&value.desired),
        });
        Self {
            severity: of.severity.into(),
            targets: of.targets.iter().map(ToString::to_string).collect(),
            stage: of.stage.map(StageJson::from),
            side: of.side.into(),
            what: of.what.clone(),
            values: values.collect(),
            since: of.since.map(SinceJson::from),
            next: steps(&of.next, call),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Compared", deny_unknown_fields)]
struct ComparedJson {
    name: String,
    live: GlimpseJson,
    desired: GlimpseJson,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "Step")]
enum StepJson {
    /// Ready to paste.
    Command { line: String },
    /// In words.
    Advice { words: String },
}

fn steps(of: &[Step], call: &Invocation) -> Vec<StepJson> {
    let each = of.iter().map(|step| match paste(step, call) {
        Paste::Line(line) => StepJson::Command { line },
        Paste::Words(words) => StepJson::Advice { words },
    });
    each.collect()
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Target", deny_unknown_fields)]
struct TargetJson {
    target: String,
    platform: String,
    address: String,
    /// RFC 3339; null if never.
    applied_at: Option<String>,
    health: HealthJson,
    /// The stage that is the cause: what is wrong at later ones follows from it.
    cause: Option<StageJson>,
    stages: StagesJson,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Stages", deny_unknown_fields)]
struct StagesJson {
    reached: FindingJson,
    read: FindingJson,
    stored: FindingJson,
    running: FindingJson,
    probe: FindingJson,
    expiry: FindingJson,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "Health")]
enum HealthJson {
    Wrong,
    Unknown,
    /// Another machine's.
    Elsewhere {
        machine: String,
        /// What it last saw.
        seen: Option<SeenTargetJson>,
    },
    Well,
}

impl From<&event::Patient> for TargetJson {
    fn from(of: &event::Patient) -> Self {
        let at = |stage| FindingJson::from(of.at(stage));
        Self {
            target: of.target.to_string(),
            platform: of.platform.to_string(),
            address: of.address.clone(),
            applied_at: of.applied_at.map(|at| at.to_string()),
            health: match &of.health {
                Health::Wrong => HealthJson::Wrong,
                Health::Unknown => HealthJson::Unknown,
                Health::Elsewhere { machine, seen } => HealthJson::Elsewhere {
                    machine: machine.clone(),
                    seen: seen.as_ref().map(SeenTargetJson::from),
                },
                Health::Well => HealthJson::Well,
            },
            cause: of.cause.map(StageJson::from),
            stages: StagesJson {
                reached: at(Stage::Reached),
                read: at(Stage::Read),
                stored: at(Stage::Stored),
                running: at(Stage::Running),
                probe: at(Stage::Probe),
                expiry: at(Stage::Expiry),
            },
        }
    }
}
