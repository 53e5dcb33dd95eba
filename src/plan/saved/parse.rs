//! From the text of a file to plans, or why not.

use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use super::{SavedPlans, TAG};

/// Why a plan file is not carried out. The texts fit after "cannot apply FILE:", and hold nothing of
/// the file but numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// Cut off.
    #[error("it ends in the middle")]
    Truncated,
    /// Not JSON, or not the shape of a plan.
    #[error("it is no plan at line {line}, column {column}")]
    Shape {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// What `plan --json` prints.
    #[error("it is what `driftlock plan --json` prints, which is for reading")]
    Printed,
    /// Of a later version.
    #[error("it was made by a newer driftlock, in the format {found}; this one knows {TAG}")]
    Newer {
        /// Its kind and version.
        found: String,
    },
    /// Of an earlier version.
    #[error("it was made by an older driftlock, in the format {found}; this one knows {TAG}")]
    Older {
        /// Its kind and version.
        found: String,
    },
    /// More, less or otherwise spelled than this version writes.
    #[error("it was edited, or made by another version of driftlock")]
    Otherwise,
    /// No plan, or two of one manifest.
    #[error("it does not hold one plan for each of its manifests")]
    Count,
    /// The ids are not those of its content.
    #[error("it was edited: its id is not the one of what it says")]
    Edited,
    /// The proof is not the one of its content.
    #[error("it was edited: the proof in it is not one of what it says")]
    Forged,
    /// The proof was made under another key.
    #[error("it was made under another key than the one that is at hand")]
    OtherKey,
    /// The manifest is another one, or another version.
    #[error("the manifest changed since the plan was made")]
    ManifestChanged,
}

/// The begin of every document of ours.
#[derive(Deserialize)]
struct Head {
    driftlock: Option<String>,
}

/// Whether a text is, or once was, a plan in a file, or a plan in JSON: no manifest begins like one.
pub fn is_saved(text: &str) -> bool {
    is_kept(text) || is_tagged(text, "plan/")
}

/// Whether it is, or once was, a plan in a file.
pub fn is_kept(text: &str) -> bool {
    is_tagged(text, "saved-plan/")
}

fn is_tagged(text: &str, tag: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let Some(rest) = text.strip_prefix('{') else {
        return false;
    };
    let first = |rest: &str| {
        let rest = rest.trim_start().strip_prefix("\"driftlock\"")?;
        let rest = rest.trim_start().strip_prefix(':')?;
        let rest = rest.trim_start().strip_prefix('"')?;
        Some(rest.starts_with(tag))
    };
    // whatever sorted its keys
    let head = || serde_json::from_str::<Head>(text).ok()?.driftlock;
    first(rest).unwrap_or_else(|| head().is_some_and(|found| found.starts_with(tag)))
}

impl SavedPlans {
    /// Reads a file. The ids are those of the content, nothing is missing and nothing is there that
    /// this version would not have written; the proofs wait for [`SavedPlans::verify`].
    pub fn parse(text: &str) -> Result<Self, SavedError> {
        let head: Head = serde_json::from_str(text).map_err(|error| why(&error))?;
        format(head.driftlock.as_deref().unwrap_or_default())?;
        let saved: Self = serde_json::from_str(text).map_err(|error| why(&error))?;
        let value: Value = serde_json::from_str(text).map_err(|error| why(&error))?;
        if serde_json::to_value(&saved).ok() != Some(value) {
            return Err(SavedError::Otherwise);
        }
        let mut paths: Vec<&str> = saved.plans.iter().map(|one| one.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        if paths.is_empty() || paths.len() != saved.plans.len() {
            return Err(SavedError::Count);
        }
        let since = saved.selection.since.as_deref();
        if !saved.has_its_ids() || !since.is_none_or(is_commit) {
            return Err(SavedError::Edited);
        }
        Ok(saved)
    }
}

fn format(tag: &str) -> Result<(), SavedError> {
    if tag == TAG {
        return Ok(());
    }
    let version = |kind: &str| tag.strip_prefix(kind)?.parse::<u32>().ok();
    if version("plan/").is_some() {
        return Err(SavedError::Printed);
    }
    Err(match version("saved-plan/") {
        Some(version @ 0..=1) => SavedError::Older {
            found: format!("saved-plan/{version}"),
        },
        Some(version) => SavedError::Newer {
            found: format!("saved-plan/{version}"),
        },
        None => SavedError::Otherwise,
    })
}

/// A full id, as it was written: nothing that git could take for something else.
fn is_commit(text: &str) -> bool {
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    matches!(text.len(), 40 | 64) && text.chars().all(hex)
}

/// Where, never what: the messages of the library quote.
fn why(error: &serde_json::Error) -> SavedError {
    match error.classify() {
        Category::Eof => SavedError::Truncated,
        Category::Syntax | Category::Data | Category::Io => SavedError::Shape {
            line: error.line(),
            column: error.column(),
        },
    }
}
