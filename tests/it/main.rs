//! The one integration binary.

mod dialects;
mod platforms;
mod support;
