//! Opens and reads one regular file, never a pipe that hangs or a device that does something.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::error::FileError;
use super::resolve::{Place, kind, permissions, wide};
use super::{FileRead, MAX_FILE_BYTES, owners};

/// A file that somebody writes in place is read again so often.
const ATTEMPTS: usize = 3;

/// An open regular file and what the system said of it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) stat: Stat,
}

/// Reads the file at `path` as the user `us`.
pub(super) fn read(path: &Path, us: u32) -> Result<FileRead, FileError> {
    let place = super::resolve::locate(path, us)?;
    let opened = open(&place, us)?;
    let (content, changed_at) = match &opened {
        Some(opened) => {
            let content = content(opened, &place)?;
            (Some(content), changed_at(&look(&opened.file, &place)?))
        }
        None => (None, None),
    };
    Ok(FileRead {
        content,
        changed_at,
        link_to: place.linked.then(|| place.path()),
    })
}

/// Opens what is at the place; `None` if nothing is.
pub(super) fn open(place: &Place, us: u32) -> Result<Option<Opened>, FileError> {
    let Some(found) = &place.found else {
        return Ok(None);
    };
    // looked at before it is opened: opening a device can already do something
    require_regular(found, place)?;
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(&place.folder.fd, &place.name, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::ACCESS) => {
            return Err(FileError::Denied {
                path: place.path(),
                verb: "read",
                user: owners::user(us),
                mode: Some(permissions(found)),
            });
        }
        Err(code) => return Err(system("open", place, code)),
    };
    let stat = rustix::fs::fstat(&fd).map_err(|code| system("look at", place, code))?;
    require_regular(&stat, place)?;
    if stat.st_uid != found.st_uid {
        return Err(FileError::Unstable { path: place.path() });
    }
    Ok(Some(Opened {
        file: File::from(fd),
        stat,
    }))
}

/// The bytes of an open file, read anew from its start.
pub(super) fn content(opened: &Opened, place: &Place) -> Result<Zeroizing<Vec<u8>>, FileError> {
    for _ in 0..ATTEMPTS {
        let before = look(&opened.file, place)?;
        let bytes = bytes(&opened.file, &before, place)?;
        if moment(&look(&opened.file, place)?) == moment(&before) {
            return Ok(bytes);
        }
    }
    Err(FileError::Unstable { path: place.path() })
}

fn look(file: &File, place: &Place) -> Result<Stat, FileError> {
    rustix::fs::fstat(file).map_err(|code| system("look at", place, code))
}

fn changed_at(stat: &Stat) -> Option<Timestamp> {
    let seconds = i64::try_from(wide(stat.st_mtime)).ok()?;
    let rest = i32::try_from(wide(stat.st_mtime_nsec)).ok()?;
    Timestamp::new(seconds, rest).ok()
}

/// Changes whenever the content does, as finely as the file system's clock.
fn moment(stat: &Stat) -> [u64; 3] {
    [
        wide(stat.st_size),
        wide(stat.st_mtime),
        wide(stat.st_mtime_nsec),
    ]
}

fn bytes(file: &File, stat: &Stat, place: &Place) -> Result<Zeroizing<Vec<u8>>, FileError> {
    use std::io::{Seek, SeekFrom};

    let size = wide(stat.st_size);
    if size > MAX_FILE_BYTES as u64 {
        return Err(too_large(place, size));
    }
    // room for all of it from the start: a buffer that grows leaves copies behind
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(size).expect("checked above") + 64,
    ));
    let mut file = file;
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| system("read", place, errno(&error)))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(too_large(place, bytes.len() as u64));
    }
    Ok(bytes)
}

fn too_large(place: &Place, bytes: u64) -> FileError {
    FileError::TooLarge {
        path: place.path(),
        bytes,
    }
}

fn require_regular(stat: &Stat, place: &Place) -> Result<(), FileError> {
    let what = match kind(stat) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::Symlink => "a symbolic link",
        FileType::Unknown => "something else",
    };
    Err(FileError::NotRegular {
        path: place.path(),
        what,
    })
}

pub(super) fn system(doing: &'static str, place: &Place, code: Errno) -> FileError {
    FileError::System {
        doing,
        path: place.path(),
        code,
    }
}

/// The system's code behind a standard error.
pub(super) fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
