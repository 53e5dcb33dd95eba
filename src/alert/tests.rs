//! Sinks against receivers that answer by script.

mod lab;
mod ping;
mod program;
mod slack;
mod webhook;
