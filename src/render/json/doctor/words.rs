//! The words of a diagnosis on the wire.

use schemars::JsonSchema;
use serde::Serialize;

use crate::reconcile::event::{self, Finding, Moment, Severity, Side, Stage};

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Since", deny_unknown_fields)]
pub(super) struct SinceJson {
    /// RFC 3339.
    at: String,
    is: MomentJson,
}

impl From<event::Since> for SinceJson {
    fn from(of: event::Since) -> Self {
        Self {
            at: of.at.to_string(),
            is: match of.is {
                Moment::ChangedThere => MomentJson::ChangedThere,
                Moment::FileChanged => MomentJson::FileChanged,
                Moment::Stored => MomentJson::Stored,
                Moment::AfterApply => MomentJson::AfterApply,
                Moment::Sealed => MomentJson::Sealed,
            },
        }
    }
}

/// What a time stands for.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Moment")]
pub(super) enum MomentJson {
    /// When the platform says it was changed.
    ChangedThere,
    /// When the file was last changed.
    FileChanged,
    /// When it was stored and did not get into the process.
    Stored,
    /// It happened at some time after our last record of it.
    AfterApply,
    /// The manifest has it since then.
    Sealed,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Severity")]
pub(super) enum SeverityJson {
    Wrong,
    Unknown,
    /// Worth a look, and no reason for another exit code.
    Advice,
}

impl From<Severity> for SeverityJson {
    fn from(of: Severity) -> Self {
        match of {
            Severity::Wrong => Self::Wrong,
            Severity::Unknown => Self::Unknown,
            Severity::Advice => Self::Advice,
        }
    }
}

/// The way of a value from the manifest into a working service.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Stage")]
pub(super) enum StageJson {
    Reached,
    Read,
    Stored,
    Running,
    Probe,
    Expiry,
}

impl From<Stage> for StageJson {
    fn from(of: Stage) -> Self {
        match of {
            Stage::Reached => Self::Reached,
            Stage::Read => Self::Read,
            Stage::Stored => Self::Stored,
            Stage::Running => Self::Running,
            Stage::Probe => Self::Probe,
            Stage::Expiry => Self::Expiry,
        }
    }
}

/// Which side is wrong.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Side")]
pub(super) enum SideJson {
    Manifest,
    /// What the target holds.
    Target,
    /// The manifest and the target both moved.
    Both,
    /// The process that runs.
    Process,
    /// The value itself, or the service that should take it.
    Service,
    /// This machine's own set-up.
    Here,
    /// The way to the target, or the target's place.
    Place,
}

impl From<Side> for SideJson {
    fn from(of: Side) -> Self {
        match of {
            Side::Manifest => Self::Manifest,
            Side::Target => Self::Target,
            Side::Both => Self::Both,
            Side::Process => Self::Process,
            Side::Service => Self::Service,
            Side::Here => Self::Here,
            Side::Place => Self::Place,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "Finding")]
pub(super) enum FindingJson {
    Well,
    Wrong {
        what: String,
    },
    Unknown {
        why: String,
    },
    /// There is nothing to look at, or an earlier stage did not let us.
    NotApplicable,
}

impl From<&Finding> for FindingJson {
    fn from(of: &Finding) -> Self {
        match of {
            Finding::Well => Self::Well,
            Finding::Wrong(what) => Self::Wrong { what: what.clone() },
            Finding::Unknown(why) => Self::Unknown { why: why.clone() },
            Finding::NotApplicable => Self::NotApplicable,
        }
    }
}
