//! Joins the rooms: load, decrypt, read, plan, apply, remember.

pub mod apply;
pub mod concealed;
pub mod connect;
pub mod covered;
pub mod declared;
pub mod desired;
pub mod doctor;
pub mod earlier;
pub mod event;
pub mod expiry;
pub mod import;
pub mod inspect;
pub mod load;
pub mod machines;
pub mod observe;
pub mod pass;
pub mod probes;
pub mod readers;
pub mod remember;
pub mod review;
mod running;
pub mod since;
pub mod staged;
pub mod stop;
pub mod targets;
pub mod undo;
