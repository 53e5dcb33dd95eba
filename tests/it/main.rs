//! The one integration binary.

mod dialects;
mod support;
