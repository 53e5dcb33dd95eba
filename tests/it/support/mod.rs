//! The test-support room.

pub mod lab;
pub mod peers;
pub mod world;
