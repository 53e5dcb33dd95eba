//! Files of a revision, many at once: one listing and one reader for all of them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Entry, Git, MAX_BYTES, Repository, SourceError, run};
use crate::git::{RunError, is_object_id};

/// Local work on a repository of any size.
const PATIENCE: Duration = Duration::from_secs(120);

/// The files of a commit by their path in the repository, or why one of them cannot be read.
pub type FilesAt = BTreeMap<PathBuf, Result<String, SourceError>>;

/// Texts by the id of their blob. `None` for what is not UTF-8, or larger than a manifest may be.
pub(super) type Texts = BTreeMap<String, Option<String>>;

impl Git {
    /// The files that `paths` (inside the repository) name at a commit: files as they are, of folders
    /// each `*.yaml` and `*.yml` right in them. What is not there is left out; a file that cannot be read
    /// says why, and hides no other.
    pub fn files_at(
        &self,
        repository: &Repository,
        commit: &str,
        paths: &[PathBuf],
    ) -> Result<FilesAt, SourceError> {
        let mut entries = BTreeMap::new();
        for path in paths {
            let named = self.list(repository, commit, path, false)?;
            match &named[..] {
                [(_, one)] if one.is_folder => {
                    let below = self.list(repository, commit, path, true)?;
                    let kept = below.into_iter().filter(|(path, entry)| {
                        !entry.is_folder && super::super::load::is_yaml_name(path)
                    });
                    entries.extend(kept);
                }
                _ => entries.extend(named),
            }
        }
        self.texts_of(repository, commit, entries)
    }

    fn texts_of(
        &self,
        repository: &Repository,
        commit: &str,
        entries: BTreeMap<PathBuf, Entry>,
    ) -> Result<FilesAt, SourceError> {
        let fits =
            |entry: &&Entry| entry.is_file && entry.size.is_some_and(|size| size <= MAX_BYTES);
        let ids: Vec<&str> = entries
            .values()
            .filter(fits)
            .map(|entry| entry.id.as_str())
            .collect();
        let texts = self.blobs(repository, &ids)?;
        let files = entries.into_iter().map(|(path, entry)| {
            let at = || (path.clone(), commit.to_owned());
            let text = match texts.get(&entry.id) {
                Some(Some(text)) => Ok(text.clone()),
                _ if !entry.is_file => {
                    let (path, revision) = at();
                    Err(SourceError::NotAFile { path, revision })
                }
                _ if !fits(&&entry) => {
                    let (path, revision) = at();
                    Err(SourceError::TooLarge { path, revision })
                }
                _ => {
                    let (path, revision) = at();
                    Err(SourceError::Unreadable { path, revision })
                }
            };
            (path, text)
        });
        Ok(files.collect())
    }

    fn list(
        &self,
        repository: &Repository,
        commit: &str,
        path: &Path,
        below: bool,
    ) -> Result<Vec<(PathBuf, Entry)>, SourceError> {
        let mut command = self.command(&repository.root);
        command.args(["ls-tree", "-z", "-l", commit, "--"]);
        let mut wanted = OsString::from(path);
        if below {
            wanted.push("/");
        }
        if !path.as_os_str().is_empty() {
            command.arg(wanted);
        }
        let output = run(&mut command)?;
        let unreadable = || SourceError::Unreadable {
            path: path.to_path_buf(),
            revision: commit.to_owned(),
        };
        if !output.status.success() {
            return Err(unreadable());
        }
        let lines = output.stdout.split(|byte| *byte == 0);
        let lines = lines.filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let tab = line.iter().position(|byte| *byte == b'\t');
                let tab = tab.ok_or_else(unreadable)?;
                let name = OsString::from_vec(line[tab + 1..].to_vec());
                let entry = Entry::parse(line).ok_or_else(unreadable)?;
                Ok((PathBuf::from(name), entry))
            })
            .collect()
    }

    /// The texts of blobs, in one call of `git`.
    pub(super) fn blobs(
        &self,
        repository: &Repository,
        ids: &[&str],
    ) -> Result<Texts, SourceError> {
        let wanted: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        if wanted.is_empty() {
            return Ok(Texts::new());
        }
        let mut input: Vec<u8> = vec![];
        for id in &wanted {
            input.extend_from_slice(id.as_bytes());
            input.push(b'\n');
        }
        let mut command = self.command(&repository.root);
        command.args(["cat-file", "--batch", "--buffer"]);
        let finished = crate::git::run(command, input, PATIENCE).map_err(explain)?;
        Ok(split(&finished.stdout))
    }
}

pub(super) fn explain(error: RunError) -> SourceError {
    match error {
        RunError::NoGit => SourceError::NoGit,
        RunError::Io(source) => SourceError::Io { source },
        RunError::TimedOut(_) | RunError::TooMuch => SourceError::TooMuch,
    }
}

/// `<id> blob <size>\n<bytes>\n`, or `<id> missing\n`.
fn split(mut rest: &[u8]) -> Texts {
    let mut texts = Texts::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let head = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        let mut words = head.split(' ');
        let (id, kind, size) = (words.next(), words.next(), words.next());
        rest = &rest[end + 1..];
        let Some(id) = id.filter(|id| is_object_id(id)) else {
            break;
        };
        let size = size.and_then(|size| size.parse::<usize>().ok());
        let (Some("blob"), Some(size)) = (kind, size) else {
            texts.insert(id.to_owned(), None);
            continue;
        };
        if rest.len() < size {
            break;
        }
        let fits = size as u64 <= MAX_BYTES;
        let text = std::str::from_utf8(&rest[..size]).ok().filter(|_| fits);
        texts.insert(id.to_owned(), text.map(str::to_owned));
        rest = rest.get(size + 1..).unwrap_or_default();
    }
    texts
}
