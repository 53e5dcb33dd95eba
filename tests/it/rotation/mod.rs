//! Rotations with an overlap: both values are good for a while, and nobody is refused meanwhile.

mod bad_input;
mod client;
mod stages;
mod templates;
mod town;
