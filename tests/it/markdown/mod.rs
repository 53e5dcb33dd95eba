//! Comments of pull requests, read by two Markdown renderers that are not ours: comrak, which GitLab
//! uses, and GitHub's own (cmark-gfm).

mod binary;
mod forge;
pub mod hostile;
mod picture;
pub mod plans;
mod read;
mod review;
mod size;
