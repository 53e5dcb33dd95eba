//! The one integration binary.

mod crypto;
mod rooms;
mod support;
