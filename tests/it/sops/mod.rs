//! The real `sops` writes files in every shape; we take each exactly as it does, or refuse it.

mod corpus;
mod damage;
mod fixed;
pub mod lab;
mod readers;
