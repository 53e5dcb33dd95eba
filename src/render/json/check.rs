//! `check/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::model::{CheckKind, Finding, Severity, Unchecked};
use crate::reconcile::event::Verdict;
use crate::render::report::{Checked, CheckedFile};

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
    pub fn new(checked: &Checked, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            files: checked.files.iter().map(FileJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "File", deny_unknown_fields)]
struct FileJson {
    path: String,
    /// What was asked of it.
    kinds: Vec<KindJson>,
    /// By position.
    diagnostics: Vec<DiagnosticJson>,
    /// What could not be looked at: never the same as being in order.
    skipped: Vec<SkippedJson>,
}

impl From<&CheckedFile> for FileJson {
    fn from(of: &CheckedFile) -> Self {
        Self {
            path: of.path.clone(),
            kinds: of.kinds.iter().copied().map(KindJson::from).collect(),
            diagnostics: of.sorted().into_iter().map(DiagnosticJson::from).collect(),
            skipped: of.unchecked.iter().map(SkippedJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Skipped", deny_unknown_fields)]
struct SkippedJson {
    kind: KindJson,
    /// Why.
    reason: String,
}

impl From<&Unchecked> for SkippedJson {
    fn from(of: &Unchecked) -> Self {
        Self {
            kind: of.kind.into(),
            reason: of.why.clone(),
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
    /// What it is about.
    kind: KindJson,
    /// A stable word for scripts.
    code: String,
    /// The variable, the target, or `VARIABLE@TARGET`, where there is one.
    subject: Option<String>,
    message: String,
    help: Option<String>,
}

impl From<&Finding> for DiagnosticJson {
    fn from(of: &Finding) -> Self {
        let diagnostic = &of.diagnostic;
        Self {
            line: diagnostic.position.line,
            column: diagnostic.position.column,
            severity: match diagnostic.severity {
                Severity::Error => SeverityJson::Error,
                Severity::Warning => SeverityJson::Warning,
            },
            kind: of.kind.into(),
            code: diagnostic.code.to_owned(),
            subject: of.subject.clone(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Kind")]
enum KindJson {
    Manifest,
    Keys,
    Recipients,
    Lint,
    Expiry,
    Drift,
}

impl From<CheckKind> for KindJson {
    fn from(kind: CheckKind) -> Self {
        match kind {
            CheckKind::Manifest => Self::Manifest,
            CheckKind::Keys => Self::Keys,
            CheckKind::Recipients => Self::Recipients,
            CheckKind::Lint => Self::Lint,
            CheckKind::Expiry => Self::Expiry,
            CheckKind::Drift => Self::Drift,
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
