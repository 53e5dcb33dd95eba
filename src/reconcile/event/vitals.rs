//! How a scheduled run is doing, as plain data: what metrics, health checks and `status` read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{AlertClass, ManifestName, Mode, TargetName};
use crate::plan::Class;

/// Everything there is to know about a reconciler that runs. Counters only rise while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When its loop last turned: long ago means that it hangs.
    pub beat_at: Option<Timestamp>,
    /// Whether every target was looked at once, however that ended.
    pub first_round: bool,
    /// Whether it is about to end.
    pub stopping: bool,
    /// By manifest and target.
    pub targets: BTreeMap<(ManifestName, TargetName), TargetVitals>,
    /// By manifest.
    pub manifests: BTreeMap<ManifestName, ManifestVitals>,
    /// By sink.
    pub sinks: BTreeMap<String, SinkVitals>,
    /// Requests sent, by platform.
    pub requests: BTreeMap<String, u64>,
    /// Requests that waited because a budget was used up, by platform.
    pub throttled: BTreeMap<String, u64>,
}

/// One target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetVitals {
    /// What may be done to it.
    pub mode: Mode,
    /// Looks that ended, well or not.
    pub looks: u64,
    /// Looks that failed.
    pub failures: u64,
    /// Failures since the last look that did not fail.
    pub failing: u32,
    /// When it was last read whole.
    pub read_at: Option<Timestamp>,
    /// How long the last look took, in milliseconds.
    pub look_ms: u64,
    /// Variables by class, at the last look that did not fail.
    pub variables: BTreeMap<Class, u64>,
    /// Values written by scheduled applies, heals among them.
    pub writes: u64,
    /// Values put back.
    pub heals: u64,
}

/// One manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestVitals {
    /// The commit that is watched, where there is one.
    pub revision: Option<String>,
    /// Since when it could not be loaded or opened; the last good one is watched meanwhile.
    pub broken_since: Option<Timestamp>,
    /// Alerts that are open, by class.
    pub open: BTreeMap<AlertClass, u64>,
    /// The nearest date at which a value ends.
    pub expires_at: Option<Timestamp>,
}

/// One sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkVitals {
    /// Messages delivered.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Events that wait.
    pub waiting: u64,
    /// When something was last delivered.
    pub delivered_at: Option<Timestamp>,
}
