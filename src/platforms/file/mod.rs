//! Variables in files: a [machine](crate::machine) times a [`mod@format`].

pub mod format;
mod platform;
mod rewrite;

pub use platform::FilePlatform;
