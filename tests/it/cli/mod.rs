//! The commands through the binary: wiring, words and exit codes.

mod accept;
mod apply;
mod apply_killed;
mod apply_killed_steps;
mod apply_rails;
mod apply_several;
mod apply_units;
mod check;
mod completions;
mod diff;
mod doctor;
mod edit;
mod elsewhere;
mod expiry;
mod export;
mod history;
mod import;
mod import_sources;
mod init;
mod plan;
mod plan_since;
mod recipes;
mod recipients;
mod reveal;
mod rotate;
mod run;
mod saved;
mod schema;
mod set;
mod status;
mod status_journal;
mod status_watch;
mod undo;
mod unset;

pub use plan::fits_schema;
