//! Railway through the binary, in front of a fake.

mod authority;
mod bad_input;
mod binary;
mod identity;
