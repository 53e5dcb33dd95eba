//! Targets on machines, through the binary: files over SSH, what restarts them, what runs, what
//! proves that it works.

mod bad_input;
mod everyday;
mod figures;
mod forced;
mod killed;
mod probes;
mod running;
pub mod service;
pub mod stage;
mod unapproved;
mod who;
