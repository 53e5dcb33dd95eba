//! The decision: desired, live and last applied in, a [`Plan`] out. Pure; imports only the model.
//!
//! `classify` holds the table, `evidence` is the only file that looks into values, `rails` hold
//! back, `unit` keeps a variable together over its targets, `build` joins them, `saved` is a plan in a
//! file and what is left of it later.
#![warn(missing_docs)]

mod activation;
mod authority;
mod build;
mod change;
mod classify;
mod describe;
mod effective;
mod evidence;
mod id;
mod input;
mod rails;
mod reconciling;
mod saved;
mod site;
mod summary;
#[cfg(test)]
mod tests;
mod undo;
mod unit;

pub use authority::{compare_authority, widened};
pub use build::build;
pub use change::{
    ActionKind, ActivationCause, Authority, AuthorityKind, Change, Class, Glimpse, Hold, Plan,
    PlanId, PlannedActivation, Reason, Summary, TargetPlan, TargetState, Unshown,
};
pub use effective::{EffectiveRails, effective_rails};
pub use id::id_of;
pub use input::{DesiredState, LiveState, PlanInput, TargetInput};
pub use reconciling::{EffectiveReconciling, effective_reconciling};
pub use saved::{
    Draft, DraftPlan, Narrowed, STALE, SavedError, SavedPlan, SavedPlans, Selected, is_kept,
    is_saved, narrow, scrub_texts, unapproved,
};
pub use summary::{has_differences, has_holds, has_unknown, summary};
pub use undo::{Undo, UndoTarget};

/// The rails that `--allow` can let go, by name.
pub const RAILS: [&str; 18] = [
    "deletes",
    "changes",
    "would-be-empty",
    "protected",
    "prune",
    "empty",
    "placeholder",
    "ciphertext",
    "private-key",
    "expired",
    "identity",
    "vanished",
    "claimed",
    "drafts",
    "new-key",
    "recipients",
    "rollback",
    "authority",
];
