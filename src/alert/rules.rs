//! From the book of open alerts and what a pass saw to the next book. Pure.
//!
//! Each alert is opened once and resolved once, whatever else happens: several reconcilers whose passes
//! overlap, a restart between any two lines, clocks that jump. Opinions are ordered by the generation of
//! the book that a pass began with, never by a clock.

mod over;
mod step;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{AlertBook, AlertClass, Sighting, TargetName, VarName};
use step::Step;

/// When things are told that need not be told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// What is still open is told again after this; `None` is never.
    pub remind: Option<Duration>,
    /// What the manifest changed, or what runs with former values, may wait so long before it is told.
    pub grace: Duration,
    /// What cannot be read is told at this number of looks in a row; at least 1.
    pub after: u32,
}

impl Default for Patience {
    /// A day, half an hour, three looks.
    fn default() -> Self {
        Self {
            remind: Some(Duration::from_secs(24 * 60 * 60)),
            grace: Duration::from_secs(30 * 60),
            after: 3,
        }
    }
}

/// The book that a pass began with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Began {
    /// Its name; empty where there was none.
    pub book: String,
    /// Its generation.
    pub generation: u64,
}

impl Began {
    /// With this one.
    pub fn with(book: &AlertBook) -> Self {
        Self {
            book: book.id.clone(),
            generation: book.generation,
        }
    }
}

/// Whether a target could be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Yes.
    Checked {
        /// But nothing can be said about these.
        unread: BTreeSet<VarName>,
        /// And these were not asked for.
        left_out: BTreeSet<VarName>,
    },
    /// No; why.
    Unchecked(String),
}

/// What became of the probes of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// All were answered, well or not; the mark of [`crate::model::LastProbe`].
    Answered(String),
    /// Some could not be asked; the same.
    Silent(String),
    /// Nobody sends them any more.
    NoMore,
}

/// What a pass looked at: only about that it can say that something is over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The targets of this pass. Of all others it says nothing.
    pub targets: BTreeMap<TargetName, Look>,
    /// Every target that the manifest declares; `None` where nobody can say, because it could not be
    /// loaded.
    pub declared: Option<BTreeSet<TargetName>>,
    /// The targets on which this pass knows what is held, failed or braked: those that it may write to,
    /// though there was nothing to write, and those that nobody writes to any more.
    pub acted: BTreeSet<TargetName>,
    /// The targets of whose probes this pass can say something.
    pub probed: BTreeMap<TargetName, Probed>,
    /// The classes that it looked at as a whole, for alerts without a target and for those that do not
    /// come from a target's plan: `Expiry`, `Rotation`, `Manifest`, `Journal`, `Delivery`.
    pub classes: BTreeSet<AlertClass>,
}

/// What one pass saw of one manifest.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// When, by the observer's clock.
    pub at: Timestamp,
    /// Names the reconciler, the same in each of its passes: alerts about what it cannot read are its
    /// own, and only under the same name they are counted and resolved.
    pub observer: &'a str,
    /// What the book was before the first thing was read.
    pub began: &'a Began,
    /// Tells revisions of the manifest apart, for example its digest. Two reconcilers that have
    /// different ones may well see different things.
    pub revision: &'a str,
    /// What is wrong.
    pub sightings: &'a [Sighting],
    /// What was looked at.
    pub coverage: &'a Coverage,
    /// When what is told.
    pub patience: Patience,
    /// The sinks that this reconciler serves.
    pub sinks: &'a BTreeSet<String>,
}

/// The book after this pass, with the events of the step at its end; `None` where nothing changed.
pub fn advance(book: &AlertBook, round: &Round<'_>) -> Option<AlertBook> {
    let mut step = Step::new(book, round);
    step.take_sightings();
    step.take_what_is_over();
    step.take_back_strikes();
    step.note_probes();
    step.finish()
}
