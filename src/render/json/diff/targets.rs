//! Targets, and what each gets otherwise.

use schemars::JsonSchema;
use serde::Serialize;

use super::StateJson;
use crate::plan::Glimpse;
use crate::review::{TargetChange, UseChange, UseKind};

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffTarget", deny_unknown_fields)]
pub(super) struct TargetJson {
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
pub(super) struct UseJson {
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
pub(super) enum UseKindJson {
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
