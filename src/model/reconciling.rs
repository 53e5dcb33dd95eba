//! What a scheduled run may do to a target, and when.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a scheduled run does where live differs from desired. The stricter of two is the lesser one.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Looks and tells.
    #[default]
    Observe,
    /// Also writes what the manifest changed.
    Apply,
    /// Also puts back what somebody changed on the platform.
    Heal,
}

/// How one target takes part in scheduled runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciling {
    /// What may be done.
    pub mode: Mode,
    /// How often it is looked at, where the manifest says so.
    pub every: Option<Duration>,
}
