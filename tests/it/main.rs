//! The one integration binary.

mod crypto;
mod dialects;
mod journal;
mod merge;
mod platforms;
mod rooms;
mod schemas;
mod source;
mod support;
