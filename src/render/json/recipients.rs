//! `recipients/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::model::{Finding, Severity};
use crate::reconcile::event::{self, Verdict};

document_tag!("recipients/1");

/// Who may read which manifest, and what of that was proved.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RecipientsDocument", deny_unknown_fields)]
pub struct RecipientsDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    /// Whether everything was to be proved (`verify`), also that each value opens.
    proves: bool,
    manifests: Vec<ManifestJson>,
}

impl RecipientsDocument {
    /// Of the manifests of one run.
    pub fn new(report: &event::RecipientsReport, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            proves: report.proves,
            manifests: report.manifests.iter().map(ManifestJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Manifest", deny_unknown_fields)]
struct ManifestJson {
    path: String,
    /// What its values are bound to; `null` where it does not parse.
    name: Option<String>,
    /// The id of its file key, 32 hex digits; `null` where nothing is encrypted.
    key: Option<String>,
    /// Since when that key is in use; `null` where the history does not say.
    key_since: Option<SinceJson>,
    /// What opened it; `null` where nothing did.
    identity: Option<String>,
    /// Whether a reader signed the list as it is; `null` where nobody could look.
    signed: Option<bool>,
    /// Whether the header is for exactly the list, as far as can be seen; `null` without a header.
    fits: Option<bool>,
    readers: Vec<ReaderJson>,
    values: ValuesJson,
    /// What is wrong, by position.
    findings: Vec<FindingJson>,
    /// What could not be looked at, and why: never the same as being in order.
    unchecked: Vec<String>,
}

impl From<&event::ReadersOf> for ManifestJson {
    fn from(of: &event::ReadersOf) -> Self {
        let unchecked = of.unchecked.iter();
        Self {
            path: of.path.display().to_string(),
            name: of.name.clone(),
            key: of.key.map(String::from),
            key_since: of.key_since.as_ref().map(SinceJson::from),
            identity: of.identity.clone(),
            signed: of.signed,
            fits: of.fits,
            readers: of.readers.iter().map(ReaderJson::from).collect(),
            values: ValuesJson {
                encrypted: of.values.total,
                open: of.values.open,
                waiting: of.values.waiting,
            },
            findings: of.findings.iter().map(FindingJson::from).collect(),
            unchecked: unchecked
                .map(|one| format!("{}: {}", one.kind.word(), one.why))
                .collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Reader", deny_unknown_fields)]
struct ReaderJson {
    /// The comment behind its key.
    name: Option<String>,
    /// `X25519`, `ssh-ed25519`, `ssh-rsa`, `p256tag`, `mlkem768p256tag` or `plugin NAME`.
    kind: String,
    /// The public key.
    key: String,
    /// `SHA256:…` as `ssh-keygen -l` prints it; `null` for other keys.
    fingerprint: Option<String>,
    /// Whether its identity is here; `null` where that cannot be told from a file.
    yours: Option<bool>,
    /// The line of the manifest, from 1.
    line: u32,
    /// Since when it is listed; `null` where the history does not say.
    since: Option<SinceJson>,
}

impl From<&event::Reader> for ReaderJson {
    fn from(of: &event::Reader) -> Self {
        Self {
            name: of.name.clone(),
            kind: of.kind.clone(),
            key: of.key.clone(),
            fingerprint: of.fingerprint.clone(),
            yours: of.yours,
            line: of.line,
            since: of.since.as_ref().map(SinceJson::from),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Since", deny_unknown_fields)]
struct SinceJson {
    /// The full commit id.
    commit: String,
    /// RFC 3339: when it was committed.
    at: String,
    /// Whether it may be longer, since the history that is there does not go back any further.
    or_longer: bool,
}

impl From<&event::ListedSince> for SinceJson {
    fn from(of: &event::ListedSince) -> Self {
        Self {
            commit: of.commit.clone(),
            at: of.at.to_string(),
            or_longer: of.or_longer,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Values", deny_unknown_fields)]
struct ValuesJson {
    /// How many there are.
    encrypted: usize,
    /// How many opened; `null` where that was not tried.
    open: Option<usize>,
    /// How many were written without the key and wait for a reader.
    waiting: usize,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RecipientsFinding", deny_unknown_fields)]
struct FindingJson {
    severity: SeverityJson,
    /// A stable word, as `check` has it.
    code: String,
    /// From 1; 0 where the whole file is meant.
    line: u32,
    message: String,
    /// What to do.
    help: Option<String>,
}

impl From<&Finding> for FindingJson {
    fn from(of: &Finding) -> Self {
        let one = &of.diagnostic;
        Self {
            severity: match one.severity {
                Severity::Error => SeverityJson::Error,
                Severity::Warning => SeverityJson::Warning,
            },
            code: one.code.to_owned(),
            line: one.position.line,
            message: one.message.clone(),
            help: one.help.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "RecipientsSeverity")]
enum SeverityJson {
    Error,
    Warning,
}
