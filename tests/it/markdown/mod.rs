//! Comments of pull requests, read by two Markdown renderers that are not ours: comrak, which GitLab
//! uses, and GitHub's own (cmark-gfm).

mod forge;
mod hostile;
mod picture;
mod plans;
mod read;
mod size;
