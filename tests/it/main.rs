//! The one integration binary.

mod rooms;
mod support;
