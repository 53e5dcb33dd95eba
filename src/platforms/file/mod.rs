//! Variables in files: a machine ([`host`]) times a [`mod@format`].

pub mod format;
pub mod host;
mod platform;
mod rewrite;

pub use platform::FilePlatform;
