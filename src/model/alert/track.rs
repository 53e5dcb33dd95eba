//! What is known about the looks at an alert.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Who sees an open alert, and who told it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Track {
    /// With which generation of the book it was opened or changed: an opinion that was formed before
    /// does not count.
    pub generation: u64,
    /// Whether anybody was told that it is open.
    pub told: bool,
    /// Who told it last. Reminders go by that one's clock.
    pub told_by: String,
    /// Who sees it, and has been able to look since.
    pub seen_by: BTreeSet<String>,
    /// The revision of the manifest under which it was seen last.
    pub seen_in: String,
    /// How often in a row somebody who never saw it, with another revision, said that it is over.
    pub doubts: u32,
}
