//! Variables in files: a machine (`host`) times a format.

pub mod host;
