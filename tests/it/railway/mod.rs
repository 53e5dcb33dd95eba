//! Railway, in front of a fake that serves its published schema: through the binary, and whole passes in
//! process when everything goes wrong that the API's users have seen go wrong.

pub mod authority;
pub mod bad_input;
pub mod binary;
mod drafts;
mod everyday;
mod faults;
mod figures;
mod identity;
mod nasty;
mod schedules;
mod sealed;
mod tokens;
mod who;
pub mod yard;
