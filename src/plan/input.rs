//! What the planner is given.

use std::collections::BTreeSet;

use super::{Authority, Undo};
use crate::model::{
    AuthorityFacts, Desired, Fingerprinter, KeyId, LastApplied, Live, ManifestName, Overrides,
    Scheduled, Target, VarName,
};

/// Everything that one plan of one manifest is decided from.
#[derive(Debug)]
pub struct PlanInput<'a> {
    /// The manifest's name.
    pub manifest: ManifestName,
    /// SHA-256 of the manifest's bytes.
    pub manifest_digest: [u8; 32],
    /// Its key id, if it has encrypted values.
    pub key_id: Option<KeyId>,
    /// Makes the fingerprints; `None` without an identity, and then secrets are shown as sealed.
    pub fingerprinter: Option<&'a Fingerprinter>,
    /// In the manifest's order.
    pub targets: Vec<TargetInput>,
    /// What this revision may do that the last applied one could not, from
    /// [`super::compare_authority`]; whoever has an allowlist outside the repository clears `held`
    /// of what it covers.
    pub authority: Vec<Authority>,
    /// The facts of the last applied revision; `None` before the first apply. What it limits more
    /// strictly than the present one counts once more.
    pub last_facts: Option<&'a AuthorityFacts>,
    /// Whether the recipients list is the one that a reader of the manifest signed.
    pub recipients_authentic: bool,
    /// The facts of this revision.
    pub facts: &'a AuthorityFacts,
    /// What the person allowed.
    pub overrides: &'a Overrides,
    /// The targets that this run is limited to (`--target`); `None` for all. The others take part
    /// in units, but are not written.
    pub only_targets: Option<BTreeSet<crate::model::TargetName>>,
    /// The variables (declared names or names on the target) that this run is limited to
    /// (`--only`); `None` for all.
    pub only_variables: Option<BTreeSet<VarName>>,
    /// Set where former values are put back: then nothing else is part of the run.
    pub undo: Option<&'a Undo>,
    /// Nobody will be asked: what a person would confirm is held instead.
    pub unattended: bool,
    /// Set where a schedule runs it: what it may do by itself.
    pub scheduled: Option<&'a Scheduled>,
}

/// One target's part.
#[derive(Debug)]
pub struct TargetInput {
    /// The target.
    pub target: Target,
    /// What it shall hold.
    pub desired: DesiredState,
    /// What it holds.
    pub live: LiveState,
    /// What we recorded.
    pub last: LastApplied,
    /// Whether a write there puts itself in force unless it is told not to.
    pub activates: bool,
}

/// Desired of one target, or why there is none.
#[derive(Debug)]
pub enum DesiredState {
    /// Known, single variables perhaps not.
    Known(Desired),
    /// Nothing of it could be had; why.
    Unknown(String),
}

/// Live of one target, or why there is none.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "one for each target, and nearly all of them could be read"
)]
pub enum LiveState {
    /// Read, perhaps partly.
    Read(Live),
    /// Could not be read; why, and what to do.
    Unknown {
        /// What went wrong, without values.
        reason: String,
        /// The next thing to do, if there is one.
        help: Option<String>,
    },
    /// Belongs to another machine, which alone can read it.
    Elsewhere {
        /// The machine.
        machine: String,
    },
}
