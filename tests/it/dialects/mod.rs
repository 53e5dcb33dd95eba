//! Our dialects held against the fact sheet's cases and against their real readers.
#![expect(
    clippy::print_stdout,
    reason = "the figures of a run, shown by --nocapture"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod cases;
pub(crate) mod docker;
mod golden;
pub(crate) mod readers;
pub(crate) mod rewriting;
mod strangers;
pub(crate) mod systemd;
pub(crate) mod values;
