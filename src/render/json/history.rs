//! `history/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::model::Fingerprint;
use crate::reconcile::event::{self, Verdict};

document_tag!("history/1");

/// What was done so far, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "HistoryDocument", deny_unknown_fields)]
pub struct HistoryDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    subject: String,
    entries: Vec<EntryJson>,
    /// How many older ones were left out.
    older: usize,
}

impl HistoryDocument {
    /// Of one report.
    pub fn new(report: &event::HistoryReport, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            subject: report.subject.clone(),
            entries: report.entries.iter().map(EntryJson::from).collect(),
            older: report.older,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Entry", deny_unknown_fields)]
struct EntryJson {
    /// The number of the receipt, for `undo`.
    receipt: u64,
    /// RFC 3339.
    at: String,
    who: String,
    revision: Option<String>,
    plan_id: String,
    target: String,
    outcome: String,
    /// What does not verify counts as no record.
    verified: bool,
    /// What put the values in force: `systemd`, `launchd`, `compose`, `command` or `deploy`; null if
    /// nothing was to.
    activation: Option<String>,
    /// Whether that worked.
    activated: Option<bool>,
    variables: Vec<VarJson>,
}

impl From<&event::HistoryEntry> for EntryJson {
    fn from(of: &event::HistoryEntry) -> Self {
        Self {
            receipt: of.receipt,
            at: of.at.to_string(),
            who: of.who.clone(),
            revision: of.revision.clone(),
            plan_id: of.plan_id.clone(),
            target: of.target.to_string(),
            outcome: of.outcome.clone(),
            verified: of.verified,
            activation: of.activated.as_ref().map(|(how, _)| how.clone()),
            activated: of.activated.as_ref().map(|(_, worked)| *worked),
            variables: of.vars.iter().map(VarJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Variable", deny_unknown_fields)]
struct VarJson {
    name: String,
    action: ActionJson,
    /// The first 8 hex digits of a keyed fingerprint.
    before: Option<String>,
    after: Option<String>,
    trouble: Option<String>,
}

impl From<&event::HistoryVar> for VarJson {
    fn from(of: &event::HistoryVar) -> Self {
        Self {
            name: of.name.to_string(),
            action: of.action.into(),
            before: of.before.as_ref().map(Fingerprint::short),
            after: of.after.as_ref().map(Fingerprint::short),
            trouble: of.trouble.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "HistoryAction")]
enum ActionJson {
    Set,
    Delete,
    Record,
    Adopt,
}

impl From<event::HistoryAction> for ActionJson {
    fn from(of: event::HistoryAction) -> Self {
        match of {
            event::HistoryAction::Set => Self::Set,
            event::HistoryAction::Delete => Self::Delete,
            event::HistoryAction::Record => Self::Record,
            event::HistoryAction::Adopt => Self::Adopt,
        }
    }
}
