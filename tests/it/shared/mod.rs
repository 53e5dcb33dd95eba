//! The journal in a git remote: several clones, each with a home of its own, and one history.

mod alerts;
mod bad_input;
mod checkout;
mod claims;
mod clocks;
mod counts;
mod everyday;
mod forged;
mod https;
mod killed;
pub mod lab;
mod lease;
mod moved;
mod over_ssh;
mod race;
mod rewound;
mod seen;
