//! Manifests from disks and from real git repositories.

mod git;
mod load;
mod write;
