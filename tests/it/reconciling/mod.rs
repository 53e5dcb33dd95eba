//! Scheduled runs: the loop over days in a moment, and `reconcile` as people run it on bad days.

mod simulation;
mod soak;
mod trouble;
