//! Our dialects held against the fact sheet's cases and against their real readers.

mod cases;
mod docker;
mod golden;
mod readers;
mod rewriting;
mod systemd;
mod values;
