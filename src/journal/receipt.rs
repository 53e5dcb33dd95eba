//! What is written down: intents before, receipts after, observations between.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Fingerprint, ManifestName, Sensitivity, TargetName, VarName};

/// The number of a receipt in its scope, from 1, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReceiptId(pub u64);

/// Names an apply that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub(super) i64);

/// What is about to be written to one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The manifest.
    pub manifest: ManifestName,
    /// The target.
    pub target: TargetName,
    /// What it is recorded under, `Target.place`.
    pub place: String,
    /// When.
    pub at: Timestamp,
    /// User and machine.
    pub who: String,
    /// The commit, if the manifest came from one.
    pub revision: Option<String>,
    /// The plan.
    pub plan_id: String,
    /// What is to be done; outcomes are not known yet.
    pub vars: BTreeMap<VarName, IntendedVar>,
}

/// One variable of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntendedVar {
    /// What is to be done.
    pub action: VarAction,
    /// The value before.
    pub before: Option<Fingerprint>,
    /// The value after.
    pub after: Option<Fingerprint>,
}

/// The record of one apply on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The manifest.
    pub manifest: ManifestName,
    /// The target.
    pub target: TargetName,
    /// What it is recorded under, `Target.place`.
    pub place: String,
    /// What the platform calls the place beyond its address.
    pub identity: String,
    /// When, by this machine's clock.
    pub at: Timestamp,
    /// User and machine.
    pub who: String,
    /// The commit, if the manifest came from one.
    pub revision: Option<String>,
    /// The plan.
    pub plan_id: String,
    /// How the whole ended.
    pub outcome: ReceiptOutcome,
    /// By name on the target; only variables that this apply dealt with.
    pub vars: BTreeMap<VarName, VarReceipt>,
    /// What made the values the running ones, if anything did.
    pub activated: Option<Activated>,
}

/// How an apply on one target ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptOutcome {
    /// All of it was done.
    Applied,
    /// Some of it was done.
    Partial,
    /// Some of it may have been done.
    InDoubt,
    /// Nothing was written: values were found equal, or adopted.
    Recorded,
    /// Former values were put back.
    Undone,
}

/// One variable of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VarReceipt {
    /// What was to be done.
    pub action: VarAction,
    /// The value before; `None` where absent or not known.
    pub before: Option<Fingerprint>,
    /// The value after; `None` where deleted, or where no fingerprint may be stored.
    pub after: Option<Fingerprint>,
    /// The sequence of the value.
    pub sequence: Option<u64>,
    /// The variable as the manifest declares it.
    pub declared: Option<VarName>,
    /// Whether it is clear.
    pub sensitivity: Sensitivity,
    /// The platform's own time stamp of the variable after the write, where it has one.
    pub platform_changed_at: Option<Timestamp>,
    /// It was written empty, and read back as absent: the platform keeps no empty values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
    /// How it ended.
    pub outcome: VarOutcome,
}

/// What an apply does with a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VarAction {
    /// Create or overwrite.
    Set,
    /// Delete; as a record without a write: found absent.
    Delete,
    /// Found equal.
    Record,
    /// The live value is taken as known.
    Adopt,
}

/// How it ended for one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VarOutcome {
    /// The platform has it, and it was read back where that is possible.
    Done,
    /// Nothing was written for it.
    Refused,
    /// It may or may not have been written.
    InDoubt,
}

/// The restart or redeploy after an apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activated {
    /// The kind, for example `command` or `deploy`; never a command line.
    pub how: String,
    /// Whether it worked.
    pub succeeded: bool,
}

impl Activated {
    /// What [`Activated::how`] says of what a platform does by itself.
    pub const DEPLOY: &'static str = "deploy";

    /// Whether the platform did it by itself: then it also says itself what runs.
    pub fn is_deploy(&self) -> bool {
        self.how == Self::DEPLOY
    }
}

/// What one machine saw of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The target.
    pub target: TargetName,
    /// What it is recorded under there.
    pub place: String,
    /// The machine.
    pub machine: String,
    /// When.
    pub at: Timestamp,
    /// Whether the target could be read; if not, nothing is known of its variables.
    pub readable: bool,
    /// By name on the target; only what was wanted or recorded there, never a stranger's.
    pub vars: BTreeMap<VarName, Sighting>,
}

/// One variable of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// How it compared with what was wanted then.
    pub was: Was,
    /// The live value, where there was one to read.
    pub live: Option<Fingerprint>,
}

/// How a variable compared with what was wanted when it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Was {
    /// As wanted.
    Equal,
    /// Another value, or not wanted at all.
    Differs,
    /// Wanted, and not there.
    Missing,
    /// One side could not be read.
    Unknown,
}

/// What is kept of the observations of one scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations {
    /// Those that verify: of each target the newest of each machine.
    pub known: Vec<Observation>,
    /// Targets that were seen under a key that is not at hand.
    pub other_key: BTreeSet<TargetName>,
}
