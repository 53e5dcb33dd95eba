//! `recipients`: who may read, held against stock age with nothing of ours in between.

mod accept;
mod add;
mod bad_input;
mod chance;
mod files;
mod lab;
mod list;
mod once_applied;
mod remove;
mod scale;
mod several;
