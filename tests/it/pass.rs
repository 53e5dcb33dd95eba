//! A whole pass at the level of the library, on the platform in memory: what goes wrong between the
//! plan and the receipt, and whether the next plan tells the truth.

mod doubt;
mod lab;
mod orphan;
mod partly;
mod stopped;
