//! Whole passes against the fake Railway, in process: what may happen between a manifest and what an
//! environment holds, when everything goes wrong that the API's users have seen go wrong.

mod check;
mod desk;
mod draw;
mod faults;
mod lab;
mod others;
mod schedules;
mod truth;
