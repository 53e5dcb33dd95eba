//! `reconcile`, as people run it.

mod trouble;
