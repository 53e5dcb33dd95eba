//! Where records are, and how much there is.

use jiff::Timestamp;

/// A journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalReport {
    /// Where, as people read it.
    pub place: String,
    /// Of each manifest.
    pub manifests: Vec<JournalEntry>,
    /// What people should know of it.
    pub notes: Vec<String>,
}

/// What a journal holds of one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The manifest's name.
    pub manifest: String,
    /// The number of its newest receipt; 0 if there is none.
    pub receipts: u64,
    /// When that was written, and by whom, where it can be read.
    pub newest: Option<(Timestamp, String)>,
    /// Who has the lease.
    pub holder: Option<String>,
}
