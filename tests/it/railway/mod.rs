//! Railway through the binary, in front of a fake.

pub mod authority;
pub mod bad_input;
pub mod binary;
mod identity;
