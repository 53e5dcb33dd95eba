//! The plan as plain data. It holds names, reasons and fingerprints, never a secret.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    Behind, Expiring, Fingerprint, KeyId, ManifestName, PlatformKind, TargetName, VarName,
};

/// The words people see for a difference.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Desired equals live.
    InSync,
    /// Desired moved, or a first write.
    Change,
    /// Live moved.
    Drift,
    /// Both moved, or not ours to decide.
    Conflict,
    /// Live only, never ours.
    Unmanaged,
    /// Could not be read or decrypted.
    Unknown,
}

/// Why a variable is in its class. One row of the classification table each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Equal, and recorded as such.
    Equal,
    /// Equal, and not recorded as it is now (value, key, sequence, sensitivity): recorded by the
    /// next apply without a write. Also a record of a name that is neither wanted nor there.
    EqualUnrecorded,
    /// The manifest has a new value; the platform still holds what we applied.
    DesiredMoved,
    /// Somebody changed the platform; the manifest is as we applied it.
    ChangedOutside,
    /// Somebody deleted it from the platform; the manifest is as we applied it.
    RemovedOutside,
    /// The manifest and the platform both moved, to different values.
    BothMoved,
    /// Wanted, and not there.
    New,
    /// The target has no records, and holds another value: the first apply overwrites it.
    FirstTakeOver,
    /// The target has records, none of this variable, and holds another value.
    NotOurs,
    /// We applied it, no manifest names it any more, and the platform still holds what we applied.
    Prune,
    /// As `Prune`, but pruning is off for this target: reported only.
    PruneOff,
    /// We applied it, no manifest names it any more, but somebody changed it since.
    PruneChangedOutside,
    /// Live only, and never ours.
    NeverOurs,
    /// Records cannot be compared (re-key without the former key): two-way comparison only.
    CannotCompare,
    /// Adopted: the live value is recorded as known, nothing is written.
    Adopted,
    /// Sealed by the platform; desired moved since our record: will be written blind.
    SealedDesiredMoved,
    /// Sealed by the platform and unchanged since our apply.
    SealedUnchanged,
    /// Sealed by the platform and changed by someone after us.
    SealedChangedOutside,
    /// Sealed by the platform, and no record of ours: first take-over, written blind.
    SealedFirstTakeOver,
    /// Equal, but to be sealed on the platform, and it is not.
    NotSealed,
    /// Wanted empty and absent, as our last apply left it: the platform keeps no empty values.
    EmptyNotKept,
    /// Taken back: the former value, or its absence, is what an undo wants.
    GoingBack,
    /// Taken back, but it is no longer what the receipt left there.
    MovedSince,
    /// The target could not be read.
    Unreadable,
    /// This variable could not be read.
    VariableUnreadable,
    /// The desired value could not be decrypted.
    Undecryptable,
}

/// What apply would do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Nothing.
    None,
    /// Record the live value as known, without a write; where live is absent, forget the record.
    Record,
    /// Write a name that is not there.
    Create,
    /// Overwrite.
    Update,
    /// Delete.
    Delete,
}

/// A value as a plan may show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is", content = "of")]
pub enum Glimpse {
    /// Not there.
    Absent,
    /// The text: only where the manifest declares it clear now and it was clear when last applied.
    Text(String),
    /// A keyed fingerprint.
    Fingerprint(#[schemars(with = "String")] Fingerprint),
    /// There, but neither text nor fingerprint may or can be shown.
    Sealed,
    /// Not known.
    Unknown,
}

/// A fingerprint under a key that is not believed: whoever made that key could try values on it. Only
/// compared, never written or shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Unshown(pub(super) Fingerprint);

impl fmt::Debug for Unshown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unshown")
    }
}

/// Why an action waits, and what would let it go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Hold {
    /// The rail's name: `deletes`, `changes`, `would-be-empty`, `protected`, `empty`,
    /// `placeholder`, `ciphertext`, `private-key`, `expired`, `identity`, `vanished`, `claimed`, `new-key`,
    /// `recipients`,
    /// `rollback`, `unauthenticated`, `authority`, `take-over`, `conflict`, `unit`, `unrepresentable`,
    /// `drafts`,
    /// `mode`, `window`, `brake` (of scheduled runs),
    /// `unknown`, `prune` (switched on in this very revision), `not-selected`, `stale` (moved since it
    /// was approved in a file).
    pub rail: String,
    /// What is held and why: lower case, no final period, no values.
    pub why: String,
    /// The flag that lets it go, ready to paste; `None` where nothing on the command line does.
    pub release: Option<String>,
}

/// One variable of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Change {
    /// Its name on the target.
    #[schemars(with = "String")]
    pub name: VarName,
    /// Its name in the manifest's `variables`, where it has one.
    #[schemars(with = "Option<String>")]
    pub declared: Option<VarName>,
    /// The word.
    pub class: Class,
    /// The reason.
    pub reason: Reason,
    /// What apply would do if nothing held it.
    pub action: ActionKind,
    /// The live value.
    pub before: Glimpse,
    /// The desired value.
    pub after: Glimpse,
    /// The platform's time stamp of a live value that nobody can read: that it is the same one is all
    /// that can be insisted on.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub live_changed_at: Option<Timestamp>,
    /// Tells the live value from another one where its fingerprint may not be shown. It stays in the
    /// run that made the plan: a plan that was kept without it says nothing about the value.
    #[serde(skip)]
    pub live_unshown: Option<Unshown>,
    /// The desired value's sequence.
    pub sequence: Option<u64>,
    /// What holds the action back; empty if it will be done.
    pub holds: Vec<Hold>,
    /// A detail of the reason without values, for example why it could not be read.
    pub detail: Option<String>,
}

impl Change {
    /// Whether `--target` or `--only` left it out of this run.
    pub fn is_left_out(&self) -> bool {
        self.holds.iter().any(|hold| hold.rail == "not-selected")
    }

    /// Whether apply will do it.
    pub fn will_happen(&self) -> bool {
        self.action != ActionKind::None && self.holds.is_empty()
    }

    /// Whether apply will write it to the platform.
    pub fn will_write(&self) -> bool {
        self.will_happen() && self.action != ActionKind::Record
    }
}

/// How a target could be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum TargetState {
    /// Read whole.
    Read,
    /// Read partly; why.
    Partial {
        /// Why.
        reason: String,
    },
    /// Not read; why.
    Unknown {
        /// Why.
        reason: String,
        /// What to do.
        help: Option<String>,
    },
    /// Another machine's.
    Elsewhere {
        /// The machine.
        machine: String,
    },
}

/// The part of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TargetPlan {
    /// Its name.
    #[schemars(with = "String")]
    pub target: TargetName,
    /// The kind of place.
    pub platform: PlatformKind,
    /// The address as people read it.
    pub address: String,
    /// The dialect of a file.
    pub format: Option<String>,
    /// How it could be seen.
    pub state: TargetState,
    /// Whether it was ever recorded.
    pub recorded: bool,
    /// Sorted by name; what is in sync is here too, what is unmanaged is not.
    pub changes: Vec<Change>,
    /// Names that are live only and never ours: counted, never touched.
    pub unmanaged: usize,
    /// Edits that wait on the platform, prepared by somebody else.
    pub drafts: Vec<String>,
    /// What is stored, but not running.
    pub behind: Option<Behind>,
    /// Whether a write puts itself in force (deploys, restarts) unless it is told not to.
    pub activates: bool,
    /// What puts the target's values in force on its machine, where the manifest says so.
    #[serde(default)]
    pub activation: Option<PlannedActivation>,
    /// Findings about the place.
    pub notes: Vec<String>,
}

impl TargetPlan {
    /// Whether apply writes anything here.
    pub fn will_write(&self) -> bool {
        self.changes.iter().any(Change::will_write)
    }

    /// Whether apply restarts, loads or runs something on the target's machine.
    pub fn will_activate(&self) -> bool {
        self.activation
            .as_ref()
            .is_some_and(PlannedActivation::will_happen)
    }
}

/// What apply does on a target's machine, after all writes of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PlannedActivation {
    /// In words that follow "apply will": `restart app.service`.
    pub what: String,
    /// The machine, as people read it; `None` for this one.
    pub on: Option<String>,
    /// What calls for it; `None` if nothing does.
    pub because: Option<ActivationCause>,
    /// What holds it back.
    pub hold: Option<Hold>,
}

impl PlannedActivation {
    /// Whether apply will do it.
    pub fn will_happen(&self) -> bool {
        self.because.is_some() && self.hold.is_none()
    }

    /// Whether it is wanted although nothing is written: what is stored does not run.
    pub fn is_owed(&self) -> bool {
        matches!(
            self.because,
            Some(ActivationCause::Behind | ActivationCause::Pending { .. })
        )
    }
}

/// Why a target's values are to be put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum ActivationCause {
    /// Some of them are written by the same apply.
    Written,
    /// The running process was seen without what is stored.
    Behind,
    /// A former apply stored them and its activation failed, was left out or never ended.
    Pending {
        /// When it was stored.
        #[schemars(with = "Option<String>")]
        since: Option<Timestamp>,
    },
}

/// The kinds of widening that a manifest edit can bring.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorityKind {
    /// A new reader of the manifest's secrets.
    RecipientAdded,
    /// A reader less; what they have seen is still known to them.
    RecipientRemoved,
    /// A target that was not there.
    TargetAdded,
    /// A target goes to another place.
    DestinationChanged,
    /// A secret that was applied elsewhere now reaches one more target.
    SecretEdgeAdded,
    /// A limit was raised or dropped: counts one apply later.
    RailsLoosened,
    /// A variable is no longer `protected`: counts one apply later.
    ProtectedDropped,
    /// Pruning was switched on: counts one apply later.
    PruneEnabled,
    /// Scheduled runs may do more, or at more times: counts one apply later.
    ReconcilingLoosened,
    /// A secret is now in clear.
    SecretBecameClear,
    /// Another command, unit, job or container is run or looked at for a target.
    ActivationChanged,
    /// A probe sends something else, elsewhere, or runs another command.
    ProbeChanged,
    /// Another command makes the new values of a variable.
    RecipeChanged,
}

/// One widening since the last applied revision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Authority {
    /// What kind.
    pub kind: AuthorityKind,
    /// The target that it concerns, if one.
    #[schemars(with = "Option<String>")]
    pub target: Option<TargetName>,
    /// The variable that it concerns, if one.
    #[schemars(with = "Option<String>")]
    pub variable: Option<VarName>,
    /// In words: lower case, no final period, no values.
    pub what: String,
    /// Whether an unattended apply waits for `--allow authority@TARGET`.
    pub held: bool,
}

/// Names a plan: two plans with one id do the same. 64 hex digits.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct PlanId(pub String);

impl PlanId {
    /// The first 12 hex digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What would be done to the targets of one manifest, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Plan {
    /// The manifest's name.
    #[schemars(with = "String")]
    pub manifest: ManifestName,
    /// Its key id.
    #[schemars(with = "Option<String>")]
    pub key_id: Option<KeyId>,
    /// Names the plan.
    pub id: PlanId,
    /// What this revision may do that the last applied one could not; first in every report.
    pub authority: Vec<Authority>,
    /// In the manifest's order.
    pub targets: Vec<TargetPlan>,
    /// Dates of its variables that have passed or are near: of the run that made the plan, and no part
    /// of what is kept or named.
    #[serde(skip)]
    pub expiry: Vec<Expiring>,
}

/// Counts, over one plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Variables to create.
    pub create: usize,
    /// Variables to overwrite because desired moved.
    pub update: usize,
    /// Variables to delete.
    pub delete: usize,
    /// Variables that were changed outside.
    pub drift: usize,
    /// Conflicts.
    pub conflict: usize,
    /// Variables and targets that could not be known.
    pub unknown: usize,
    /// Changes that something holds back.
    pub held: usize,
    /// Variables in sync.
    pub in_sync: usize,
    /// Live only.
    pub unmanaged: usize,
    /// Targets of other machines.
    pub elsewhere: usize,
    /// Targets whose stored values are to be put in force although nothing is written.
    pub owed: usize,
}

impl Summary {
    /// The sums of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            create: self.create + other.create,
            update: self.update + other.update,
            delete: self.delete + other.delete,
            drift: self.drift + other.drift,
            conflict: self.conflict + other.conflict,
            unknown: self.unknown + other.unknown,
            held: self.held + other.held,
            in_sync: self.in_sync + other.in_sync,
            unmanaged: self.unmanaged + other.unmanaged,
            elsewhere: self.elsewhere + other.elsewhere,
            owed: self.owed + other.owed,
        }
    }
}
