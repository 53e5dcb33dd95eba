//! Puts new bytes in the place of a file, whole or not at all.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, FlockOperation, Gid, Mode, OFlags, RenameFlags, Stat, Uid, XattrFlags};
use rustix::io::Errno;

use super::error::{FileError, ReplaceError};
use super::leftovers::Temporary;
use super::read::{Opened, content, errno, open, system};
use super::resolve::{ACL, Place, locate, permissions, wide};
use super::{MAX_FILE_BYTES, owners, version_of, version_of_absent};
use crate::model::Version;

/// No file system takes a longer list of attributes, or a longer one of them.
const ATTRIBUTE_BYTES: usize = 64 * 1024;

/// Replaces the file at `path` as the user `us`. `before_rename` runs between the preparations and
/// the last look: tests put a stranger there.
pub(super) fn replace(
    path: &Path,
    expected: &Version,
    bytes: &[u8],
    us: u32,
    sweep: impl FnOnce(&Place, &OwnedFd),
    before_rename: impl FnOnce(),
) -> Result<(), ReplaceError> {
    let place = locate(path, us)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ReplaceError::Refused(FileError::TooLarge {
            path: place.path(),
            bytes: bytes.len() as u64,
        }));
    }
    let old = open(&place, us)?;
    let _lock = match &old {
        Some(old) => Some(Lock::take(old, &place)?),
        None => None,
    };
    require_unmoved(old.as_ref(), &place, expected)?;
    if let Some(old) = &old {
        require_replaceable(old, &place)?;
    }
    let folder = open_for_sync(&place, us)?;
    sweep(&place, &folder);
    let temporary = Temporary::create(&place, us)?;
    fill(&temporary.file, bytes, old.as_ref(), &place)?;
    before_rename();
    look_again(path, &place, old.as_ref(), expected, us)?;
    rename(&temporary, &place, old.is_some())?;
    temporary.was_renamed();
    sync_folder(&folder, &place)
}

/// Keeps other runs of ours away until the file is replaced. Where the file system has no locks the
/// comparison right before the rename has to do.
struct Lock<'a>(&'a File);

impl<'a> Lock<'a> {
    fn take(old: &'a Opened, place: &Place) -> Result<Self, FileError> {
        match rustix::fs::flock(&old.file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Err(FileError::Locked { path: place.path() }),
            _ => Ok(Self(&old.file)),
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        super::leftovers::unlock(self.0);
    }
}

fn require_unmoved(
    old: Option<&Opened>,
    place: &Place,
    expected: &Version,
) -> Result<(), ReplaceError> {
    let found = match old {
        Some(old) => version_of(&content(old, place)?),
        None => version_of_absent(),
    };
    if found == *expected {
        Ok(())
    } else {
        Err(ReplaceError::Stale)
    }
}

/// A rename asks nobody whether the old file may be written, so we do.
fn require_replaceable(old: &Opened, place: &Place) -> Result<(), FileError> {
    let mode = permissions(&old.stat);
    if mode & 0o200 == 0 {
        return Err(FileError::ReadOnly {
            path: place.path(),
            mode,
        });
    }
    let names = wide(old.stat.st_nlink);
    if names > 1 {
        return Err(FileError::HardLinked {
            path: place.path(),
            names,
        });
    }
    Ok(())
}

fn open_for_sync(place: &Place, us: u32) -> Result<OwnedFd, FileError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(&place.folder.fd, ".", flags, Mode::empty()).map_err(|code| match code {
        Errno::ACCESS => FileError::Denied {
            path: place.folder.path.clone(),
            verb: "read the folder",
            user: owners::user(us),
            mode: Some(permissions(&place.folder.stat)),
        },
        code => system("open the folder of", place, code),
    })
}

fn fill(
    mut file: &File,
    bytes: &[u8],
    old: Option<&Opened>,
    place: &Place,
) -> Result<(), FileError> {
    file.write_all(bytes)
        .map_err(|error| system("write a temporary file beside", place, errno(&error)))?;
    match old {
        Some(old) => make_alike(file, old, place)?,
        None => make_new(file, place)?,
    }
    file.sync_all()
        .map_err(|error| system("write a temporary file beside", place, errno(&error)))
}

/// A new file is for its owner alone. In a folder of another user (root runs us) that is the
/// folder's owner, who could take the file's place anyway.
fn make_new(file: &File, place: &Place) -> Result<(), FileError> {
    if place.folder.theirs.is_some() {
        give(file, &place.folder.stat, place)?;
    }
    rustix::fs::fchmod(file, Mode::RUSR | Mode::WUSR).map_err(|code| not_kept("mode", place, code))
}

/// Owner first, mode last: until then nobody else may read it, and a new owner resets bits.
fn make_alike(file: &File, old: &Opened, place: &Place) -> Result<(), FileError> {
    give(file, &old.stat, place)?;
    copy_attributes(file, old, place)?;
    rustix::fs::fchmod(file, Mode::from_raw_mode(old.stat.st_mode))
        .map_err(|code| not_kept("mode", place, code))
}

fn give(file: &File, like: &Stat, place: &Place) -> Result<(), FileError> {
    let now = rustix::fs::fstat(file).map_err(|code| system("look at", place, code))?;
    let user = (now.st_uid != like.st_uid).then(|| Uid::from_raw(like.st_uid));
    let group = (now.st_gid != like.st_gid).then(|| Gid::from_raw(like.st_gid));
    if user.is_none() && group.is_none() {
        return Ok(());
    }
    let whom = match user {
        Some(_) => format!("owner ({})", owners::user(like.st_uid)),
        None => format!("group ({})", owners::group(like.st_gid)),
    };
    rustix::fs::fchown(file, user, group).map_err(|code| not_kept(&whom, place, code))
}

/// Extended attributes, the access control list among them: what the old file has and no others.
fn copy_attributes(file: &File, old: &Opened, place: &Place) -> Result<(), FileError> {
    let wanted = attribute_names(&old.file, place)?;
    for name in attribute_names(file, place)? {
        // a folder's default access control list would open the file to others
        if name == ACL && !wanted.contains(&name) {
            rustix::fs::fremovexattr(file, name.as_str())
                .map_err(|code| not_kept("access control list", place, code))?;
        }
    }
    let (mut value, mut present) = (vec![0; ATTRIBUTE_BYTES], vec![0; ATTRIBUTE_BYTES]);
    for name in wanted {
        let length = match rustix::fs::fgetxattr(&old.file, name.as_str(), &mut value[..]) {
            Ok(length) => length,
            Err(Errno::NODATA) => continue,
            Err(code) => return Err(not_kept(&format!("attribute {name}"), place, code)),
        };
        let has = rustix::fs::fgetxattr(file, name.as_str(), &mut present[..]);
        if has.is_ok_and(|has| present[..has] == value[..length]) {
            continue;
        }
        let set = rustix::fs::fsetxattr(file, name.as_str(), &value[..length], XattrFlags::empty());
        match set {
            Err(code) if !name.starts_with("com.apple.") => {
                return Err(not_kept(&format!("attribute {name}"), place, code));
            }
            _ => {}
        }
    }
    Ok(())
}

fn attribute_names(file: &File, place: &Place) -> Result<Vec<String>, FileError> {
    let mut list = vec![0; ATTRIBUTE_BYTES];
    let length = match rustix::fs::flistxattr(file, &mut list[..]) {
        Ok(length) => length,
        Err(Errno::NOTSUP | Errno::NOSYS) => 0,
        Err(code) => return Err(not_kept("list of attributes", place, code)),
    };
    Ok(list[..length]
        .split(|byte| *byte == 0)
        .filter_map(|name| std::str::from_utf8(name).ok())
        .filter(|name| !name.is_empty() && !matches!(*name, "security.ima" | "security.evm"))
        .map(str::to_owned)
        .collect())
}

fn not_kept(what: &str, place: &Place, code: Errno) -> FileError {
    FileError::NotKept {
        path: place.path(),
        what: what.to_owned(),
        code,
    }
}

/// The last look before the rename: the path still leads to the same folder, and the file is still
/// the one that we locked, with the content that was expected.
fn look_again(
    path: &Path,
    place: &Place,
    old: Option<&Opened>,
    expected: &Version,
    us: u32,
) -> Result<(), ReplaceError> {
    let again = locate(path, us)?;
    let same_folder = id(&again.folder.stat) == id(&place.folder.stat);
    let now = open(&again, us)?;
    let same_file = now.as_ref().map(|now| id(&now.stat)) == old.map(|old| id(&old.stat));
    if !same_folder || again.name != place.name || !same_file {
        return Err(ReplaceError::Stale);
    }
    require_unmoved(now.as_ref(), &again, expected)
}

/// Names a file for as long as it exists.
pub(super) fn id(stat: &Stat) -> (u64, u64) {
    (wide(stat.st_dev), wide(stat.st_ino))
}

fn rename(temporary: &Temporary<'_>, place: &Place, over_old: bool) -> Result<(), ReplaceError> {
    let (fd, from, to) = (&place.folder.fd, temporary.name.as_str(), &place.name);
    let renamed = if over_old {
        rustix::fs::renameat(fd, from, fd, to)
    } else {
        match rustix::fs::renameat_with(fd, from, fd, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link(temporary, place),
            renamed => renamed,
        }
    };
    renamed.map_err(|code| match code {
        Errno::EXIST if !over_old => ReplaceError::Stale,
        code => ReplaceError::Refused(system("replace", place, code)),
    })
}

/// The second way to a new name that never overwrites, for file systems without the first.
fn link(temporary: &Temporary<'_>, place: &Place) -> Result<(), Errno> {
    let (fd, from) = (&place.folder.fd, temporary.name.as_str());
    rustix::fs::linkat(fd, from, fd, &place.name, AtFlags::empty())?;
    // the file is in place; a second name that stays would only be in the way of the next write
    rustix::fs::unlinkat(fd, from, AtFlags::empty())
}

fn sync_folder(folder: &OwnedFd, place: &Place) -> Result<(), ReplaceError> {
    match rustix::fs::fsync(folder) {
        Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        Err(code) => Err(ReplaceError::InDoubt(system(
            "make sure of the rename of",
            place,
            code,
        ))),
    }
}
