//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test may fail, and looks at its own environment"
)]

mod bad_places;
mod cli;
mod crypto;
mod dialects;
mod example;
mod journal;
mod merge;
mod pass;
mod platforms;
mod rooms;
mod scale;
mod schemas;
mod source;
mod support;
