//! Joins of small manifests, and the laws that joins of any keep.

mod cases;
mod laws;

use super::{MergeError, Merged, Texts, merge};

/// Joined by somebody who cannot open anything, and without git.
fn joined(base: &str, ours: &str, theirs: &str) -> Result<Merged, MergeError> {
    let texts = Texts {
        base,
        ours,
        theirs,
        by_lines: None,
    };
    merge(&texts, &mut |_, _, _| false)
}

#[track_caller]
fn clean(base: &str, ours: &str, theirs: &str) -> String {
    match joined(base, ours, theirs) {
        Ok(Merged::Clean(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The marked text, and what is said.
#[track_caller]
fn clash(base: &str, ours: &str, theirs: &str) -> (String, Vec<String>) {
    match joined(base, ours, theirs) {
        Ok(Merged::Conflict { text, conflicts }) => {
            assert!(crate::manifest::parse(&text).is_err(), "{text}");
            (text, conflicts.iter().map(ToString::to_string).collect())
        }
        other => panic!("{other:?}"),
    }
}
