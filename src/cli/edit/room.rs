//! Where a text lies in clear while an editor has it: a folder of its own, in memory where the system
//! has such a place, that is gone on every way out.
//!
//! | what ends us | who removes it |
//! |---|---|
//! | the end of the command, an error, a panic, SIGTERM, SIGHUP | this process |
//! | SIGKILL, of us or of our whole process group | the guard, a process in a session of its own |
//! | SIGKILL of both | the next `edit`, which finds a folder that nobody locks |

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, OFlags, flock};
use zeroize::Zeroizing;

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::manifest::MAX_BYTES;

/// How the folders are called.
const PREFIX: &str = "driftlock-edit-";
/// Locked while its owner lives.
const LOCK: &str = ".lock";
/// While its lock is made.
const NEW: &str = ".new";

/// The folder, and the one file in it that is edited. Gone when dropped.
#[derive(Debug)]
pub(super) struct Room {
    folder: PathBuf,
    file: PathBuf,
    _lock: File,
}

/// A place for rooms.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) folder: PathBuf,
    /// Whether what lies there never reaches a disk, but for the swap.
    pub(super) in_memory: bool,
}

impl Base {
    /// The user's own folder in memory, the one for everybody, or else the usual place for temporary
    /// files.
    pub(super) fn choose(context: &Context) -> Self {
        let own = context
            .path("XDG_RUNTIME_DIR")
            .filter(|folder| is_ours(folder));
        let shared = Some(PathBuf::from("/dev/shm"));
        let found = [own, shared]
            .into_iter()
            .flatten()
            .find(|folder| is_memory(folder));
        match found {
            Some(folder) => Self {
                folder,
                in_memory: true,
            },
            None => Self {
                folder: context.temporary(),
                in_memory: false,
            },
        }
    }

    /// Removes what dead processes of this user left here.
    pub(super) fn sweep(&self, now: Timestamp) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                let folder = entry.path();
                if !is_ours(&folder) {
                    continue;
                }
                if is_abandoned(&folder) {
                    remove(&folder);
                } else if is_stillborn(&folder, now) {
                    // only if nothing is in it
                    let _left_for_the_next = fs::remove_dir(folder);
                }
            }
        }
    }
}

/// Whether a folder belongs to this user alone.
fn is_ours(folder: &Path) -> bool {
    let me = rustix::process::getuid().as_raw();
    fs::symlink_metadata(folder).is_ok_and(|found| {
        found.is_dir() && found.uid() == me && found.mode().trailing_zeros() >= 6
    })
}

#[cfg(target_os = "linux")]
fn is_memory(folder: &Path) -> bool {
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    let found = rustix::fs::statfs(folder);
    let kind = found.map(|found| u64::try_from(found.f_type).unwrap_or_default() & 0xffff_ffff);
    kind.is_ok_and(|kind| kind == TMPFS || kind == RAMFS)
}

#[cfg(not(target_os = "linux"))]
fn is_memory(_folder: &Path) -> bool {
    false
}

fn is_abandoned(folder: &Path) -> bool {
    let lock = OpenOptions::new()
        .write(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(folder.join(LOCK));
    lock.is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok())
}

/// Made a while ago, and its owner never came to lock it.
fn is_stillborn(folder: &Path, now: Timestamp) -> bool {
    let made = fs::symlink_metadata(folder).map(|found| found.mtime());
    let is_new = folder.to_string_lossy().ends_with(NEW);
    is_new && made.is_ok_and(|made| made < now.as_second() - 60)
}

impl Room {
    /// A new one, empty. `name` is what people see in their editor.
    pub(super) fn open(base: &Base, name: &str) -> io::Result<Self> {
        // somebody who sweeps may take the first one away before it is locked
        Self::make(base, name).or_else(|_| Self::make(base, name))
    }

    fn make(base: &Base, name: &str) -> io::Result<Self> {
        let made = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(NEW)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&base.folder)?;
        let lock = new_file(&made.path().join(LOCK))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let text = made.path().to_string_lossy().into_owned();
        let folder = PathBuf::from(text.trim_end_matches(NEW));
        fs::rename(made.path(), &folder)?;
        drop(made.keep());
        let file = folder.join(format!("{name}.yaml"));
        Ok(Self {
            folder,
            file,
            _lock: lock,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Puts a text there, for this user alone.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = new_file(&self.file)?;
        file.write_all(text.as_bytes())
    }

    /// What is there now.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, CommandError> {
        read(&self.file).map_err(|why| CommandError::error(format!("the edited text {why}")))
    }

    /// Takes it away; an error if it is still there.
    pub(super) fn close(self) -> io::Result<()> {
        let folder = self.folder.clone();
        drop(self);
        match fs::symlink_metadata(&folder) {
            Ok(_) => fs::remove_dir_all(&folder),
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// The text in a room's file; why there is none follows "the edited text".
pub(super) fn read(file: &Path) -> Result<Zeroizing<String>, String> {
    let failed = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => "is gone: the editor removed its file".to_owned(),
        kind => format!("cannot be read: {kind}"),
    };
    let file = OpenOptions::new()
        .read(true)
        // a link is not followed, and nobody is waited for
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(file)
        .map_err(|error| failed(&error))?;
    let found = file.metadata().map_err(|error| failed(&error))?;
    if !found.is_file() {
        return Err("is no regular file any more".to_owned());
    }
    let most = 2 * MAX_BYTES as u64;
    if found.len() > most {
        return Err("is larger than 16 MiB".to_owned());
    }
    let room = usize::try_from(found.len()).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => Err(format!("is not UTF-8 at byte {}", error.valid_up_to())),
    }
}

/// Removes a room, and nothing that is none. An editor may be writing into it at this moment.
pub(super) fn remove(folder: &Path) {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if !name.starts_with(PREFIX) || !is_ours(folder) {
        return;
    }
    for _ in 0..100 {
        let removed = emptied(folder).and_then(|()| fs::remove_dir_all(folder));
        let again = removed.is_err_and(|error| {
            use io::ErrorKind::{DirectoryNotEmpty, NotFound};
            // somebody makes or removes something in it at the same time
            matches!(error.kind(), DirectoryNotEmpty | NotFound)
        });
        if !again || fs::symlink_metadata(folder).is_err() {
            return;
        }
    }
}

/// All but its lock: as long as there is anything, the next edit finds by the lock that it is nobody's.
/// What cannot be removed keeps nothing else there; the first error is told.
fn emptied(folder: &Path) -> io::Result<()> {
    let mut outcome = Ok(());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        let removed = entry.file_type().and_then(|kind| match kind.is_dir() {
            true => fs::remove_dir_all(entry.path()),
            false => fs::remove_file(entry.path()),
        });
        outcome = outcome.and(removed);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::DirBuilderExt;

    use super::*;

    fn base() -> (tempfile::TempDir, Base) {
        let place = tempfile::tempdir().unwrap();
        let base = Base {
            folder: place.path().to_owned(),
            in_memory: false,
        };
        (place, base)
    }

    #[test]
    fn a_room_is_private_and_gone_when_dropped() {
        let (place, base) = base();
        let room = Room::open(&base, "dev").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        room.write("one").unwrap();
        room.write("another").unwrap();
        assert_eq!(*room.read().unwrap(), "another");
        assert_eq!((mode(room.folder()), mode(room.file())), (0o700, 0o600));
        fs::create_dir(room.folder().join("undo")).unwrap();
        drop(room);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_what_nobody_locks_is_swept() {
        let (_place, base) = base();
        let now = Timestamp::from_second(4_000_000_000).unwrap();
        let held = Room::open(&base, "dev").unwrap();
        let folder = |name: &str, mode: u32| {
            let path = base.folder.join(name);
            fs::DirBuilder::new().mode(mode).create(&path).unwrap();
            path
        };
        let dead = folder("driftlock-edit-dead", 0o700);
        new_file(&dead.join(LOCK)).unwrap();
        fs::write(dead.join("dev.yaml"), "x").unwrap();
        let unlocked = folder("driftlock-edit-unlocked", 0o700);
        let open_to_all = folder("driftlock-edit-open", 0o755);
        new_file(&open_to_all.join(LOCK)).unwrap();
        let other = folder("other", 0o700);
        new_file(&other.join(LOCK)).unwrap();
        let stillborn = folder("driftlock-edit-a.new", 0o700);
        let made = fs::metadata(&stillborn).unwrap().mtime();
        base.sweep(Timestamp::from_second(made + 1).unwrap());
        assert!(!dead.exists() && stillborn.exists());
        let filled = folder("driftlock-edit-b.new", 0o700);
        fs::write(filled.join("x"), "").unwrap();
        base.sweep(now);
        assert!(!stillborn.exists() && filled.exists());
        assert!(held.folder().exists() && unlocked.exists());
        assert!(open_to_all.exists() && other.exists());
    }

    #[test]
    fn nothing_is_removed_that_is_no_room() {
        let (place, _) = base();
        remove(place.path());
        assert!(place.path().exists());
    }
}
