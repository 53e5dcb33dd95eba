//! `undo/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::reconcile::event::{self, Verdict};

document_tag!("undo/1");

/// Which receipts can be undone, newest first. No values.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "UndoDocument", deny_unknown_fields)]
pub struct UndoDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    manifest: String,
    receipts: Vec<ReceiptJson>,
}

impl UndoDocument {
    /// Of one list.
    pub fn new(list: &event::UndoList, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            manifest: list.manifest.clone(),
            receipts: list.entries.iter().map(ReceiptJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Receipt", deny_unknown_fields)]
struct ReceiptJson {
    receipt: u64,
    target: String,
    /// RFC 3339: when it was applied.
    at: String,
    /// RFC 3339: until when it is kept, at the longest.
    until: String,
    who: Option<String>,
    /// Why it cannot be undone all the same.
    trouble: Option<String>,
    variables: Vec<VarJson>,
}

impl From<&event::UndoEntry> for ReceiptJson {
    fn from(of: &event::UndoEntry) -> Self {
        Self {
            receipt: of.receipt,
            target: of.target.to_string(),
            at: of.at.to_string(),
            until: of.until.to_string(),
            who: of.who.clone(),
            trouble: of.trouble.clone(),
            variables: of.vars.iter().map(VarJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Variable", deny_unknown_fields)]
struct VarJson {
    name: String,
    kept: KeptJson,
    /// Why nothing is kept.
    why: Option<String>,
}

impl From<&event::UndoVar> for VarJson {
    fn from(of: &event::UndoVar) -> Self {
        Self {
            name: of.name.to_string(),
            kept: match of.kept {
                event::UndoKept::Value => KeptJson::Value,
                event::UndoKept::Absent => KeptJson::Absent,
                event::UndoKept::Not => KeptJson::Not,
            },
            why: of.why.clone(),
        }
    }
}

/// What is kept of a former value.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Kept")]
enum KeptJson {
    /// The value.
    Value,
    /// That it was not there.
    Absent,
    /// Nothing.
    Not,
}
