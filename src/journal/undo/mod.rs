//! What applies overwrote, kept on this machine so that it can be put back.
//!
//! A file of its own beside the journal, never the journal itself: that one may be shared, and what is
//! added to it stays. Values are in it only as payloads sealed under the manifest's file key, or as
//! text that is public anyway; whoever keeps them seals them. Deleted is overwritten.

mod error;
mod row;
mod store;
#[cfg(test)]
mod tests;

pub use error::UndoStoreError;
pub use row::{KeptKind, KeptRow, RowId};
pub use store::{Changes, UndoStore};
