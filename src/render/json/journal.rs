//! `journal/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::reconcile::event::{self, Verdict};

document_tag!("journal/1");

/// Where the journal is, and what it holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "JournalDocument", deny_unknown_fields)]
pub struct JournalDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    /// A file, or `git REMOTE (REF)`.
    place: String,
    manifests: Vec<ManifestJson>,
    /// What people should know of it, for example that the remote cannot be reached.
    notes: Vec<String>,
}

impl JournalDocument {
    /// Of one journal.
    pub fn new(report: &event::JournalReport, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            place: report.place.clone(),
            manifests: report.manifests.iter().map(ManifestJson::from).collect(),
            notes: report.notes.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "JournalManifest", deny_unknown_fields)]
struct ManifestJson {
    manifest: String,
    /// The number of the newest receipt; 0 if there is none.
    receipts: u64,
    /// RFC 3339: when the newest receipt was written.
    at: Option<String>,
    who: Option<String>,
    /// Who has the lease.
    holder: Option<String>,
}

impl From<&event::JournalEntry> for ManifestJson {
    fn from(of: &event::JournalEntry) -> Self {
        let newest = of.newest.as_ref();
        Self {
            manifest: of.manifest.clone(),
            receipts: of.receipts,
            at: newest.map(|(at, _)| at.to_string()),
            who: newest.map(|(_, who)| who.clone()),
            holder: of.holder.clone(),
        }
    }
}
