//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test may fail, and looks at its own environment"
)]

mod activation;
mod alert;
mod bad_manifests;
mod bad_places;
mod cli;
mod crypto;
mod dialects;
mod example;
mod fake_railway;
mod forge;
mod formats;
mod gateway;
mod git;
mod hostile;
mod hosts;
mod incident;
mod journal;
mod leaks;
mod machine;
mod markdown;
mod merge;
mod model;
mod nasty;
mod openclaw;
mod pass;
mod platforms;
mod probe;
mod railway;
mod reconciling;
mod recovery;
mod rooms;
mod rotation;
mod scale;
mod schedule;
mod schemas;
mod serve;
mod shared;
mod smuggling;
mod sops;
mod source;
mod support;
mod windows;
mod workflows;
