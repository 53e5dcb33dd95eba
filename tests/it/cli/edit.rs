//! `edit`: through real editors and scripted ones, on good days and on bad ones.

mod editors;
mod everyday;
mod kept;
mod killed;
mod refused;
mod stage;
mod steps;
