//! Commands through the binary: wiring, words and exit codes.

mod accept;
mod check;
mod completions;
mod init;
mod reveal;
mod schema;
mod set;
mod unset;
