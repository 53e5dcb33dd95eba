//! The OpenClaw platform through the binary: installations in files, and gateways that run.

mod authority;
mod bad_input;
mod clients;
mod far;
mod killed;
pub mod lab;
mod places;
mod running;
mod service;
mod troubles;
mod vps;
