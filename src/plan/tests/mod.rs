//! The planner as a whole: build desired, derive live and records from it, disturb one side.

mod left;
mod left_properties;
mod owed;
mod properties;
mod rails;
mod rows;
mod saved;
mod scheduled;
mod show;
mod undo;
mod units;
mod world;
