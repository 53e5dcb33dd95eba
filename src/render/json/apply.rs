//! `apply/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::{ActionJson, HoldJson};
use super::{ExitJson, document_tag};
use crate::model::{Activated, Verdict as ProbeVerdict};
use crate::reconcile::event::{self, Verdict};

document_tag!("apply/1");

/// What an apply did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ApplyDocument", deny_unknown_fields)]
pub struct ApplyDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    /// One for each manifest.
    applies: Vec<ApplyJson>,
}

impl ApplyDocument {
    /// Of the applies of one run; the exit is the worst of theirs and of `verdict`.
    pub fn new(reports: &[event::ApplyReport], verdict: Verdict) -> Self {
        let worst = reports
            .iter()
            .map(event::ApplyReport::verdict)
            .fold(verdict, Verdict::worse);
        Self {
            driftlock: TAG,
            exit: (&worst).into(),
            applies: reports.iter().map(ApplyJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Apply", deny_unknown_fields)]
struct ApplyJson {
    manifest: String,
    plan_id: String,
    /// Variables that reached some of their targets and not the others.
    half_written: Vec<HalfWrittenJson>,
    targets: Vec<TargetJson>,
    held: Vec<HeldJson>,
    /// Targets whose process is not given what is stored: the plan held that back.
    held_activations: Vec<String>,
    /// The signal that ended the run early.
    interrupted: Option<String>,
}

impl From<&event::ApplyReport> for ApplyJson {
    fn from(of: &event::ApplyReport) -> Self {
        Self {
            manifest: of.manifest.to_string(),
            plan_id: of.plan_id.to_string(),
            half_written: of
                .half_written()
                .iter()
                .map(HalfWrittenJson::from)
                .collect(),
            targets: of.targets.iter().map(TargetJson::from).collect(),
            held: of.held.iter().map(HeldJson::from).collect(),
            held_activations: (of.held_activations.iter())
                .map(ToString::to_string)
                .collect(),
            interrupted: of.interrupted.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "HalfWritten", deny_unknown_fields)]
struct HalfWrittenJson {
    variable: String,
    written: Vec<String>,
    missing: Vec<String>,
}

impl From<&event::HalfWritten> for HalfWrittenJson {
    fn from(of: &event::HalfWritten) -> Self {
        Self {
            variable: of.variable.to_string(),
            written: of.written.iter().map(ToString::to_string).collect(),
            missing: of.missing.iter().map(ToString::to_string).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Held", deny_unknown_fields)]
struct HeldJson {
    target: String,
    name: String,
    holds: Vec<HoldJson>,
}

impl From<&event::Held> for HeldJson {
    fn from(of: &event::Held) -> Self {
        Self {
            target: of.target.to_string(),
            name: of.name.to_string(),
            holds: of.holds.iter().map(HoldJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Target", deny_unknown_fields)]
struct TargetJson {
    target: String,
    address: String,
    /// In the order in which they were carried out.
    results: Vec<OperationJson>,
    read_back: ReadBackJson,
    error: Option<String>,
    /// Whether the platform put it in force; null where it does not do that by itself.
    deployed: Option<bool>,
    /// What was done on its machine; null where nothing was to be done.
    activation: Option<ActivationJson>,
    /// What its probes said, in the manifest's order.
    probes: Vec<ProbeJson>,
    notes: Vec<String>,
    receipt: Option<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Activation", deny_unknown_fields)]
struct ActivationJson {
    /// In words that follow "would".
    what: String,
    /// `done`, `failed`, `in-doubt` or `skipped`.
    outcome: &'static str,
    why: Option<String>,
    help: Option<String>,
}

impl From<&event::ActivationReport> for ActivationJson {
    fn from(of: &event::ActivationReport) -> Self {
        let (outcome, why, help) = match &of.outcome {
            Activated::Done => ("done", None, None),
            Activated::Failed { why, help } => ("failed", Some(why), help.clone()),
            Activated::InDoubt { why } => ("in-doubt", Some(why), None),
            Activated::Skipped { why } => ("skipped", Some(why), None),
        };
        Self {
            what: of.what.clone(),
            outcome,
            why: why.cloned(),
            help,
        }
    }
}

/// What one probe said.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Probe", deny_unknown_fields)]
pub(super) struct ProbeJson {
    what: String,
    /// `works`, `open`, `unauthorized`, `forbidden`, `unexpected`, `unreachable` or `not-tried`.
    verdict: &'static str,
    why: Option<String>,
}

impl From<&event::ProbeReport> for ProbeJson {
    fn from(of: &event::ProbeReport) -> Self {
        Self::new(&of.what, &of.verdict)
    }
}

impl From<&(String, ProbeVerdict)> for ProbeJson {
    fn from((what, verdict): &(String, ProbeVerdict)) -> Self {
        Self::new(what, verdict)
    }
}

impl ProbeJson {
    fn new(what: &str, verdict: &ProbeVerdict) -> Self {
        let (verdict, why) = match verdict {
            ProbeVerdict::Works => ("works", None),
            ProbeVerdict::Open => ("open", None),
            ProbeVerdict::Unauthorized => ("unauthorized", None),
            ProbeVerdict::Forbidden => ("forbidden", None),
            ProbeVerdict::Unexpected { what } => ("unexpected", Some(what)),
            ProbeVerdict::Unreachable { why } => ("unreachable", Some(why)),
            ProbeVerdict::NotTried { why } => ("not-tried", Some(why)),
        };
        Self {
            what: what.to_owned(),
            verdict,
            why: why.cloned(),
        }
    }
}

impl From<&event::TargetReport> for TargetJson {
    fn from(of: &event::TargetReport) -> Self {
        Self {
            target: of.target.to_string(),
            address: of.address.clone(),
            results: of.results.iter().map(OperationJson::from).collect(),
            read_back: (&of.read_back).into(),
            error: of.error.clone(),
            deployed: of.activated,
            activation: of.activation.as_ref().map(ActivationJson::from),
            probes: of.probes.iter().map(ProbeJson::from).collect(),
            notes: of.notes.clone(),
            receipt: of.receipt.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Operation", deny_unknown_fields)]
struct OperationJson {
    name: String,
    declared: Option<String>,
    action: ActionJson,
    outcome: OperationOutcomeJson,
}

impl From<&event::OperationReport> for OperationJson {
    fn from(of: &event::OperationReport) -> Self {
        Self {
            name: of.name.to_string(),
            declared: of.declared.as_ref().map(ToString::to_string),
            action: of.action.into(),
            outcome: (&of.outcome).into(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "OperationOutcome")]
enum OperationOutcomeJson {
    Done,
    AlreadyDone,
    /// Nothing was written for it.
    Refused {
        why: String,
    },
    /// It may or may not have been written.
    InDoubt {
        why: String,
    },
    /// It was not tried.
    NotDone {
        why: String,
    },
}

impl From<&event::OperationOutcome> for OperationOutcomeJson {
    fn from(of: &event::OperationOutcome) -> Self {
        match of.clone() {
            event::OperationOutcome::Done => Self::Done,
            event::OperationOutcome::AlreadyDone => Self::AlreadyDone,
            event::OperationOutcome::Refused(why) => Self::Refused { why },
            event::OperationOutcome::InDoubt(why) => Self::InDoubt { why },
            event::OperationOutcome::NotDone(why) => Self::NotDone { why },
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "ReadBack")]
enum ReadBackJson {
    Verified,
    /// These are not as written.
    Differs {
        names: Vec<String>,
    },
    Unknown {
        why: String,
    },
    NotNeeded,
}

impl From<&event::ReadBack> for ReadBackJson {
    fn from(of: &event::ReadBack) -> Self {
        match of {
            event::ReadBack::Verified => Self::Verified,
            event::ReadBack::Differs(names) => Self::Differs {
                names: names.iter().map(ToString::to_string).collect(),
            },
            event::ReadBack::Unknown(why) => Self::Unknown { why: why.clone() },
            event::ReadBack::NotNeeded => Self::NotNeeded,
        }
    }
}
