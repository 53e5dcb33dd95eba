//! Manifests from disks and from real git repositories.
#![expect(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

mod checkout;
mod git;
mod load;
mod write;
