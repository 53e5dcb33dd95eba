//! Railway, in front of a fake that serves its published schema: through the binary, and whole passes in
//! process when everything goes wrong that the API's users have seen go wrong.

mod bad_input;
mod binary;
mod check;
mod desk;
mod draw;
mod drafts;
mod everyday;
mod figures;
mod identity;
mod lab;
mod nasty;
mod others;
mod schedules;
mod sealed;
mod tokens;
mod truth;
mod yard;
