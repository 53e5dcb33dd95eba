//! Does the value work: one look at a service.
#![warn(missing_docs)]
