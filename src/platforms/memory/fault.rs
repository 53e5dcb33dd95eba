//! What can be made to go wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::Entry;
use crate::model::VarName;

/// One failure of a store. Those with a number wear off, the others last until they are cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// So many reads fail.
    ReadFails {
        /// How many.
        times: usize,
        /// What the error says.
        reason: String,
        /// When it asks to be tried again.
        retry_after: Option<Duration>,
    },
    /// Reads do not show these variables, and say that something is missing.
    PartialRead(BTreeSet<VarName>),
    /// Reads cannot tell what this variable is.
    Unreadable(VarName),
    /// What is written to this name can be read by nobody from then on; the platform says that it
    /// changed at that time.
    Seals(VarName, Option<Timestamp>),
    /// The store does not take this name.
    RefusesName(VarName),
    /// A batch stops after so many operations: those are done, the others refused.
    StopsAfter(usize),
    /// So many batches are answered by silence, and never took effect.
    TimesOutBefore(usize),
    /// So many batches are answered by silence, and took effect.
    TimesOutAfter(usize),
    /// After each write so many reads still show the store as it was before.
    ReadLag(u32),
    /// Just before the next batch somebody else puts this entry, or removes it.
    ConcurrentWriter(VarName, Option<Entry>),
    /// An empty value counts as none.
    DropsEmpty,
}
