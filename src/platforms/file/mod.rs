//! Variables in files: a machine ([`host`]) times a [`format`].

pub mod format;
pub mod host;
mod platform;
mod rewrite;

pub use platform::FilePlatform;
