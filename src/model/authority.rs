//! What a manifest may make us do, without its values: kept beside the last apply, so that the next
//! plan can say what was widened.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{KeyId, Rails, Reconciling, TargetName, VarName};

/// The facts of one manifest revision that decide where secrets go and who may read them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityFacts {
    /// The key id of its header.
    pub key_id: Option<KeyId>,
    /// The recipients, sorted.
    pub recipients: BTreeSet<String>,
    /// Names marked `protected`.
    pub protected: BTreeSet<VarName>,
    /// Names declared in clear.
    pub clear: BTreeSet<VarName>,
    /// The commands that make new values, by variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recipes: BTreeMap<VarName, String>,
    /// By target.
    pub targets: BTreeMap<TargetName, TargetFacts>,
}

/// The part of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFacts {
    /// Platform and address as people read them, for example `file vps:/srv/app/.env`.
    pub destination: String,
    /// The format of a file, where there is one.
    pub format: Option<String>,
    /// Each declared secret whose value reaches this target, by itself or in a template.
    pub secrets: BTreeSet<VarName>,
    /// Each reference of the platform (`${{service.NAME}}`) in what this target gets: what it stands
    /// for may be a secret of another target.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub references: BTreeSet<String>,
    /// Names on this target, after renaming, whose variables are marked `protected`.
    #[serde(default)]
    pub protected: BTreeSet<VarName>,
    /// What is run to put its values in force; `None` if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<String>,
    /// The process that is looked at, where that is not the one that the activation names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// What its probes send where, and run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub probes: BTreeSet<String>,
    /// Whether it is pruned.
    pub prune: bool,
    /// Its limits.
    pub rails: Rails,
    /// What scheduled runs may do to it, and when; not how often they look.
    #[serde(default, skip_serializing_if = "Reconciling::is_default")]
    pub reconciling: Reconciling,
}
