//! `BASE..HEAD`: which two states are compared, and where a path lies in the repository.

use std::path::{Component, Path, PathBuf};

use super::{Git, SourceError, run};
use crate::git::is_object_id;

/// What was asked for, as people spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The former state.
    pub base: String,
    /// The later one; `None` for the files as they are.
    pub head: Option<String>,
    /// Whether what counts is where both parted: what a branch brings, and not what it lacks.
    pub from_merge_base: bool,
}

impl Range {
    /// `BASE`, `BASE..HEAD` or `BASE...HEAD`; an empty side is `HEAD`, as git has it.
    pub fn parse(text: &str) -> Self {
        let or_head = |side: &str| if side.is_empty() { "HEAD" } else { side }.to_owned();
        for (dots, from_merge_base) in [("...", true), ("..", false)] {
            if let Some((base, head)) = text.split_once(dots) {
                return Self {
                    base: or_head(base),
                    head: Some(or_head(head)),
                    from_merge_base,
                };
            }
        }
        Self {
            base: or_head(text),
            head: None,
            from_merge_base: false,
        }
    }
}

/// A repository around a folder.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its top folder, without links.
    pub root: PathBuf,
    folder: PathBuf,
}

impl Repository {
    /// A path from the folder that it was found around, as one inside the repository: folders without
    /// links, as far as they exist. `None` where it lies outside. A file that is a link stays one, as
    /// git knows it.
    pub fn inside(&self, path: &Path) -> Option<PathBuf> {
        let plain = plain(&self.folder.join(path));
        let mut rest = PathBuf::new();
        let mut known = plain.as_path();
        loop {
            let real = known.canonicalize().ok().filter(|real| real.is_dir());
            if let Some(real) = real {
                // a path that ends with a slash would be another one
                let whole = match rest.as_os_str().is_empty() {
                    true => real,
                    false => real.join(&rest),
                };
                return Some(whole.strip_prefix(&self.root).ok()?.to_path_buf());
            }
            // what is not there any more is named by what is left of its folders
            let name = PathBuf::from(known.file_name()?);
            rest = match rest.as_os_str().is_empty() {
                true => name,
                false => name.join(&rest),
            };
            known = known.parent()?;
        }
    }

    /// A path inside the repository as people in that folder name it.
    pub fn shown(&self, inside: &Path) -> PathBuf {
        let here = self.folder.canonicalize();
        let here = here.as_deref().unwrap_or(&self.folder);
        let Ok(here) = here.strip_prefix(&self.root) else {
            return self.root.join(inside);
        };
        let shared = here
            .components()
            .zip(inside.components())
            .take_while(|(one, other)| one == other)
            .count();
        let up = here.components().skip(shared).map(|_| Component::ParentDir);
        up.chain(inside.components().skip(shared)).collect()
    }
}

/// Without `.` and `..`; a link before `..` is not followed, as a shell's `cd` has it.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

impl Git {
    /// The repository around a folder.
    pub fn repository(&self, folder: &Path) -> Result<Repository, SourceError> {
        let nowhere = || SourceError::NoRepository {
            path: folder.to_path_buf(),
        };
        // asked so that a machine without git is told apart
        let inside = run(self
            .command(folder)
            .args(["rev-parse", "--is-inside-work-tree"]))?;
        let root = self
            .repository_root(folder)
            .filter(|_| inside.status.success());
        let root = root.and_then(|root| root.canonicalize().ok());
        Ok(Repository {
            root: root.ok_or_else(nowhere)?,
            folder: folder.to_path_buf(),
        })
    }

    /// The full ids of both ends of a range: the base, moved to where both parted where that is
    /// asked for, and the head.
    pub fn ends_of(
        &self,
        repository: &Repository,
        range: &Range,
    ) -> Result<(String, Option<String>), SourceError> {
        let root = &repository.root;
        let commit = |revision: &str| self.resolve(root, root, revision);
        let base = commit(&range.base)?;
        let head = range.head.as_deref().map(commit).transpose()?;
        match &head {
            Some(other) if range.from_merge_base => {
                let parted = self.merge_base(root, &base, other, range)?;
                Ok((parted, head))
            }
            _ => Ok((base, head)),
        }
    }

    fn merge_base(
        &self,
        root: &Path,
        base: &str,
        head: &str,
        range: &Range,
    ) -> Result<String, SourceError> {
        let output = run(self.command(root).args(["merge-base", base, head]))?;
        let id = String::from_utf8(output.stdout).unwrap_or_default();
        if output.status.success() && is_object_id(id.trim_end()) {
            return Ok(id.trim_end().to_owned());
        }
        let revision = format!(
            "{}...{}",
            range.base,
            range.head.as_deref().unwrap_or_default()
        );
        let mut shallow = self.command(root);
        let shallow = run(shallow.args(["rev-parse", "--is-shallow-repository"]))?;
        Err(if shallow.stdout == b"true\n" {
            SourceError::ShallowClone { revision }
        } else {
            SourceError::NothingInCommon { revision }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_git_reads_them() {
        let range = |text: &str| {
            let range = Range::parse(text);
            (range.base, range.head, range.from_merge_base)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(range("main"), ("main".into(), None, false));
        assert_eq!(range("a..b"), ("a".into(), some("b"), false));
        assert_eq!(range("a...b"), ("a".into(), some("b"), true));
        assert_eq!(range("a.."), ("a".into(), some("HEAD"), false));
        assert_eq!(range("...b"), ("HEAD".into(), some("b"), true));
        assert_eq!(range("v1.0"), ("v1.0".into(), None, false));
    }
}
