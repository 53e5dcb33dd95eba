//! The one integration binary.

mod crypto;
mod support;
