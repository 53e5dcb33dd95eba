//! Declared variables.

use schemars::JsonSchema;
use serde::Serialize;

use super::StateJson;
use crate::plan::Glimpse;
use crate::review::{Earlier, MetaChange, Sealing, ValueChange, VariableChange};

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffVariable", deny_unknown_fields)]
pub(super) struct VariableJson {
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
pub(super) enum ValueJson {
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
pub(super) struct SealingJson {
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
pub(super) struct MetaJson {
    /// In words.
    what: String,
    before: Option<String>,
    after: Option<String>,
}

impl From<&MetaChange> for MetaJson {
    fn from(of: &MetaChange) -> Self {
        Self {
            what: of.what.to_owned(),
            before: of.before.clone(),
            after: of.after.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DiffEarlier", deny_unknown_fields)]
pub(super) struct EarlierJson {
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
