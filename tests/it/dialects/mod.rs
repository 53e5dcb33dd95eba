//! Our dialects held against the fact sheet's cases and against their real readers.
#![expect(
    clippy::print_stdout,
    reason = "the figures of a run, shown by --nocapture"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod cases;
mod docker;
mod golden;
mod readers;
mod rewriting;
mod strangers;
mod systemd;
mod values;
