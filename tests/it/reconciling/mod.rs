//! Scheduled runs: the loop over days in a moment, and bad days of it.

mod simulation;
