//! `diff/1`.

mod keys;
mod targets;
mod variables;

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::model::{Diagnostic, Severity};
use crate::plan::Authority;
use crate::reconcile::event::Verdict;
use crate::render::review_words as said;
use crate::review::{Comparison, End, Review, Sight, State, Totals, Unreadable};

use keys::KeyJson;
use targets::TargetJson;
use variables::VariableJson;

document_tag!("diff/1");

/// What a change of the manifests means.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffDocument", deny_unknown_fields)]
pub struct DiffDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    base: EndJson,
    head: EndJson,
    totals: TotalsJson,
    /// Manifests that differ, by path.
    manifests: Vec<ManifestJson>,
    /// Manifests that are the same on both sides.
    equal: usize,
    /// Files that cannot be read on one side: nothing is said of them.
    unreadable: Vec<UnreadableJson>,
}

impl DiffDocument {
    /// Of one comparison.
    pub fn new(of: &Comparison, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            base: (&of.base).into(),
            head: (&of.head).into(),
            totals: of.totals().into(),
            manifests: of.reviews.iter().map(ManifestJson::from).collect(),
            equal: of.equal,
            unreadable: of.unreadable.iter().map(UnreadableJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffEnd", deny_unknown_fields)]
struct EndJson {
    /// As it was asked for; `null` for the files as they are.
    revision: Option<String>,
    /// The commit in full; `null` for the files as they are.
    commit: Option<String>,
}

impl From<&End> for EndJson {
    fn from(of: &End) -> Self {
        Self {
            revision: of.revision.clone(),
            commit: of.commit.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffTotals", deny_unknown_fields)]
struct TotalsJson {
    /// Declared variables with another value.
    changed: usize,
    added: usize,
    removed: usize,
    renamed: usize,
    /// Encrypted anew with the same value.
    resealed: usize,
    /// Encrypted anew, value not known.
    unknown: usize,
    /// With other metadata or targets only.
    other: usize,
    /// Targets that get something otherwise, or are new or gone.
    targets: usize,
    authority: usize,
}

impl From<Totals> for TotalsJson {
    fn from(of: Totals) -> Self {
        Self {
            changed: of.changed,
            added: of.added,
            removed: of.removed,
            renamed: of.renamed,
            resealed: of.resealed,
            unknown: of.unknown,
            other: of.other,
            targets: of.targets,
            authority: of.authority,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffUnreadable", deny_unknown_fields)]
struct UnreadableJson {
    path: String,
    /// `base` or `head`.
    side: String,
    problems: Vec<ProblemJson>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffProblem", deny_unknown_fields)]
struct ProblemJson {
    /// From 1; 0 where the whole file is meant.
    line: u32,
    /// From 1, in characters; 0 where the whole file is meant.
    column: u32,
    is_error: bool,
    code: String,
    message: String,
}

impl From<&Unreadable> for UnreadableJson {
    fn from(of: &Unreadable) -> Self {
        let problem = |one: &Diagnostic| ProblemJson {
            line: one.position.line,
            column: one.position.column,
            is_error: one.severity == Severity::Error,
            code: one.code.to_owned(),
            message: one.message.clone(),
        };
        Self {
            path: of.path.clone(),
            side: of.side.to_owned(),
            problems: of.diagnostics.iter().map(problem).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffManifest", deny_unknown_fields)]
struct ManifestJson {
    path: String,
    /// Where the file was, if it moved.
    was_path: Option<String>,
    manifest: String,
    /// What it was named, if that changed.
    was_manifest: Option<String>,
    state: StateJson,
    /// Whether the secrets of both sides could be compared; where not, why not.
    not_compared: Option<String>,
    /// Whether something of either side is open, sealed or clear.
    base: Option<SightJson>,
    head: Option<SightJson>,
    /// What this revision may do that the base could not.
    authority: Vec<Authority>,
    /// What happened to the file key and the list of its readers.
    keys: Vec<KeyJson>,
    variables: Vec<VariableJson>,
    targets: Vec<TargetJson>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "DiffState")]
enum StateJson {
    Added,
    Changed,
    Removed,
}

impl From<State> for StateJson {
    fn from(of: State) -> Self {
        match of {
            State::Added => Self::Added,
            State::Changed => Self::Changed,
            State::Removed => Self::Removed,
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "DiffSight")]
enum SightJson {
    /// Nothing in it is encrypted.
    Clear,
    /// An identity fitted.
    Open,
    /// No identity fitted: values are not known.
    Locked,
    /// It could not be opened for another reason.
    Sealed,
}

impl From<&Sight> for SightJson {
    fn from(of: &Sight) -> Self {
        match of {
            Sight::Clear => Self::Clear,
            Sight::Open => Self::Open,
            Sight::Locked => Self::Locked,
            Sight::Sealed(_) => Self::Sealed,
        }
    }
}

impl From<&Review> for ManifestJson {
    fn from(of: &Review) -> Self {
        Self {
            path: of.path.clone(),
            was_path: of.was_path.clone(),
            manifest: of.manifest.to_string(),
            was_manifest: of.was_manifest.as_ref().map(ToString::to_string),
            state: of.state.into(),
            not_compared: said::sight(of).map(|said| said.text()),
            base: of.base.as_ref().map(SightJson::from),
            head: of.head.as_ref().map(SightJson::from),
            authority: of.authority.clone(),
            keys: of.keys.iter().map(KeyJson::from).collect(),
            variables: of.variables.iter().map(VariableJson::from).collect(),
            targets: of.targets.iter().map(TargetJson::from).collect(),
            notes: of.notes.clone(),
        }
    }
}
