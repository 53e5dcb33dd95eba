//! Bringing an edit of a manifest back to the disk.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, fchown};

/// Why an edit was not written. The file is as it was, unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else edited it.
    #[error("write {path}: the file changed since it was read; nothing was written, run it again")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// There is one already.
    #[error("create {path}: there is a file of this name already")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A link to a link.
    #[error("write {path}: it is a symlink to a symlink; name the real file")]
    LinkToLink {
        /// The link.
        path: PathBuf,
    },
    /// A folder, a device or the like.
    #[error("write {path}: it is not a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Marked read-only.
    #[error("write {path}: the file is read-only")]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// A new file could not be given to the old one's owner.
    #[error(
        "write {path}: it belongs to another user, and the new version could not be given to them; \
         run as its owner"
    )]
    Owner {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("write {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Replaces the file at `path`, which must still hold `expected_old`, by `new`: whole or not at
/// all, with the mode and owner of the old one. One symlink is followed, and its real file
/// replaced.
pub fn write_atomically(path: &Path, expected_old: &str, new: &str) -> Result<(), WriteError> {
    replace(path, Some(expected_old), new)
}

/// Puts a file there, whole or not at all: a new one that others may read as far as the umask allows,
/// or in place of a regular file, whatever it holds, with its mode and owner.
pub fn write_over(path: &Path, text: &str) -> Result<(), WriteError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => write_new(path, text, 0o666),
        _ => replace(path, None, text),
    }
}

fn replace(path: &Path, expected_old: Option<&str>, new: &str) -> Result<(), WriteError> {
    let failed = |source| io_error(path, source);
    let real = follow_once(path)?;
    let before = unchanged(path, &real, expected_old)?;
    if before.permissions().readonly() {
        let path = path.to_path_buf();
        return Err(WriteError::ReadOnly { path });
    }
    let mut file = beside(&real, 0o600).map_err(failed)?;
    file.write_all(new.as_bytes()).map_err(failed)?;
    keep_owner(path, file.as_file(), &before)?;
    file.as_file()
        .set_permissions(before.permissions())
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    // Once more, as late as can be.
    let now = unchanged(path, &real, expected_old)?;
    if (now.dev(), now.ino()) != (before.dev(), before.ino()) {
        let path = path.to_path_buf();
        return Err(WriteError::Changed { path });
    }
    file.persist(&real).map_err(|error| failed(error.error))?;
    sync_folder(&real).map_err(failed)
}

/// Creates a file that must not be there yet, with `mode` as far as the umask allows: 0o666 for what
/// others may read, 0o600 for keys.
pub fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), WriteError> {
    let failed = |source| io_error(path, source);
    let mut file = beside(path, mode).map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(path).map_err(failed),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            let path = path.to_path_buf();
            Err(WriteError::Exists { path })
        }
        Err(error) => Err(failed(error.error)),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn beside(path: &Path, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".driftlock-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(folder_of(path))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn follow_once(path: &Path) -> Result<PathBuf, WriteError> {
    let failed = |source| io_error(path, source);
    if !fs::symlink_metadata(path).map_err(failed)?.is_symlink() {
        return Ok(path.to_path_buf());
    }
    let real = folder_of(path).join(fs::read_link(path).map_err(failed)?);
    if fs::symlink_metadata(&real).map_err(failed)?.is_symlink() {
        let path = path.to_path_buf();
        return Err(WriteError::LinkToLink { path });
    }
    Ok(real)
}

fn unchanged(path: &Path, real: &Path, expected: Option<&str>) -> Result<Metadata, WriteError> {
    let failed = |source| io_error(path, source);
    let metadata = fs::symlink_metadata(real).map_err(failed)?;
    if !metadata.is_file() {
        let path = path.to_path_buf();
        return Err(WriteError::NotAFile { path });
    }
    let same = |expected: &str| -> Result<bool, WriteError> {
        Ok(metadata.len() == expected.len() as u64
            && fs::read(real).map_err(failed)? == expected.as_bytes())
    };
    if let Some(expected) = expected
        && !same(expected)?
    {
        let path = path.to_path_buf();
        return Err(WriteError::Changed { path });
    }
    Ok(metadata)
}

fn keep_owner(path: &Path, file: &File, before: &Metadata) -> Result<(), WriteError> {
    let mine = file.metadata().map_err(|source| io_error(path, source))?;
    if (mine.uid(), mine.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(before.uid()), Gid::from_raw(before.gid()));
    fchown(file, Some(uid), Some(gid)).map_err(|_| WriteError::Owner {
        path: path.to_path_buf(),
    })
}

fn io_error(path: &Path, source: io::Error) -> WriteError {
    let path = path.to_path_buf();
    WriteError::Io { path, source }
}
