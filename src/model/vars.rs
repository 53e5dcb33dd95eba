//! The variables of one target: desired, live, and as last applied.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fingerprint, SecretValue, VarName};

/// Whether a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// Public by being clear in the manifest.
    Clear,
    /// Everything else, templates that touch a secret included.
    Secret,
}

/// Why a desired value may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Sealed under the manifest's file key, or in clear in the manifest.
    Authenticated,
    /// A whole age file that anybody with the public keys could have made: held until `accept`.
    Unauthenticated,
}

/// What the manifest wants of one variable of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredVar {
    /// The variable as the manifest declares it; differs from the target's name where renamed.
    /// `None` for a value given at the target only.
    pub declared: Option<VarName>,
    /// The value.
    pub value: SecretValue,
    /// Whether it may be shown.
    pub sensitivity: Sensitivity,
    /// Whether it may be believed.
    pub trust: Trust,
    /// How often it was sealed anew, from the authenticated binding line; `None` for clear values
    /// and templates.
    pub sequence: Option<u64>,
    /// Marked `protected`: never deleted, and overwritten only by `--allow protected`.
    pub protected: bool,
    /// Stored so that the platform shows the value to nobody.
    pub sealed: bool,
    /// Why the platform or the dialect cannot hold it, where it cannot.
    pub refusal: Option<String>,
    /// Findings about the value that a rail holds (`empty`, `placeholder`, …), by rail name.
    pub lints: Vec<&'static str>,
}

/// A variable that is wanted, but whose value could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVar {
    /// As in [`DesiredVar::declared`]: what its other targets wait for.
    pub declared: Option<VarName>,
    /// Why, without values.
    pub why: String,
}

/// What one target shall hold. Keyed by the name on the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// Values that are known.
    pub vars: BTreeMap<VarName, DesiredVar>,
    /// Variables that are wanted, but whose value could not be had.
    pub unknown: BTreeMap<VarName, UnknownVar>,
    /// Whether the header's key is one that we have reason to trust. `false` prints and stores no
    /// fingerprint of secrets and is held by the rail `new-key`.
    pub key_trusted: bool,
}

/// What a platform says about one variable. A name that is missing from a complete [`Live`] is
/// absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveVar {
    /// Readable.
    Value(SecretValue),
    /// Present, but the platform gives the value to nobody.
    Sealed {
        /// When the platform says it changed.
        changed_at: Option<Timestamp>,
    },
    /// Present or not: this one could not be read; why.
    Unknown(String),
}

/// Whether a read saw everything. Only a complete read can lead to a delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// All of it.
    Complete,
    /// Not all of it; why.
    Partial(String),
}

/// What a read saw, as a token that a write can insist on: for a file, a digest of its bytes. Empty
/// where the platform has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Version(pub String);

/// What one target holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// By name.
    pub vars: BTreeMap<VarName, LiveVar>,
    /// When the platform says that a variable changed; empty where it keeps no such times.
    pub changed_at: BTreeMap<VarName, Timestamp>,
    /// Whether that is all.
    pub completeness: Completeness,
    /// What was seen.
    pub version: Version,
    /// Whether the place exists at all: a file that is not there yet is `false`.
    pub exists: bool,
    /// When what is stored was written last, by the clock of its machine, where the platform can say.
    pub stored_at: Option<Timestamp>,
    /// What the platform calls this place beyond its address (ids, host key); empty if nothing.
    pub identity: String,
    /// Edits that somebody prepared on the platform and did not put in force yet, each in words
    /// without values. Not part of `vars`.
    pub drafts: Vec<String>,
    /// What the running process has, as far as the platform can say.
    pub running: Running,
    /// Names whose writes are in force without the target's activation: the running process takes
    /// them over by itself.
    pub taken_over: BTreeSet<VarName>,
    /// Why the place is not at rest, where the platform says so: nobody can count on its values yet.
    pub unsettled: Option<Unsettled>,
    /// Findings about the place that people should see, for example CRLF line ends.
    pub notes: Vec<String>,
}

/// A place between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// In words that follow the place's name: lower case, no final period, no values.
    pub why: String,
    /// Whether it ends by itself.
    pub passes: bool,
}

/// Whether what is stored is what runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Running {
    /// The platform cannot say.
    #[default]
    Unknown,
    /// It is.
    Current,
    /// Stored, but not running.
    Behind(Behind),
}

/// Variables that were stored after the running process got its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Behind {
    /// Which; empty where the platform cannot tell them apart.
    #[schemars(with = "BTreeSet<String>")]
    pub names: BTreeSet<VarName>,
    /// When the first of them was stored.
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// Why the running process does not have them: lower case, no final period, no values.
    pub why: String,
    /// What puts them in force.
    pub help: Option<String>,
    /// Whether a restart can help: not where the process began after they were stored, and has
    /// others all the same.
    #[serde(default = "by_a_restart")]
    pub restart_helps: bool,
}

/// What records say that were written before anything else was known.
fn by_a_restart() -> bool {
    true
}

/// What we recorded of one variable after our last write, or when we found it in sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Of the value.
    pub fingerprint: Fingerprint,
    /// Its sequence, where it had one.
    pub sequence: Option<u64>,
    /// Whether it was clear then: text is shown only where it is clear now *and* was then.
    pub sensitivity: Sensitivity,
    /// When it was recorded.
    pub at: Timestamp,
    /// The platform's own time stamp of the variable after our write, where it has one.
    pub platform_changed_at: Option<Timestamp>,
    /// It was written empty and the platform did not keep it: absent is what we wrote.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

/// What we know of our last write to one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastApplied {
    /// Whether this target was ever recorded.
    pub recorded: bool,
    /// By name on the target.
    pub vars: BTreeMap<VarName, Recorded>,
    /// Whether the records can be compared with values of today: after a re-key without the former
    /// fingerprint key they cannot.
    pub comparable: bool,
    /// The place's identity then.
    pub identity: String,
    /// When, if ever.
    pub at: Option<Timestamp>,
    /// Whether an apply began and never said how it ended: read again, believe nothing.
    pub in_doubt: bool,
    /// The names that such an apply was to write, and that no later one settled.
    pub doubts: BTreeSet<VarName>,
    /// Since when something is stored that our own activation did not put in force: it failed, was
    /// left out or never ended.
    pub pending: Option<Timestamp>,
    /// The highest sequence ever recorded, by declared variable.
    pub sequences: BTreeMap<VarName, u64>,
    /// Another manifest, as the journal names it, that applied to this place since, or that did while
    /// this one never did.
    pub claimed_by: Option<String>,
}
