//! Each platform runs the same battery; what only one of them has is tested beside it.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

mod contract;
mod file;
mod file_bad_input;
mod file_killed;
mod file_nested;
mod file_ssh;
mod file_ssh_bad_input;
mod file_ssh_killed;
mod memory;
mod openclaw;
mod railway;
mod railway_api;
