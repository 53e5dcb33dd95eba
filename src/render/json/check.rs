//! `check/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::model::{Diagnostic, Severity};
use crate::reconcile::event::Verdict;
use crate::render::text::CheckedFile;

document_tag!("check/1");

/// What is wrong with the manifests.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "CheckDocument", deny_unknown_fields)]
pub struct CheckDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    files: Vec<FileJson>,
}

impl CheckDocument {
    /// Of the manifests of one run.
    pub fn new(files: &[CheckedFile<'_>], verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            files: files.iter().map(FileJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "File", deny_unknown_fields)]
struct FileJson {
    path: String,
    /// By position.
    diagnostics: Vec<DiagnosticJson>,
}

impl From<&CheckedFile<'_>> for FileJson {
    fn from(of: &CheckedFile<'_>) -> Self {
        let mut sorted: Vec<&Diagnostic> = of.diagnostics.iter().collect();
        sorted.sort();
        Self {
            path: of.path.to_owned(),
            diagnostics: sorted.into_iter().map(DiagnosticJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Diagnostic", deny_unknown_fields)]
struct DiagnosticJson {
    /// From 1; 0 where the whole file is meant.
    line: u32,
    /// From 1, in characters; 0 where the whole line or file is meant.
    column: u32,
    severity: SeverityJson,
    /// A stable word for scripts.
    code: String,
    message: String,
    help: Option<String>,
}

impl From<&Diagnostic> for DiagnosticJson {
    fn from(of: &Diagnostic) -> Self {
        Self {
            line: of.position.line,
            column: of.position.column,
            severity: match of.severity {
                Severity::Error => SeverityJson::Error,
                Severity::Warning => SeverityJson::Warning,
            },
            code: of.code.to_owned(),
            message: of.message.clone(),
            help: of.help.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Severity")]
enum SeverityJson {
    Error,
    Warning,
}
