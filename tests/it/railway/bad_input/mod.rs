//! What is wrong on the way to Railway, through the binary: one clear message with a next step, the
//! right exit code, nothing written, the other targets read all the same, nothing secret shown.

mod answers;
mod limits;
pub mod parrot;
mod places;
mod proxy;
mod tls;
mod tokens;
mod values;
