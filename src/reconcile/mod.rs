//! Joins the rooms: load, read, plan, apply, record.

pub mod event;
