//! Alerts: what is told, when, to whom, and how it gets there.
//!
//! `sight` says what a plan and an apply are told as, `rules` decides (both pure): from the book of open
//! alerts and what a pass saw to the next book, with the events of that step. `mute` keeps some of it
//! silent, `brake` stops healing that does not hold, `ahead` is a book that could not be written for a
//! while. `deliver` takes the events to the sinks. Books are kept by somebody else and changed by
//! compare-and-swap, so several reconcilers can share one.

mod ahead;
pub mod brake;
mod command;
pub mod deliver;
mod document;
mod fault;
mod message;
pub mod mute;
mod ping;
pub mod rules;
pub mod sight;
mod sign;
mod sinks;
mod slack;
#[cfg(test)]
mod tests;
mod webhook;

use crate::model::AlertBook;

pub use ahead::carry;
pub use document::event_schema;
pub use fault::{Fault, FaultKind};
pub use message::{Message, Subject, about, headline};
pub use ping::Ping;
pub use sinks::{Lookup, Outside, Sink, Sinks, USUAL_LIMIT, build, build_ping};

/// Where the book of a manifest is kept.
pub trait Books: Send {
    /// Replaces the book by what `change` makes of it, all of it or nothing, on top of what is there at
    /// that moment; `None` leaves it as it is. `change` may run several times, each time on what others
    /// have written since. Gives the book as it is afterwards.
    ///
    /// # Errors
    /// Why it could not be read or written: lower case, no final period, fits after "cannot".
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String>;
}
