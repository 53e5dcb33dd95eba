//! git itself runs us: diffs, merges of every kind, commits. Real repositories and the real `git`.

mod bad_input;
mod commits;
mod diffs;
mod framework;
mod installs;
mod lab;
mod merges;
