//! The one integration binary.

mod journal;
mod source;
mod support;
