//! Scheduled runs: which target is looked at when, and the loop that does it.
//!
//! `timetable.rs` decides (pure: it is told the time), `budget.rs` keeps a platform's number of requests,
//! `turn.rs` is the loop. What a look is, is somebody else's: the loop knows it as [`Work`].

mod budget;
mod timetable;
mod turn;

pub use budget::Budget;
pub use timetable::{BACKOFF_CAP, Ended, Entry, Job, Key, Parts, Timetable, Told};
pub use turn::{Settings, Work, once, run};
