//! The test-support room.

pub mod aged;
pub mod alerts;
pub mod dated;
pub mod doom;
pub mod fake_railway;
pub mod history;
pub mod lab;
pub mod long_line;
pub mod network;
pub mod openapi;
pub mod openclaw;
pub mod page;
pub mod peers;
pub mod railway;
pub mod rekeyed;
pub mod shop;
pub mod sighted;
pub mod slack;
pub mod sshd;
pub mod systemd;
pub mod terminal;
pub mod world;
