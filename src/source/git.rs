//! The git history around a manifest, by the `git` program.
//!
//! It runs with an environment of our own, asks nobody anything, goes to no network, and runs no
//! program that a repository's settings could name.

mod history;
mod range;
mod tree;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::MAX_BYTES;
use crate::git::{Program, is_object_id};

pub use history::{FormerText, FormerTexts, MOST_REVISIONS};
pub use range::{Range, Repository};
pub use tree::FilesAt;

/// Runs `git`.
#[derive(Debug, Clone)]
pub struct Git {
    program: Program,
}

/// A commit, and whether the files are as it has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The full commit id.
    pub commit: String,
    /// Whether the manifests differ from that commit, or are not in it.
    pub dirty: bool,
}

/// Why a former revision of a manifest could not be had. Holds no file content.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No such program.
    #[error("run git: the program is not installed or not on PATH")]
    NoGit,
    /// It could not be started or read from.
    #[error("run git")]
    Io {
        /// What the system said.
        source: io::Error,
    },
    /// Not in a repository that git will read.
    #[error(
        "look up the history of {path}: it is not in a git repository, or in one that belongs to \
         another user"
    )]
    NoRepository {
        /// The manifest.
        path: PathBuf,
    },
    /// Would be taken for an option, or cannot name a commit.
    #[error("use this revision: it must not be empty or begin with `-`")]
    BadRevision,
    /// Not there.
    #[error("find the revision `{revision}`: there is no such commit in this repository")]
    UnknownRevision {
        /// As it was given.
        revision: String,
    },
    /// Not there, and the clone is cut off.
    #[error(
        "find the revision `{revision}`: this clone holds only a part of the history; fetch all of \
         it (`fetch-depth: 0` in a checkout action, or `git fetch --unshallow`)"
    )]
    ShallowClone {
        /// As it was given.
        revision: String,
    },
    /// Two histories that share no commit.
    #[error("compare `{revision}`: the two have no commit in common; name both ends with `..`")]
    NothingInCommon {
        /// As it was given.
        revision: String,
    },
    /// More than there is room or time for.
    #[error("read the history: git had too much to say, or took too long")]
    TooMuch,
    /// The path was something else then.
    #[error("read {path} at `{revision}`: it was not a regular file then")]
    NotAFile {
        /// The manifest.
        path: PathBuf,
        /// As it was given.
        revision: String,
    },
    /// Larger than any manifest may be.
    #[error("read {path} at `{revision}`: it was larger than 8 MiB")]
    TooLarge {
        /// The manifest.
        path: PathBuf,
        /// As it was given.
        revision: String,
    },
    /// Not text.
    #[error("read {path} at `{revision}`: it was not UTF-8 at byte {position}")]
    NotUtf8 {
        /// The manifest.
        path: PathBuf,
        /// As it was given.
        revision: String,
        /// The first byte that does not fit, counted from 0.
        position: usize,
    },
    /// The commit is there, its files are not.
    #[error(
        "read {path} at `{revision}`: git could not give the file of that commit as text; it may \
         be no UTF-8, or the clone is partial or damaged"
    )]
    Unreadable {
        /// The manifest.
        path: PathBuf,
        /// As it was given.
        revision: String,
    },
}

impl Git {
    /// `environment` is this process's; only what `git` needs of it is passed on.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self {
            program: Program::new(environment),
        }
    }

    /// The program itself.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The commit that is checked out around `files`, which lie in one repository. `None` without
    /// git, a repository or a commit. One call of `git`.
    pub fn revision_of(&self, files: &[PathBuf]) -> Option<Revision> {
        // A path that means something else in that folder would pass for one without changes.
        let files: Result<Vec<PathBuf>, _> = files.iter().map(std::path::absolute).collect();
        let files = files.ok()?;
        let mut command = self.command(files.first()?.parent()?);
        command.args([
            "status",
            "--porcelain=v2",
            "--branch",
            "--untracked-files=all",
            "--ignored=matching",
            "-z",
            "--",
        ]);
        let output = run(command.args(files)).ok()?;
        if !output.status.success() {
            return None;
        }
        let mut lines = output.stdout.split(|byte| *byte == 0);
        let commit = lines.find_map(|line| line.strip_prefix(b"# branch.oid "))?;
        let commit = std::str::from_utf8(commit).ok()?;
        let entries = output.stdout.split(|byte| *byte == 0);
        let dirty = entries
            .into_iter()
            .any(|line| !line.is_empty() && !line.starts_with(b"# "));
        is_object_id(commit).then(|| Revision {
            commit: commit.to_owned(),
            dirty,
        })
    }

    /// The text of the manifest at `path` (absolute) as it was at `revision`. `None` if there was
    /// no such file then.
    pub fn load_at_revision(
        &self,
        path: &Path,
        revision: &str,
    ) -> Result<Option<String>, SourceError> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            let path = path.to_path_buf();
            return Err(SourceError::NoRepository { path });
        };
        let commit = self.resolve(path, folder, revision)?;
        let unreadable = || SourceError::Unreadable {
            path: path.to_path_buf(),
            revision: revision.to_owned(),
        };
        let mut command = self.command(folder);
        command
            .args(["ls-tree", "-z", "-l", &commit, "--"])
            .arg(name);
        let listing = run(&mut command)?;
        if !listing.status.success() {
            return Err(unreadable());
        }
        if listing.stdout.is_empty() {
            return Ok(None);
        }
        let entry = Entry::parse(&listing.stdout).ok_or_else(unreadable)?;
        if !entry.is_file {
            return Err(SourceError::NotAFile {
                path: path.to_path_buf(),
                revision: revision.to_owned(),
            });
        }
        if entry.size.ok_or_else(unreadable)? > MAX_BYTES {
            return Err(SourceError::TooLarge {
                path: path.to_path_buf(),
                revision: revision.to_owned(),
            });
        }
        let blob = run(self.command(folder).args(["cat-file", "blob", &entry.id]))?;
        if !blob.status.success() {
            return Err(unreadable());
        }
        let text = String::from_utf8(blob.stdout).map_err(|error| SourceError::NotUtf8 {
            path: path.to_path_buf(),
            revision: revision.to_owned(),
            position: error.utf8_error().valid_up_to(),
        })?;
        Ok(Some(text))
    }

    /// The full id of the commit that `revision` names in the repository of the manifest at `path`
    /// (absolute).
    pub fn commit_of(&self, path: &Path, revision: &str) -> Result<String, SourceError> {
        self.resolve(path, path.parent().unwrap_or(path), revision)
    }

    /// Whether git ignores this path; `None` where nobody can say.
    pub fn is_ignored(&self, path: &Path) -> Option<bool> {
        let path = std::path::absolute(path).ok()?;
        let mut command = self.command(path.parent()?);
        // It knows no literal paths; an absolute one has no magic either.
        command.env_remove("GIT_LITERAL_PATHSPECS");
        command.args(["check-ignore", "--quiet", "--"]);
        match run(command.arg(&path)).ok()?.status.code() {
            Some(0) => Some(true),
            Some(1) => Some(false),
            _ => None,
        }
    }

    /// The top folder of the work tree around `folder`.
    pub fn repository_root(&self, folder: &Path) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStringExt;
        let output = run(self.command(folder).args(["rev-parse", "--show-toplevel"])).ok()?;
        let mut line = output.stdout;
        if !output.status.success() || line.pop() != Some(b'\n') || line.is_empty() {
            return None;
        }
        Some(PathBuf::from(OsString::from_vec(line)))
    }

    fn resolve(&self, path: &Path, folder: &Path, revision: &str) -> Result<String, SourceError> {
        let blank = revision.is_empty() || revision.contains(char::is_control);
        if blank || revision.starts_with('-') {
            return Err(SourceError::BadRevision);
        }
        let mut command = self.command(folder);
        command.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]);
        let output = run(command.arg(format!("{revision}^{{commit}}")))?;
        let id = String::from_utf8(output.stdout).unwrap_or_default();
        if output.status.success() && is_object_id(id.trim_end()) {
            return Ok(id.trim_end().to_owned());
        }
        let revision = revision.to_owned();
        let mut shallow = self.command(folder);
        let shallow = run(shallow.args(["rev-parse", "--is-shallow-repository"]))?;
        Err(match shallow.stdout.as_slice() {
            b"true\n" => SourceError::ShallowClone { revision },
            b"false\n" => SourceError::UnknownRevision { revision },
            _ => SourceError::NoRepository {
                path: path.to_path_buf(),
            },
        })
    }

    fn command(&self, folder: &Path) -> Command {
        self.program.command(folder)
    }
}

fn run(command: &mut Command) -> Result<Output, SourceError> {
    command.output().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SourceError::NoGit,
        _ => SourceError::Io { source },
    })
}

/// One line of `ls-tree -l`: `100644 blob <id> <size>\t<path>\0`.
struct Entry {
    is_file: bool,
    is_folder: bool,
    id: String,
    size: Option<u64>,
}

impl Entry {
    fn parse(line: &[u8]) -> Option<Self> {
        let end = line.iter().position(|byte| *byte == b'\t')?;
        let mut words = std::str::from_utf8(&line[..end]).ok()?.split_whitespace();
        let (mode, kind, id, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
        is_object_id(id).then(|| Self {
            is_file: kind == "blob" && mode.starts_with("100"),
            is_folder: kind == "tree",
            id: id.to_owned(),
            size: size.parse().ok(),
        })
    }
}
