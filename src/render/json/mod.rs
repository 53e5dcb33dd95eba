//! The JSON of every report: versioned, without secrets, with schemas under `schemas/`.
//!
//! The types here mirror the internal ones, so that the wire form stays as it is when those move.
//! A document begins with `"driftlock": "<kind>/<version>"`; a field may be added within a version,
//! nothing else changes.

mod alert_test;
mod alerts;
mod apply;
mod check;
mod diff;
mod doctor;
mod expiring;
mod history;
mod journal;
mod plan;
mod recipients;
mod rotation;
mod round;
mod status;
mod undo;

#[cfg(test)]
mod tests;

pub use alert_test::AlertTestDocument;
pub use alerts::AlertsDocument;
pub use apply::ApplyDocument;
pub use check::CheckDocument;
pub use diff::DiffDocument;
pub use doctor::DoctorDocument;
pub use history::HistoryDocument;
pub use journal::JournalDocument;
pub use plan::PlanDocument;
pub use recipients::RecipientsDocument;
pub use rotation::RotationDocument;
pub use round::RoundDocument;
pub use status::StatusDocument;
pub use undo::UndoDocument;

use std::fmt::{self, Write};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::reconcile::event::{Exit, Verdict};

/// Writes a document, indented, with a line end.
pub fn render_json(out: &mut dyn Write, document: &impl Serialize) -> fmt::Result {
    let text = serde_json::to_string_pretty(document).map_err(|_| fmt::Error)?;
    // only texts hold two of these: a CI runner would take `##[…]` for a command
    writeln!(out, "{}", text.replace("##", "#\\u0023"))
}

/// The schemas of all documents, by file name.
pub fn schemas() -> Vec<(&'static str, Value)> {
    fn of<T: JsonSchema>() -> Value {
        schemars::schema_for!(T).to_value()
    }
    vec![
        ("alerts-list.json", of::<AlertsDocument>()),
        ("alert-test.json", of::<AlertTestDocument>()),
        ("apply.json", of::<ApplyDocument>()),
        ("check.json", of::<CheckDocument>()),
        ("diff.json", of::<DiffDocument>()),
        ("doctor.json", of::<DoctorDocument>()),
        ("history.json", of::<HistoryDocument>()),
        ("journal.json", of::<JournalDocument>()),
        ("plan.json", of::<PlanDocument>()),
        ("rotation.json", of::<RotationDocument>()),
        ("round.json", of::<RoundDocument>()),
        ("recipients.json", of::<RecipientsDocument>()),
        ("saved-plan.json", of::<crate::plan::SavedPlans>()),
        ("status.json", of::<StatusDocument>()),
        ("undo.json", of::<UndoDocument>()),
    ]
}

/// How the command ended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Exit", deny_unknown_fields)]
pub struct ExitJson {
    /// The exit code of the process.
    code: u8,
    /// The code as a word.
    outcome: OutcomeJson,
    /// Why.
    reason: String,
}

/// The exit codes as words.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Outcome")]
enum OutcomeJson {
    /// 0: clean, or done.
    Clean,
    /// 1: an error, or something unknown.
    Error,
    /// 2: there are differences.
    Differences,
    /// 3: refused, nothing written.
    Refused,
    /// 4: partly applied, or in doubt.
    Partial,
}

impl From<&Verdict> for ExitJson {
    fn from(verdict: &Verdict) -> Self {
        Self {
            code: verdict.exit.code(),
            outcome: match verdict.exit {
                Exit::Clean => OutcomeJson::Clean,
                Exit::Error => OutcomeJson::Error,
                Exit::Differences => OutcomeJson::Differences,
                Exit::Refused => OutcomeJson::Refused,
                Exit::Partial => OutcomeJson::Partial,
            },
            reason: verdict.reason.clone(),
        }
    }
}

/// The kind and version of a document, as the schema's constant.
fn tag(tag: &'static str) -> Schema {
    schemars::json_schema!({ "type": "string", "const": tag })
}

/// Ties a document's tag and the schema of its field together.
macro_rules! document_tag {
    ($tag:literal) => {
        const TAG: &str = $tag;
        fn tag_schema(
            _: &mut $crate::render::json::SchemaGenerator,
        ) -> $crate::render::json::Schema {
            $crate::render::json::tag(TAG)
        }
    };
}
use document_tag;
