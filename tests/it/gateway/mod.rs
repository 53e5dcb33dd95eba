//! The OpenClaw platform through the binary: installations in files, and gateways that run.

mod authority;
mod bad_input;
mod clients;
pub mod lab;
mod places;
mod running;
