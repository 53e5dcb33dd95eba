//! The engine on a paused clock, with a book in memory and sinks that fail by script.

mod faults;
mod lab;
mod life;
mod races;
