//! Each platform runs the same battery; what only one of them has is tested beside it.

mod contract;
mod file;
mod file_bad_input;
mod file_killed;
mod memory;
