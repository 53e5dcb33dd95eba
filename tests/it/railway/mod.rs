//! Railway through the binary, in front of a fake.

mod bad_input;
mod binary;
mod identity;
