//! The one integration binary.

mod crypto;
mod dialects;
mod rooms;
mod support;
