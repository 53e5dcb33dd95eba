//! The test-support room.
#![expect(dead_code, reason = "shared by many tests, some still to come")]

pub mod peers;
pub mod shop;
pub mod terminal;
pub mod world;
