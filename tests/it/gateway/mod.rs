//! The OpenClaw platform through the binary: installations in files, and gateways that run.

mod bad_input;
mod far;
mod killed;
mod lab;
mod places;
mod running;
mod service;
mod troubles;
mod vps;
