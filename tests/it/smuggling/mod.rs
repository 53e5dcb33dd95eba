//! The manifest is code: somebody who may only edit files of the repository tries to get a secret out,
//! to run a command or to break a rail, and a machine with the identity applies it with `--yes`.

mod allowlist;
mod authority;
mod first;
mod limits;
mod rails;
mod railway;
mod since;
mod thief;
