//! Reading the settings of a machine that say what runs, and where things go: the allowlist and the
//! settings of alerts. Nobody can change them who may only edit manifests. And files that hold a secret.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::load::{LoadError, read_text};

/// Write permission of group and others.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why such a file is not believed. Holds no file content.
#[derive(Debug, thiserror::Error)]
pub enum GuardedError {
    /// It was named, and is not there.
    #[error("read {path}: there is no such file")]
    Missing {
        /// As it was given.
        path: PathBuf,
    },
    /// It cannot be read as text.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The system refused.
    #[error("read {path}")]
    Io {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else's.
    #[error("use {path}: it belongs to another user, who could {power} in it")]
    Owner {
        /// As it was given.
        path: PathBuf,
        /// What whoever writes it can do.
        power: &'static str,
    },
    /// Others may write it.
    #[error("use {path}: others than its owner may write it (mode {mode:o})")]
    Writable {
        /// As it was given.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It lies where manifests are edited.
    #[error(
        "use {path}: it lies in {tree}, with the manifests, so whoever may edit those could edit it too"
    )]
    AmongManifests {
        /// As it was given.
        path: PathBuf,
        /// The work tree or folder.
        tree: PathBuf,
    },
}

/// The text of the allowlist at `path`, for manifests that lie in these folders (absolute, without
/// links). `None` where there is no such file and nobody named it.
pub fn load_allowlist(
    path: &Path,
    named: bool,
    folders: &[&Path],
) -> Result<Option<String>, GuardedError> {
    load_guarded(path, named, folders, "allow anything")
}

/// The text of the settings of alerts, under the same rules: they name programs that are run.
pub fn load_alerts(
    path: &Path,
    named: bool,
    folders: &[&Path],
) -> Result<Option<String>, GuardedError> {
    load_guarded(path, named, folders, "run anything")
}

fn load_guarded(
    path: &Path,
    named: bool,
    folders: &[&Path],
    power: &'static str,
) -> Result<Option<String>, GuardedError> {
    let given = path.to_path_buf();
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !named => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(GuardedError::Missing { path: given });
        }
        _ => {}
    }
    let failed = |source| GuardedError::Io {
        path: path.to_path_buf(),
        source,
    };
    let real = fs::canonicalize(path).map_err(failed)?;
    let metadata = fs::metadata(&real).map_err(failed)?;
    let uid = rustix::process::getuid().as_raw();
    if ![0, uid].contains(&metadata.uid()) {
        return Err(GuardedError::Owner { path: given, power });
    }
    // a folder or a device is refused by what reads it
    if metadata.is_file() && metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        let mode = metadata.mode() & 0o7777;
        return Err(GuardedError::Writable { path: given, mode });
    }
    for folder in folders {
        let tree = work_tree_around(folder);
        if real.starts_with(&tree) {
            return Err(GuardedError::AmongManifests { path: given, tree });
        }
    }
    Ok(Some(read_text(&real, path)?))
}

/// The top folder of the git work tree around `folder`: of the outermost repository where one is a
/// module of another, and `folder` itself where there is none.
pub fn work_tree_around(folder: &Path) -> PathBuf {
    let mut found = folder.to_path_buf();
    for above in folder.ancestors() {
        let git = above.join(".git");
        if fs::symlink_metadata(&git).is_ok() {
            found = above.to_path_buf();
            // a file: this is a module, or a second work tree, of a repository that may be above
            if !git.is_file() {
                break;
            }
        }
    }
    found
}
