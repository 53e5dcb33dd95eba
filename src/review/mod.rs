//! What a change of a manifest means for who reviews it. Pure: two revisions, opened as far as an
//! identity went, become a [`Review`] that holds names, words and keyed fingerprints, and no secret.
//!
//! | file | what |
//! |---|---|
//! | `side` | one revision, and what could be seen of its values |
//! | `report` | the result |
//! | `variables` | declared variables: value, sealing, metadata, renames |
//! | `targets` | what each target gets otherwise, through templates and renames too |
//! | `reconciling` | what scheduled runs may do to a target |
//! | `authority` | who may read and what may be run, the file key with them; always first |

mod authority;
mod compare;
mod reconciling;
mod report;
mod side;
mod targets;
#[cfg(test)]
mod tests;
mod variables;

pub use compare::{Pair, compare};
pub use report::{
    Comparison, Earlier, End, KeyFinding, MetaChange, Review, Sealing, State, TargetChange, Totals,
    Unreadable, UseChange, UseKind, ValueChange, VariableChange, Wanted,
};
pub use side::{Effective, Side, Sight, Standing};
