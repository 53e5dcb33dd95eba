//! The plan's id: two plans with one id do the same. Each field is framed by its length, so that
//! no two plans share an encoding.

use sha2::{Digest, Sha256};

use super::change::{ActionKind, Change, Glimpse, Plan, PlanId, TargetPlan};
use super::undo::Undo;
use crate::model::{KeyId, ManifestName, Overrides, VarName};

const FORMAT: &str = "driftlock/plan/1";

struct Encoder(Sha256);

impl Encoder {
    fn field(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// A list: its length, then its members.
    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.0.update((items.len() as u64).to_be_bytes());
        for item in items {
            each(self, item);
        }
    }

    fn optional(&mut self, field: Option<impl AsRef<[u8]>>) {
        match field {
            None => self.field("none"),
            Some(bytes) => {
                self.field("some");
                self.field(bytes);
            }
        }
    }

    fn glimpse(&mut self, glimpse: &Glimpse) {
        match glimpse {
            Glimpse::Absent => self.field("absent"),
            Glimpse::Sealed => self.field("sealed"),
            Glimpse::Unknown => self.field("unknown"),
            Glimpse::Text(text) => {
                self.field("text");
                self.field(text);
            }
            Glimpse::Fingerprint(print) => {
                self.field("fingerprint");
                self.field(print.as_bytes());
            }
        }
    }
}

/// What a plan's id covers beside its operations.
pub(super) struct Basis<'a> {
    pub(super) manifest: &'a ManifestName,
    pub(super) manifest_digest: &'a [u8; 32],
    pub(super) key_id: Option<KeyId>,
    pub(super) overrides: &'a Overrides,
    /// What is taken back; `None` for an ordinary plan.
    pub(super) undo: Option<&'a Undo>,
}

/// The id that `plan` must have if it was decided from this manifest (SHA-256 of its bytes) with
/// these overrides: what an apply of a stored plan compares with [`Plan::id`].
pub fn id_of(plan: &Plan, manifest_digest: &[u8; 32], overrides: &Overrides) -> PlanId {
    let basis = Basis {
        manifest: &plan.manifest,
        manifest_digest,
        key_id: plan.key_id,
        overrides,
        undo: None,
    };
    plan_id(&basis, &plan.targets)
}

/// The id over manifest digest, key id, operations with what holds them, and overrides; not over
/// time, commit, counts or the order of anything.
pub(super) fn plan_id(basis: &Basis<'_>, targets: &[TargetPlan]) -> PlanId {
    let mut encoder = Encoder(Sha256::new());
    encoder.field(FORMAT);
    encoder.field(basis.manifest.as_str());
    encoder.field(basis.manifest_digest);
    encoder.optional(basis.key_id.as_ref().map(|id| id.as_bytes()));
    let mut operations: Vec<(&TargetPlan, &Change)> = (targets.iter())
        .flat_map(|target| target.changes.iter().map(move |change| (target, change)))
        .filter(|(_, change)| change.action != ActionKind::None)
        .collect();
    operations.sort_by_key(|(target, change)| (&target.target, &change.name));
    encoder.list(&operations, |encoder, (target, change)| {
        encoder.field(target.target.as_str());
        operation(encoder, change);
    });
    // what is written is put in force anyway; what is only put in force is an operation of its own
    let mut owed: Vec<&TargetPlan> = (targets.iter())
        .filter(|target| target.activation.as_ref().is_some_and(|one| one.is_owed()))
        .collect();
    owed.sort_by_key(|target| &target.target);
    if !owed.is_empty() {
        encoder.list(&owed, |encoder, target| {
            encoder.field(target.target.as_str());
            encoder.field(if target.will_activate() { "go" } else { "held" });
        });
    }
    overrides(&mut encoder, basis.overrides);
    if let Some(undo) = basis.undo {
        taken_back(&mut encoder, undo);
    }
    let digest = encoder.0.finalize();
    PlanId(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn operation(encoder: &mut Encoder, change: &Change) {
    encoder.field(change.name.as_str());
    encoder.field(match change.action {
        ActionKind::None => "none",
        ActionKind::Record => "record",
        ActionKind::Create => "create",
        ActionKind::Update => "update",
        ActionKind::Delete => "delete",
    });
    encoder.glimpse(&change.before);
    encoder.glimpse(&change.after);
    encoder.optional(change.sequence.map(u64::to_be_bytes));
    let mut rails: Vec<&str> = change.holds.iter().map(|hold| hold.rail.as_str()).collect();
    rails.sort_unstable();
    encoder.list(&rails, |encoder, rail| encoder.field(rail));
}

/// No plan that takes something back has the id of one that does not.
fn taken_back(encoder: &mut Encoder, undo: &Undo) {
    encoder.field("undo");
    let targets: Vec<_> = undo.targets.iter().collect();
    encoder.list(&targets, |encoder, (name, target)| {
        encoder.field(name.as_str());
        let receipts: Vec<u64> = target.receipts.iter().copied().collect();
        encoder.list(&receipts, |encoder, number| {
            encoder.field(number.to_be_bytes());
        });
        let names: Vec<&VarName> = target.names.keys().collect();
        encoder.list(&names, |encoder, name| encoder.field(name.as_str()));
    });
}

fn overrides(encoder: &mut Encoder, given: &Overrides) {
    let take_over: Vec<_> = given.take_over.iter().collect();
    encoder.list(&take_over, |encoder, target| encoder.field(target.as_str()));
    for pairs in [&given.overwrite, &given.adopt] {
        let pairs: Vec<_> = pairs.iter().collect();
        encoder.list(&pairs, |encoder, (name, target)| {
            encoder.field(name.as_str());
            encoder.field(target.as_str());
        });
    }
    let allow: Vec<_> = given.allow.iter().collect();
    encoder.list(&allow, |encoder, ((rail, target), most)| {
        encoder.field(rail);
        encoder.optional(target.as_ref().map(AsRef::<str>::as_ref));
        encoder.optional(most.map(u32::to_be_bytes));
    });
    let partial: Vec<_> = given.partial.iter().collect();
    encoder.list(&partial, |encoder, name| encoder.field(name.as_str()));
}
