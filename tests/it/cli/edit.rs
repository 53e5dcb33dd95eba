//! `edit`: through real editors and scripted ones, on good days and on bad ones.

mod editors;
mod everyday;
mod killed;
mod kept;
mod refused;
mod stage;
mod steps;
