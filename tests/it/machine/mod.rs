//! Programs of this machine and of one over SSH.

mod run;
