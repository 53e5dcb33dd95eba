//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test may fail, and looks at its own environment"
)]

mod crypto;
mod dialects;
mod example;
mod journal;
mod merge;
mod platforms;
mod rooms;
mod scale;
mod schemas;
mod source;
mod support;
