//! Railway through the binary, in front of a fake that serves its published schema.

mod drafts;
mod everyday;
mod figures;
mod nasty;
mod sealed;
mod tokens;
mod yard;
