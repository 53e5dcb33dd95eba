//! The temporary file of a replace, and those that killed runs left behind.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::error::FileError;
use super::owners;
use super::read::system;
use super::resolve::{Folder, Place, kind};

const PREFIX: &str = ".driftlock-";
const SUFFIX: &str = ".tmp";
const DIGITS: usize = 16;

/// Two runs that take each other's new file for a leftover draw a new name so often.
const ATTEMPTS: usize = 16;

/// A new file beside the old one: locked while we live, removed when dropped unless it was renamed.
#[derive(Debug)]
pub(super) struct Temporary<'a> {
    pub(super) file: File,
    pub(super) name: String,
    folder: &'a Folder,
    renamed: bool,
}

impl<'a> Temporary<'a> {
    /// Creates an empty one that only we may read and write.
    pub(super) fn create(place: &'a Place, us: u32) -> Result<Self, FileError> {
        for _ in 0..ATTEMPTS {
            let name = format!("{PREFIX}{:0DIGITS$x}{SUFFIX}", rand::random::<u64>());
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mode = Mode::RUSR | Mode::WUSR;
            let fd = match rustix::fs::openat(&place.folder.fd, name.as_str(), flags, mode) {
                Ok(fd) => fd,
                Err(Errno::EXIST) => continue,
                Err(code) => return Err(cannot_create(place, us, code)),
            };
            let temporary = Self {
                file: File::from(fd),
                name,
                folder: &place.folder,
                renamed: false,
            };
            if temporary.is_ours_alone() {
                return Ok(temporary);
            }
        }
        Err(FileError::Locked { path: place.path() })
    }

    /// Takes the lock that tells others that we live; `false` if somebody took it for a leftover
    /// before. Where the file system has no locks nobody removes leftovers either.
    fn is_ours_alone(&self) -> bool {
        match rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => rustix::fs::fstat(&self.file).is_ok_and(|stat| stat.st_nlink > 0),
            Err(Errno::WOULDBLOCK) => false,
            Err(_) => true,
        }
    }

    /// Its name is gone: it is the new file now.
    pub(super) fn was_renamed(mut self) {
        self.renamed = true;
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        unlock(&self.file);
        if !self.renamed {
            // nothing can be done about a failure here; the next write in this folder tries again
            let _ = rustix::fs::unlinkat(&self.folder.fd, self.name.as_str(), AtFlags::empty());
        }
    }
}

/// Gives a lock back at once. Closing the file would not do: a child that another thread is just
/// starting has a copy of it until it runs its own program, and the lock would live as long.
pub(super) fn unlock(file: impl AsFd) {
    // a file system without locks has nothing to give back
    let _ = rustix::fs::flock(file, FlockOperation::Unlock);
}

fn cannot_create(place: &Place, us: u32, code: Errno) -> FileError {
    if code == Errno::ACCESS {
        return FileError::Denied {
            path: place.folder.path.clone(),
            verb: "write into the folder",
            user: owners::user(us),
            mode: Some(super::resolve::permissions(&place.folder.stat)),
        };
    }
    system("create a temporary file beside", place, code)
}

/// Removes what killed runs left in a folder: regular files with our kind of name, of us or of the
/// folder's owner, that nobody has locked. Failures are left for the next time.
pub(super) fn sweep(folder: &OwnedFd, us: u32, theirs: Option<u32>) {
    let Ok(entries) = Dir::read_from(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if is_ours(name) {
            let _ = remove_unlocked(folder, name, us, theirs);
        }
    }
}

fn is_ours(name: &OsStr) -> bool {
    name.to_str()
        .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
        .is_some_and(|id| {
            id.len() == DIGITS
                && id
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
}

fn remove_unlocked(
    folder: impl AsFd,
    name: &OsStr,
    us: u32,
    theirs: Option<u32>,
) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let stat = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let known_owner = stat.st_uid == us || Some(stat.st_uid) == theirs;
    if kind(&stat) != FileType::RegularFile || stat.st_nlink != 1 || !known_owner {
        return Ok(());
    }
    let file = rustix::fs::openat(&folder, name, flags, Mode::empty())?;
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let removed = rustix::fs::unlinkat(&folder, name, AtFlags::empty());
    unlock(&file);
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_kind_of_name_is_a_leftover() {
        assert!(is_ours(OsStr::new(".driftlock-0123456789abcdef.tmp")));
        for other in [
            ".driftlock-.tmp",
            ".driftlock-0123456789abcdeg.tmp",
            ".driftlock-0123456789abcdef0.tmp",
            ".driftlock-0123456789ABCDEF.tmp",
            ".driftlock-0123456789abcdef",
            "driftlock-0123456789abcdef.tmp",
            ".driftlock.env",
        ] {
            assert!(!is_ours(OsStr::new(other)), "{other}");
        }
    }
}
