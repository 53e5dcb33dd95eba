//! Files that hold variables.

pub mod format;
