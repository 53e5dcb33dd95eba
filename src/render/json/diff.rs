//! `diff/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::model::{Diagnostic, Severity};
use crate::plan::{Authority, Glimpse};
use crate::reconcile::event::Verdict;
use crate::render::review_words as said;
use crate::review::{
    Comparison, Earlier, End, KeyFinding, Review, Sealing, Sight, State, TargetChange, Totals,
    Unreadable, UseChange, UseKind, ValueChange, VariableChange,
};

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

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffKey", deny_unknown_fields)]
struct KeyJson {
    is: KeyKindJson,
    /// The former key id, 32 hex digits.
    from: Option<String>,
    /// The new key id, 32 hex digits.
    to: Option<String>,
    /// Whether a reader of the former key made the new one; `null` where that is not known.
    vouched: Option<bool>,
    /// In words.
    what: String,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "DiffKeyKind")]
enum KeyKindJson {
    /// The recipients list is not the one that a reader signed.
    Unsigned,
    /// Another file key.
    Rekeyed,
    /// The first one.
    First,
    /// None any more.
    Dropped,
    /// The same, wrapped anew.
    Rewrapped,
}

impl From<&KeyFinding> for KeyJson {
    fn from(of: &KeyFinding) -> Self {
        let (is, from, to, vouched) = match of {
            KeyFinding::Unsigned => (KeyKindJson::Unsigned, None, None, None),
            KeyFinding::Rekeyed { from, to, vouched } => {
                (KeyKindJson::Rekeyed, Some(from), Some(to), *vouched)
            }
            KeyFinding::FirstKey(id) => (KeyKindJson::First, None, Some(id), None),
            KeyFinding::KeyDropped(id) => (KeyKindJson::Dropped, Some(id), None, None),
            KeyFinding::Rewrapped => (KeyKindJson::Rewrapped, None, None, None),
        };
        Self {
            is,
            from: from.map(ToString::to_string),
            to: to.map(ToString::to_string),
            vouched,
            what: said::key(of).text(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffVariable", deny_unknown_fields)]
struct VariableJson {
    name: String,
    /// Its former name, where it has another now.
    was: Option<String>,
    state: StateJson,
    value: ValueJson,
    before: Glimpse,
    after: Glimpse,
    sealing: Option<SealingJson>,
    meta: Vec<MetaJson>,
    /// Targets that get it now and did not.
    gained: Vec<String>,
    /// Targets that got it and do not now.
    lost: Vec<String>,
    /// Targets that get it on both sides.
    kept: Vec<String>,
    /// A revision that had this value before.
    earlier: Option<EarlierJson>,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "DiffValue")]
enum ValueJson {
    /// It was a secret, and is in clear now.
    BecameClear,
    /// It was in clear, and is a secret now; whether with another value is not known.
    BecameSecret,
    /// The same, with the value that it had in clear.
    BecameSecretWithTheSameValue,
    /// The same, with another value.
    BecameSecretWithAnotherValue,
    Changed,
    /// Encrypted anew: whether with another value is not known.
    SealedAnew,
    /// Encrypted anew, the same value.
    SealedAnewTheSame,
    Template,
    /// A value became a template, or a template a value.
    Source,
    /// It is on one side only.
    OneSide,
    Same,
}

impl From<ValueChange> for ValueJson {
    fn from(of: ValueChange) -> Self {
        match of {
            ValueChange::BecameClear => Self::BecameClear,
            ValueChange::BecameSecret { same: None } => Self::BecameSecret,
            ValueChange::BecameSecret { same: Some(true) } => Self::BecameSecretWithTheSameValue,
            ValueChange::BecameSecret { same: Some(false) } => Self::BecameSecretWithAnotherValue,
            ValueChange::Changed => Self::Changed,
            ValueChange::SealedUnknown => Self::SealedAnew,
            ValueChange::SealedSame => Self::SealedAnewTheSame,
            ValueChange::Template => Self::Template,
            ValueChange::Source => Self::Source,
            ValueChange::New => Self::OneSide,
            ValueChange::Same => Self::Same,
        }
    }
}

impl From<&VariableChange> for VariableJson {
    fn from(of: &VariableChange) -> Self {
        let names =
            |list: &[crate::model::TargetName]| list.iter().map(ToString::to_string).collect();
        Self {
            name: of.name.to_string(),
            was: of.was.as_ref().map(ToString::to_string),
            state: of.state.into(),
            value: of.value.into(),
            before: of.before.clone(),
            after: of.after.clone(),
            sealing: of.sealing.as_ref().map(SealingJson::from),
            meta: of.meta.iter().map(MetaJson::from).collect(),
            gained: names(&of.gained),
            lost: names(&of.lost),
            kept: names(&of.kept),
            earlier: of.earlier.as_ref().map(EarlierJson::from),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffSealing", deny_unknown_fields)]
struct SealingJson {
    /// The first 6 hex digits of the former key's id.
    key_before: Option<String>,
    /// The first 6 hex digits of the new key's id.
    key_after: Option<String>,
    /// How often it had been sealed; `null` without an identity.
    sequence_before: Option<u64>,
    sequence_after: Option<u64>,
    /// RFC 3339.
    sealed_at: Option<String>,
    /// Sealed before the one that it replaces.
    is_rollback: bool,
    /// Written without the key.
    is_unauthenticated: bool,
    /// Was written without the key, and a reader accepted it.
    was_accepted: bool,
}

impl From<&Sealing> for SealingJson {
    fn from(of: &Sealing) -> Self {
        Self {
            key_before: of.keys.0.clone(),
            key_after: of.keys.1.clone(),
            sequence_before: of.sequences.0,
            sequence_after: of.sequences.1,
            sealed_at: of.sealed_at.map(|at| at.to_string()),
            is_rollback: of.is_rollback(),
            is_unauthenticated: of.unauthenticated,
            was_accepted: of.accepted,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffMeta", deny_unknown_fields)]
struct MetaJson {
    /// In words.
    what: String,
    before: Option<String>,
    after: Option<String>,
}

impl From<&crate::review::MetaChange> for MetaJson {
    fn from(of: &crate::review::MetaChange) -> Self {
        Self {
            what: of.what.to_owned(),
            before: of.before.clone(),
            after: of.after.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffEarlier", deny_unknown_fields)]
struct EarlierJson {
    /// The newest commit that had it, in full.
    commit: String,
    /// RFC 3339.
    at: String,
}

impl From<&Earlier> for EarlierJson {
    fn from(of: &Earlier) -> Self {
        Self {
            commit: of.commit.clone(),
            at: of.at.to_string(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffTarget", deny_unknown_fields)]
struct TargetJson {
    target: String,
    /// Its former name, where the same place has another now.
    was: Option<String>,
    state: StateJson,
    place: String,
    uses: Vec<UseJson>,
    /// Settings that are no authority, in words.
    settings: Vec<String>,
}

impl From<&TargetChange> for TargetJson {
    fn from(of: &TargetChange) -> Self {
        Self {
            target: of.target.to_string(),
            was: of.was.as_ref().map(ToString::to_string),
            state: of.state.into(),
            place: of.place.clone(),
            uses: of.uses.iter().map(UseJson::from).collect(),
            settings: of.settings.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffUse", deny_unknown_fields)]
struct UseJson {
    /// The name on the target.
    name: String,
    /// Its former name there.
    was: Option<String>,
    is: UseKindJson,
    /// The other target of a variable that moved between them.
    other: Option<String>,
    /// Whether the next apply deletes it there.
    pruned: bool,
    before: Glimpse,
    after: Glimpse,
    /// Declared variables that changed and that it is made from.
    through: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "DiffUseKind")]
enum UseKindJson {
    Added,
    Removed,
    Renamed,
    Changed,
    /// Made from something that was encrypted anew: another value or the same.
    SealedAnew,
}

impl From<&UseChange> for UseJson {
    fn from(of: &UseChange) -> Self {
        let (is, other) = match &of.kind {
            UseKind::Added { from } => (UseKindJson::Added, from.as_ref()),
            UseKind::Removed { to, .. } => (UseKindJson::Removed, to.as_ref()),
            UseKind::Renamed => (UseKindJson::Renamed, None),
            UseKind::Changed => (UseKindJson::Changed, None),
            UseKind::Unknown => (UseKindJson::SealedAnew, None),
        };
        Self {
            name: of.name.to_string(),
            was: of.was.as_ref().map(ToString::to_string),
            is,
            other: other.map(ToString::to_string),
            pruned: matches!(of.kind, UseKind::Removed { pruned: true, .. }),
            before: of.before.clone(),
            after: of.after.clone(),
            through: of.through.iter().map(ToString::to_string).collect(),
        }
    }
}
