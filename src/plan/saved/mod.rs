//! A plan in a file, for approval: what was planned, of which manifest, and a proof that nobody
//! edited it since. The shape alone; whoever reads and writes the file is elsewhere.
//!
//! It holds names, reasons and fingerprints like any plan, never a secret. Its id is public, so that
//! a person can name what they approve; anybody could compute one for an edited file. The proof is an
//! HMAC under a key that only readers of the manifest can derive.

mod allowed;
mod hex;
mod narrow;
mod parse;
mod standing;
mod texts;

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::change::{Plan, PlanId};
use super::id::id_of;
use crate::model::{FingerprintKey, Fingerprinter, Overrides, TargetName, VarName, to_hex};
use allowed::Allowed;
pub use narrow::{Narrowed, STALE, narrow, unapproved};
pub use parse::{SavedError, is_kept, is_saved};
pub use texts::scrub_texts;

/// Kind and version of the file.
const TAG: &str = "saved-plan/1";
const PROOF: &str = "driftlock/saved-plan/v1";
const KEY_HINT: &str = "driftlock/saved-plan-key-hint/v1";

/// The plans of one run in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SavedPlanDocument")]
pub struct SavedPlans {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag")]
    driftlock: String,
    /// The version of driftlock that made it.
    by: String,
    /// When.
    #[schemars(with = "String")]
    made_at: Timestamp,
    /// Names all of it: the id of its plan, or where there are several, one over theirs.
    id: PlanId,
    /// What the plans were limited to.
    selection: Selected,
    /// What the person allowed.
    overrides: Allowed,
    /// One for each manifest.
    plans: Vec<SavedPlan>,
}

/// What a run was limited to, and what it was compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selected {
    /// `--target`; `None` for all.
    #[schemars(with = "Option<BTreeSet<String>>")]
    pub targets: Option<BTreeSet<TargetName>>,
    /// `--only`; `None` for all.
    #[schemars(with = "Option<BTreeSet<String>>")]
    pub variables: Option<BTreeSet<VarName>>,
    /// `--since`, as the full id of its commit, so that it means the same later.
    pub since: Option<String>,
}

/// The plan of one manifest in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// Where the manifest lies: from the top folder of its git repository, or from the folder of the
    /// run.
    pub path: String,
    /// SHA-256 of the manifest, in hex.
    #[serde(with = "hex")]
    #[schemars(with = "String")]
    manifest_digest: [u8; 32],
    /// What was planned.
    pub plan: Plan,
    /// Tells which key made the proof, without giving it away.
    #[serde(with = "hex")]
    #[schemars(with = "String")]
    key: [u8; 8],
    /// The proof, over the whole file.
    #[serde(with = "hex")]
    #[schemars(with = "String")]
    mac: [u8; 32],
}

/// What a file is made from.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The version of driftlock.
    pub by: &'a str,
    /// The present moment.
    pub made_at: Timestamp,
    /// What the plans were limited to.
    pub selection: Selected,
    /// What the person allowed.
    pub overrides: &'a Overrides,
    /// One for each manifest.
    pub plans: Vec<DraftPlan<'a>>,
}

/// The part of one manifest.
#[derive(Debug)]
pub struct DraftPlan<'a> {
    /// Where the manifest lies.
    pub path: String,
    /// SHA-256 of its bytes.
    pub manifest_digest: [u8; 32],
    /// What was planned.
    pub plan: Plan,
    /// Proves it.
    pub fingerprinter: &'a Fingerprinter,
}

impl SavedPlans {
    /// Puts the plans of one run together, each with its proof.
    pub fn seal(draft: Draft<'_>) -> Self {
        let ids: Vec<&PlanId> = draft.plans.iter().map(|one| &one.plan.id).collect();
        let keys: Vec<&FingerprintKey> = (draft.plans.iter())
            .map(|one| one.fingerprinter.key())
            .collect();
        let mut saved = Self {
            driftlock: TAG.to_owned(),
            by: draft.by.to_owned(),
            made_at: draft.made_at,
            id: id_of_all(&ids),
            selection: draft.selection,
            overrides: Allowed::from(draft.overrides),
            plans: vec![],
        };
        for (one, key) in draft.plans.into_iter().zip(&keys) {
            saved.plans.push(SavedPlan {
                path: one.path,
                manifest_digest: one.manifest_digest,
                plan: one.plan,
                key: hint(key),
                mac: [0; 32],
            });
        }
        let macs: Vec<[u8; 32]> = (keys.iter().enumerate())
            .map(|(place, key)| key.derive_mac(PROOF, &saved.covered(place)))
            .collect();
        for (one, mac) in saved.plans.iter_mut().zip(macs) {
            one.mac = mac;
        }
        saved
    }

    /// Names all of it.
    pub fn id(&self) -> &PlanId {
        &self.id
    }

    /// When it was made.
    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    /// What the plans were limited to.
    pub fn selection(&self) -> &Selected {
        &self.selection
    }

    /// What the person allowed.
    pub fn overrides(&self) -> Overrides {
        Overrides::from(&self.overrides)
    }

    /// One for each manifest.
    pub fn plans(&self) -> &[SavedPlan] {
        &self.plans
    }

    /// Whether the plan at `place` was made from the manifest with this digest, by a reader of it,
    /// and nothing in the file was edited since.
    pub fn verify(
        &self,
        place: usize,
        manifest_digest: &[u8; 32],
        fingerprinter: &Fingerprinter,
    ) -> Result<(), SavedError> {
        let one = &self.plans[place];
        if one.manifest_digest != *manifest_digest {
            return Err(SavedError::ManifestChanged);
        }
        if one.key != hint(fingerprinter.key()) {
            return Err(SavedError::OtherKey);
        }
        let mac = fingerprinter.key().derive_mac(PROOF, &self.covered(place));
        if bool::from(mac.ct_eq(&one.mac)) {
            Ok(())
        } else {
            Err(SavedError::Forged)
        }
    }

    /// Whether the ids are those of what the file says. Anybody can make them so; a person who named
    /// one gets what they named.
    fn has_its_ids(&self) -> bool {
        let overrides = self.overrides();
        let own = |one: &SavedPlan| id_of(&one.plan, &one.manifest_digest, &overrides);
        let ids: Vec<&PlanId> = self.plans.iter().map(|one| &one.plan.id).collect();
        self.plans.iter().all(|one| own(one) == one.plan.id) && id_of_all(&ids) == self.id
    }

    /// What the proof of one plan is over: the whole file without its proofs, and which plan it is.
    /// JSON frames each of its parts, and the order of a structure's fields is fixed.
    fn covered(&self, place: usize) -> Vec<u8> {
        let mut bare = self.clone();
        for one in &mut bare.plans {
            one.mac = [0; 32];
        }
        let mut bytes = (place as u64).to_be_bytes().to_vec();
        let json = serde_json::to_vec(&bare).expect("names, numbers and texts have a JSON form");
        bytes.extend(json);
        bytes
    }
}

/// The id of one plan is the file's. Several have one over theirs, in their order.
fn id_of_all(ids: &[&PlanId]) -> PlanId {
    if let [only] = ids {
        return (*only).clone();
    }
    let mut digest = Sha256::new();
    for part in std::iter::once("driftlock/plans/1").chain(ids.iter().map(|id| id.0.as_str())) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    PlanId(to_hex(&digest.finalize()))
}

fn hint(key: &FingerprintKey) -> [u8; 8] {
    let mut hint = [0; 8];
    hint.copy_from_slice(&key.derive_mac(KEY_HINT, b"")[..8]);
    hint
}

fn tag(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "string", "const": TAG })
}
