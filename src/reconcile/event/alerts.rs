//! Which alerts are open, and what else a book of alerts says.

use std::collections::BTreeSet;

use crate::model::{AlertBook, TargetName, VarName};

/// The book of one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertsReport {
    /// The manifest's name.
    pub manifest: String,
    /// What is known.
    pub book: BookState,
    /// What is not healed any more.
    pub braked: BTreeSet<(TargetName, VarName)>,
}

/// Whether there is a book.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one for each manifest, and nearly all of them are known"
)]
pub enum BookState {
    /// It verifies.
    Known(AlertBook),
    /// Nobody ever began one.
    Nothing,
    /// There is one, and it cannot be believed or read; why.
    Unknown(String),
}
