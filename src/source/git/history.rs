//! What a file was before: every text that it had, newest first.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::tree::explain;
use super::{Git, Repository, SourceError};
use crate::git::is_object_id;

const PATIENCE: Duration = Duration::from_secs(120);
/// A file that changed more often is looked at no further back.
pub const MOST_REVISIONS: usize = 10_000;
/// How much is read of a history at most; a manifest of any usual size has none this long.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// One text that a file had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerText {
    /// The newest commit that brought it.
    pub commit: String,
    /// When that was committed.
    pub at: Timestamp,
    /// All of it.
    pub text: String,
}

/// What a file was before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormerTexts {
    /// Newest first; each text once.
    pub texts: Vec<FormerText>,
    /// Whether there is more than was read: a clone that is cut off, or a history too long.
    pub is_cut: bool,
}

impl Git {
    /// The texts that a file (inside the repository) had up to a commit, through renames.
    pub fn history_of(
        &self,
        repository: &Repository,
        commit: &str,
        path: &Path,
    ) -> Result<FormerTexts, SourceError> {
        let mut command = self.command(&repository.root);
        command
            .args(["log", "--follow", "--raw", "-m", "--no-abbrev", "-z"])
            .args(["--no-show-signature", "--format=%x00%H %ct"])
            .arg(format!("--max-count={}", MOST_REVISIONS + 1))
            .args([commit, "--"])
            .arg(path);
        let finished = crate::git::run(command, vec![], PATIENCE).map_err(explain)?;
        if !finished.is_success() {
            return Err(SourceError::Unreadable {
                path: path.to_path_buf(),
                revision: commit.to_owned(),
            });
        }
        let mut revisions = parse(&finished.stdout);
        let mut is_cut = revisions.len() > MOST_REVISIONS || self.is_shallow(repository)?;
        let mut seen = std::collections::HashSet::new();
        revisions.retain(|one| seen.insert(one.blob.clone()));
        let mut read = 0;
        let mut texts = vec![];
        // some at a time: what is large is not held as git's answer and as text at once
        for some in revisions.chunks(1_000) {
            let ids: Vec<&str> = some.iter().map(|one| one.blob.as_str()).collect();
            let mut known = self.blobs(repository, &ids)?;
            for one in some {
                let text = known.get_mut(&one.blob).and_then(Option::take);
                // a partial clone has the commit and not the file, and what is no text is not looked at
                let Some(text) = text else {
                    is_cut = true;
                    continue;
                };
                read += text.len();
                texts.push(FormerText {
                    commit: one.commit.clone(),
                    at: one.at,
                    text,
                });
            }
            if read > MOST_BYTES {
                is_cut = true;
                break;
            }
        }
        Ok(FormerTexts { texts, is_cut })
    }

    fn is_shallow(&self, repository: &Repository) -> Result<bool, SourceError> {
        let mut command = self.command(&repository.root);
        let output = super::run(command.args(["rev-parse", "--is-shallow-repository"]))?;
        Ok(output.stdout == b"true\n")
    }
}

struct Change {
    commit: String,
    at: Timestamp,
    blob: String,
}

/// `\0<commit> <seconds>\0`, then for each parent `:<modes> <old id> <new id> <status>\0<path>\0` and
/// another path behind renames.
fn parse(bytes: &[u8]) -> Vec<Change> {
    let mut found = vec![];
    let mut commit: Option<(String, Timestamp)> = None;
    for field in bytes.split(|byte| *byte == 0) {
        let Ok(field) = std::str::from_utf8(field) else {
            continue;
        };
        let field = field.trim_start_matches('\n');
        if let Some(line) = field.strip_prefix(':') {
            let blob = line.split(' ').nth(3).filter(|id| is_object_id(id));
            let is_file = line
                .split(' ')
                .nth(1)
                .is_some_and(|mode| mode.starts_with("100"));
            if let (Some(blob), Some((commit, at)), true) = (blob, &commit, is_file) {
                found.push(Change {
                    commit: commit.clone(),
                    at: *at,
                    blob: blob.to_owned(),
                });
            }
        } else if let Some((id, seconds)) = field.split_once(' ')
            && is_object_id(id)
            && let Some(at) = seconds
                .trim()
                .parse()
                .ok()
                .and_then(|s| Timestamp::from_second(s).ok())
        {
            commit = Some((id.to_owned(), at));
        }
    }
    found
}
