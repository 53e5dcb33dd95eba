//! What was done to a target or a variable so far.

use jiff::Timestamp;

use crate::model::{Fingerprint, TargetName, VarName};

/// What a receipt says was done to one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryAction {
    /// Written.
    Set,
    /// Deleted.
    Delete,
    /// Found as wanted, and recorded.
    Record,
    /// The live value was recorded as known.
    Adopt,
}

/// One variable of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryVar {
    /// Its name on the target.
    pub name: VarName,
    /// What was done.
    pub action: HistoryAction,
    /// Before.
    pub before: Option<Fingerprint>,
    /// After.
    pub after: Option<Fingerprint>,
    /// How it ended, where not well: `refused`, `in doubt`.
    pub trouble: Option<String>,
}

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its number, for `undo`.
    pub receipt: u64,
    /// When.
    pub at: Timestamp,
    /// Who ran it.
    pub who: String,
    /// The git commit of the manifest, if known.
    pub revision: Option<String>,
    /// The plan that was carried out.
    pub plan_id: String,
    /// Where.
    pub target: TargetName,
    /// In a word: `applied`, `partial`, `in doubt`, `recorded`, `undone`.
    pub outcome: String,
    /// Whether the receipt's seal holds. What does not verify counts as no record.
    pub verified: bool,
    /// What put the values in force, and whether it worked: `systemd`, `command`, `deploy`, …
    pub activated: Option<(String, bool)>,
    /// Sorted by name.
    pub vars: Vec<HistoryVar>,
}

/// The receipts that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryReport {
    /// Of what, as the person asked: a target, a variable, or all.
    pub subject: String,
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// How many older ones were left out.
    pub older: usize,
}
