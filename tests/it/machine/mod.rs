//! Programs of this machine and of one over SSH.

mod canary;
mod delay;
mod lost;
mod run;
mod sudo;
