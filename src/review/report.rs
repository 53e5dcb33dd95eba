//! The result of a comparison. No secret, no ciphertext.

use jiff::Timestamp;

use super::side::Sight;
use crate::model::{Diagnostic, Fingerprint, KeyId, ManifestName, TargetName, VarName};
use crate::plan::{Authority, Glimpse};

/// What one manifest's change means.
#[derive(Debug, Clone)]
pub struct Review {
    /// The file, as people name it; where it was removed, the former one.
    pub path: String,
    /// The file's former path, where it moved.
    pub was_path: Option<String>,
    /// The manifest's name.
    pub manifest: ManifestName,
    /// Its former name, where that changed: its values are bound to it, and its records too.
    pub was_manifest: Option<ManifestName>,
    /// Whether the manifest is on both sides.
    pub state: State,
    /// How far the base could be opened; `None` where there is none.
    pub base: Option<Sight>,
    /// How far the head could be opened; `None` where there is none.
    pub head: Option<Sight>,
    /// What this revision may do that the base could not: first in every report.
    pub authority: Vec<Authority>,
    /// What happened to the file key and the list of its readers.
    pub keys: Vec<KeyFinding>,
    /// Declared variables that differ, by name.
    pub variables: Vec<VariableChange>,
    /// Targets that differ, by name.
    pub targets: Vec<TargetChange>,
    /// What else people should know: lower case, no final period, no values.
    pub notes: Vec<String>,
}

/// On which sides something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In the head only.
    Added,
    /// In both.
    Changed,
    /// In the base only.
    Removed,
}

/// What happened to the file key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyFinding {
    /// The head's recipients list is not the one that a reader signed.
    Unsigned,
    /// The head holds another file key. Anybody with the public keys can make one.
    Rekeyed {
        /// The base's.
        from: KeyId,
        /// The head's.
        to: KeyId,
        /// Whether the head holds the base's fingerprint key, which only a reader of the base has;
        /// `None` where it could not be opened.
        vouched: Option<bool>,
    },
    /// The base had no file key.
    FirstKey(KeyId),
    /// The head has none any more: nothing in it is encrypted.
    KeyDropped(KeyId),
    /// The same file key, wrapped anew.
    Rewrapped,
}

/// One declared variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableChange {
    /// Its name; where it was removed, the former one.
    pub name: VarName,
    /// Its former name, where it has another now.
    pub was: Option<VarName>,
    /// On which sides it is.
    pub state: State,
    /// What happened to its value.
    pub value: ValueChange,
    /// The base's value.
    pub before: Glimpse,
    /// The head's value.
    pub after: Glimpse,
    /// How it was sealed, where its encrypted text differs.
    pub sealing: Option<Sealing>,
    /// What is said about it beside the value.
    pub meta: Vec<MetaChange>,
    /// Targets that get it now and did not, by themselves or in templates.
    pub gained: Vec<TargetName>,
    /// Targets that got it and do not now.
    pub lost: Vec<TargetName>,
    /// Targets that get it on both sides.
    pub kept: Vec<TargetName>,
    /// The value is one that it had before the base's.
    pub earlier: Option<Earlier>,
}

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueChange {
    /// It was a secret, and is in clear now: everybody who reads the repository reads it.
    BecameClear,
    /// It was in clear, and is a secret now. Its former value stays in the history.
    BecameSecret {
        /// Whether it is still that value; `None` where that cannot be known.
        same: Option<bool>,
    },
    /// Another value.
    Changed,
    /// Encrypted anew. Whether it is another value cannot be known here.
    SealedUnknown,
    /// Encrypted anew, the same value.
    SealedSame,
    /// Another template.
    Template,
    /// A value became a template, or a template a value.
    Source,
    /// There was none, or there is none any more.
    New,
    /// The same.
    Same,
}

/// How a value was and is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sealing {
    /// The first 6 hex digits of the file keys' ids, base and head; `None` for a whole age file.
    pub keys: (Option<String>, Option<String>),
    /// How often it was sealed, base and head; `None` where that cannot be known.
    pub sequences: (Option<u64>, Option<u64>),
    /// When the head's was sealed.
    pub sealed_at: Option<Timestamp>,
    /// The head's was written without the key: it waits for a reader's `accept`.
    pub unauthenticated: bool,
    /// The base's was, and the head's is not any more.
    pub accepted: bool,
}

impl Sealing {
    /// Whether the head's was sealed before the base's: an apply holds it as a rollback.
    pub fn is_rollback(&self) -> bool {
        matches!(self.sequences, (Some(before), Some(after)) if after < before)
    }
}

/// One thing that is said about a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaChange {
    /// In words, for example `expiry extended`.
    pub what: &'static str,
    /// As the manifest spells it.
    pub before: Option<String>,
    /// As the manifest spells it.
    pub after: Option<String>,
}

/// A revision that had a value before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The newest commit that has it, in full.
    pub commit: String,
    /// When that was committed.
    pub at: Timestamp,
}

/// A value to look for in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Under the key of this comparison.
    Print(Fingerprint),
    /// A clear text.
    Text(String),
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetChange {
    /// Its name; where it was removed, the former one.
    pub target: TargetName,
    /// Its former name, where it has another now at the same place.
    pub was: Option<TargetName>,
    /// On which sides it is.
    pub state: State,
    /// Where it is, as people read it.
    pub place: String,
    /// What it gets otherwise, by name.
    pub uses: Vec<UseChange>,
    /// Settings that are no authority: in words.
    pub settings: Vec<String>,
}

/// What a target gets otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseChange {
    /// The name there.
    pub name: VarName,
    /// Its former name there.
    pub was: Option<VarName>,
    /// What happened.
    pub kind: UseKind,
    /// The base's value there.
    pub before: Glimpse,
    /// The head's value there.
    pub after: Glimpse,
    /// Declared variables that changed and that it is made from, its own name left out.
    pub through: Vec<VarName>,
}

/// What happened to a name on a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseKind {
    /// It gets it now. Where it came from another target that lost it, that one.
    Added {
        /// The other target.
        from: Option<TargetName>,
    },
    /// It does not get it any more. Where another target gets it now, that one.
    Removed {
        /// The other target.
        to: Option<TargetName>,
        /// Whether the next apply deletes it there: pruning is on.
        pruned: bool,
    },
    /// Under another name, the same value.
    Renamed,
    /// Another value.
    Changed,
    /// Made from something that was encrypted anew: another value or the same.
    Unknown,
}

/// How much changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Declared variables with another value.
    pub changed: usize,
    /// Declared variables that are new.
    pub added: usize,
    /// Declared variables that are gone.
    pub removed: usize,
    /// Declared variables under another name.
    pub renamed: usize,
    /// Encrypted anew with the same value.
    pub resealed: usize,
    /// Encrypted anew, value not known.
    pub unknown: usize,
    /// With other metadata or targets only.
    pub other: usize,
    /// Targets that get something otherwise, or are new or gone.
    pub targets: usize,
    /// Authority changes, those of the file key among them.
    pub authority: usize,
}

impl Totals {
    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            changed: self.changed + other.changed,
            added: self.added + other.added,
            removed: self.removed + other.removed,
            renamed: self.renamed + other.renamed,
            resealed: self.resealed + other.resealed,
            unknown: self.unknown + other.unknown,
            other: self.other + other.other,
            targets: self.targets + other.targets,
            authority: self.authority + other.authority,
        }
    }
}

impl Review {
    /// How much changed.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            targets: self.targets.len(),
            authority: self.authority.len() + self.keys.iter().filter(|one| one.is_loud()).count(),
            ..Totals::default()
        };
        for one in &self.variables {
            let counter = match (one.state, one.value) {
                (State::Added, _) => &mut totals.added,
                (State::Removed, _) => &mut totals.removed,
                (
                    State::Changed,
                    ValueChange::Changed
                    | ValueChange::Template
                    | ValueChange::Source
                    | ValueChange::BecameClear
                    | ValueChange::BecameSecret { .. },
                ) => &mut totals.changed,
                (State::Changed, ValueChange::SealedUnknown) => &mut totals.unknown,
                (State::Changed, _) if one.was.is_some() => &mut totals.renamed,
                (State::Changed, ValueChange::SealedSame) => &mut totals.resealed,
                (State::Changed, ValueChange::New | ValueChange::Same) => &mut totals.other,
            };
            *counter += 1;
        }
        totals
    }

    /// Whether there is anything to say.
    pub fn is_empty(&self) -> bool {
        self.state == State::Changed
            && self.was_path.is_none()
            && self.was_manifest.is_none()
            && self.authority.is_empty()
            && self.keys.is_empty()
            && self.variables.is_empty()
            && self.targets.is_empty()
    }

    /// The values to look for in the history before the base: those that the head has anew.
    pub fn wanted(&self) -> Vec<(VarName, Wanted)> {
        let moved = |one: &&VariableChange| match one.state {
            State::Added => true,
            State::Changed => matches!(
                one.value,
                ValueChange::Changed
                    | ValueChange::Template
                    | ValueChange::Source
                    | ValueChange::BecameClear
                    | ValueChange::BecameSecret { same: Some(false) }
            ),
            State::Removed => false,
        };
        let wanted = self.variables.iter().filter(moved).filter_map(|one| {
            let what = match &one.after {
                Glimpse::Fingerprint(print) => Wanted::Print(*print),
                Glimpse::Text(text) => Wanted::Text(text.clone()),
                Glimpse::Absent | Glimpse::Sealed | Glimpse::Unknown => return None,
            };
            Some((one.name.clone(), what))
        });
        wanted.collect()
    }
}

impl KeyFinding {
    /// Whether it decides who may read.
    pub const fn is_loud(&self) -> bool {
        matches!(
            self,
            Self::Unsigned | Self::Rekeyed { .. } | Self::KeyDropped(_)
        )
    }
}

/// Everything that one comparison came to.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What was looked at: paths in the repository, `.` for its top.
    pub asked: Vec<String>,
    /// The former state.
    pub base: End,
    /// The later one.
    pub head: End,
    /// Manifests that differ, by path.
    pub reviews: Vec<Review>,
    /// Manifests that are the same on both sides.
    pub equal: usize,
    /// What could not be compared, because one side of it cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// As it was asked for; `None` for the files as they are.
    pub revision: Option<String>,
    /// The commit in full; `None` for the files as they are.
    pub commit: Option<String>,
}

/// A file that does not parse on one side, or what limits it does not.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// The file, as people name it.
    pub path: String,
    /// On which side: `base` or `head`.
    pub side: &'static str,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

impl Comparison {
    /// How much changed in all of them.
    pub fn totals(&self) -> Totals {
        let all = self.reviews.iter().map(Review::totals);
        all.fold(Totals::default(), Totals::plus)
    }
}
