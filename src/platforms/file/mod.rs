//! Variables in files: a [machine](crate::machine) times a [`mod@format`].

pub mod format;
mod platform;
pub(in crate::platforms) mod rewrite;

pub use platform::FilePlatform;
pub(super) use platform::accepts;
