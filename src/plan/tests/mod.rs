//! The planner as a whole: build desired, derive live and records from it, disturb one side.

mod owed;
mod properties;
mod rails;
mod rows;
mod show;
mod undo;
mod units;
mod world;
