//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test may fail, print what it measured and look at its own environment"
)]

mod crypto;
mod dialects;
mod hostile;
mod journal;
mod merge;
mod nasty;
mod platforms;
mod recovery;
mod rooms;
mod schemas;
mod source;
mod support;
