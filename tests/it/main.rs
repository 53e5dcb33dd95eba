//! The one integration binary.

mod merge;
mod schemas;
mod support;
