//! The commands, through the binary: one file per command, and one per thing that can happen to it.

mod apply;
mod apply_killed;
mod apply_rails;
mod apply_several;
mod apply_units;
mod history;
mod plan;
mod plan_since;
mod status;
