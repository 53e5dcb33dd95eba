//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test may fail, print what it measured and look at its own environment"
)]

mod bad_places;
mod cli;
mod crypto;
mod dialects;
mod journal;
mod merge;
mod pass;
mod platforms;
mod rooms;
mod schemas;
mod source;
mod support;
