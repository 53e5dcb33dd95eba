//! What can be undone.

use jiff::Timestamp;

use crate::model::{TargetName, VarName};

/// What is kept of a former value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoKept {
    /// The value.
    Value,
    /// That it was not there.
    Absent,
    /// Nothing.
    Not,
}

/// One variable of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoVar {
    /// Its name on the target.
    pub name: VarName,
    /// What is kept.
    pub kept: UndoKept,
    /// Why nothing is.
    pub why: Option<String>,
}

/// One receipt that something is kept for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoEntry {
    /// Its number.
    pub receipt: u64,
    /// Where.
    pub target: TargetName,
    /// When it was applied.
    pub at: Timestamp,
    /// Until when it is kept, at the longest.
    pub until: Timestamp,
    /// Who applied it, where the receipt is there.
    pub who: Option<String>,
    /// Why it cannot be undone all the same.
    pub trouble: Option<String>,
    /// In the order in which they were kept.
    pub vars: Vec<UndoVar>,
}

/// The receipts of one manifest that can be undone, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoList {
    /// The manifest's name.
    pub manifest: String,
    /// The receipts.
    pub entries: Vec<UndoEntry>,
}
