//! Putting stored values in force on a machine, and looking at what runs there.
#![warn(missing_docs)]
