//! The one integration binary.

mod crypto;
mod dialects;
mod journal;
mod platforms;
mod rooms;
mod source;
mod support;
