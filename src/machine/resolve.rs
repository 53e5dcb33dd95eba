//! From a path to the folder that really holds the file, refusing what another user could swap.
//!
//! Each folder on the way is opened from the one before it, never by its whole path, so what was
//! checked is what is used. Links on the way are read by us, not by the system.
//!
//! | on the way | who may own it |
//! |---|---|
//! | a folder | root or us, and nobody else may write in it |
//! | what lies in a folder with the sticky bit (`/tmp`) | root or us |
//! | a link | as a folder's entry: nobody but root or us could have put it there |
//! | run by root: a folder of another user, the home of a service | then all below it is that user's, and no links: replacing their own file by rename gives them nothing that they lack, following their link as root would |

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::error::FileError;
use super::owners;

/// The extended attribute that holds a Linux access control list.
pub(super) const ACL: &str = "system.posix_acl_access";

/// As many links on one way as Linux follows.
const MAX_LINKS: usize = 40;

/// The folder that holds the real file, and the file's name in it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: Folder,
    pub(super) name: OsString,
    /// What is there, not followed; `None` if nothing.
    pub(super) found: Option<Stat>,
    /// Whether a link stood at the path itself.
    pub(super) linked: bool,
}

/// One open folder.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) fd: OwnedFd,
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
    /// The other user who can swap what is in here, when root runs us.
    pub(super) theirs: Option<u32>,
    /// Writable for others, each bound to their own entries by the sticky bit.
    shared: bool,
}

impl Place {
    /// The real file's path, for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path.join(&self.name)
    }
}

/// Finds the place of `path` for the user `us`.
pub(super) fn locate(path: &Path, us: u32) -> Result<Place, FileError> {
    let mut walk = Walk::begin(path, us)?;
    loop {
        let Some(name) = walk.pending.pop_front() else {
            return Err(FileError::NotAFilePath {
                path: path.to_owned(),
            });
        };
        if name == ".." {
            walk.leave();
            continue;
        }
        let last = walk.pending.is_empty();
        let found = walk.look(&name, last)?;
        match found {
            Some(stat) if kind(&stat) == FileType::Symlink => walk.follow(&name, &stat, last)?,
            Some(_) | None if last => return walk.arrive(name, found),
            _ => walk.enter(&name)?,
        }
    }
}

/// The way so far, and the names still to go.
struct Walk<'a> {
    asked: &'a Path,
    us: u32,
    way: Vec<Folder>,
    pending: VecDeque<OsString>,
    links: usize,
    linked: bool,
}

impl<'a> Walk<'a> {
    fn begin(asked: &'a Path, us: u32) -> Result<Self, FileError> {
        if !asked.is_absolute() {
            return Err(FileError::NotAFilePath {
                path: asked.to_owned(),
            });
        }
        let mut walk = Self {
            asked,
            us,
            way: Vec::new(),
            pending: names(asked),
            links: 0,
            linked: false,
        };
        walk.start_at_root()?;
        Ok(walk)
    }

    fn start_at_root(&mut self) -> Result<(), FileError> {
        self.way.clear();
        let root = Path::new("/");
        let fd = open_folder(CWD, root).map_err(|code| self.system("open", root, code))?;
        self.push(fd, root.to_owned())
    }

    fn here(&self) -> &Folder {
        self.way.last().expect("the root is never left")
    }

    /// One folder up; the root is its own parent.
    fn leave(&mut self) {
        if self.way.len() > 1 {
            self.way.pop();
        }
    }

    fn look(&self, name: &OsStr, last: bool) -> Result<Option<Stat>, FileError> {
        let here = self.here();
        match rustix::fs::statat(&here.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) if last => Ok(None),
            Err(Errno::NOENT) => Err(FileError::MissingFolder {
                folder: here.path.join(name),
            }),
            Err(Errno::ACCESS) => Err(FileError::Denied {
                path: here.path.clone(),
                verb: "look into the folder",
                user: owners::user(self.us),
                mode: Some(permissions(&here.stat)),
            }),
            Err(code) => Err(self.system("look at", &here.path.join(name), code)),
        }
    }

    fn enter(&mut self, name: &OsStr) -> Result<(), FileError> {
        let path = self.here().path.join(name);
        match open_folder(&self.here().fd, Path::new(name)) {
            Ok(fd) => self.push(fd, path),
            // a link that came between the look and the open is `LOOP` or `NOTDIR`
            Err(Errno::NOTDIR | Errno::LOOP) => Err(FileError::NotAFolder { path }),
            Err(Errno::ACCESS) => Err(FileError::Denied {
                verb: "open the folder",
                user: owners::user(self.us),
                mode: None,
                path,
            }),
            Err(code) => Err(self.system("open", &path, code)),
        }
    }

    fn push(&mut self, fd: OwnedFd, path: PathBuf) -> Result<(), FileError> {
        let stat = rustix::fs::fstat(&fd).map_err(|code| self.system("look at", &path, code))?;
        let folder = self.judge(fd, path, stat)?;
        self.way.push(folder);
        Ok(())
    }

    /// Decides whether a folder can be trusted to lead to what its owner meant.
    fn judge(&self, fd: OwnedFd, path: PathBuf, stat: Stat) -> Result<Folder, FileError> {
        let mode = Mode::from_raw_mode(stat.st_mode);
        let sticky = mode.contains(Mode::SVTX);
        let owner = stat.st_uid;
        if mode.contains(Mode::WOTH) && !sticky {
            return Err(self.swappable(
                format!("every user may write in the folder {}", path.display()),
                format!("chmod o-w {}", path.display()),
            ));
        }
        if mode.contains(Mode::WGRP) && !sticky && !only_owner_in_group(&path, &stat) {
            return Err(self.swappable(
                format!(
                    "{} may write in the folder {}",
                    owners::group(stat.st_gid),
                    path.display()
                ),
                format!("chmod g-w {}", path.display()),
            ));
        }
        let theirs = self.theirs(owner, &path)?;
        Ok(Folder {
            fd,
            path,
            stat,
            theirs,
            shared: sticky && mode.intersects(Mode::WGRP | Mode::WOTH),
        })
    }

    /// The other user whose hands we are in below a folder of `owner`, if that may be.
    fn theirs(&self, owner: u32, path: &Path) -> Result<Option<u32>, FileError> {
        let above = self.way.last();
        let trusted = owner == 0 || owner == self.us;
        match above.and_then(|folder| folder.theirs) {
            Some(user) if owner == user => return Ok(Some(user)),
            Some(user) => return Err(self.mixed(user, path)),
            None if trusted => return Ok(None),
            None => {}
        }
        if self.us == 0 && !above.is_some_and(|folder| folder.shared) {
            return Ok(Some(owner));
        }
        Err(self.swappable(
            format!(
                "the folder {} belongs to {}",
                path.display(),
                owners::user(owner)
            ),
            if self.us == 0 {
                "put the file where only root and its user may write".to_owned()
            } else {
                format!(
                    "run as {}, or move the file into a folder of yours",
                    owners::user(owner)
                )
            },
        ))
    }

    fn follow(&mut self, name: &OsStr, stat: &Stat, last: bool) -> Result<(), FileError> {
        let here = self.here();
        let link = here.path.join(name);
        if let Some(user) = here.theirs {
            return Err(self.swappable(
                format!(
                    "{} is a symbolic link in a folder of {}, and root does not follow the links of others",
                    link.display(),
                    owners::user(user)
                ),
                "name the real path in the manifest".to_owned(),
            ));
        }
        if here.shared && stat.st_uid != 0 && stat.st_uid != self.us {
            return Err(self.swappable(
                format!(
                    "the symbolic link {} belongs to {}",
                    link.display(),
                    owners::user(stat.st_uid)
                ),
                "name the real path in the manifest".to_owned(),
            ));
        }
        let to = rustix::fs::readlinkat(&here.fd, name, Vec::new())
            .map_err(|code| self.system("read the link", &link, code))?;
        let to = PathBuf::from(OsString::from_vec(to.into_bytes()));
        if last && self.linked {
            return Err(FileError::LinkToLink {
                path: self.asked.to_owned(),
                to: link,
            });
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(FileError::TooManyLinks {
                path: self.asked.to_owned(),
            });
        }
        self.linked |= last;
        for name in names(&to).into_iter().rev() {
            self.pending.push_front(name);
        }
        if to.is_absolute() {
            self.start_at_root()?;
        }
        Ok(())
    }

    fn arrive(mut self, name: OsString, found: Option<Stat>) -> Result<Place, FileError> {
        let path = self.here().path.join(&name);
        match &found {
            Some(stat) => self.judge_file(stat, &path)?,
            None if self.linked => {
                return Err(FileError::LinkToNothing {
                    path: self.asked.to_owned(),
                    to: path,
                });
            }
            None => {}
        }
        Ok(Place {
            folder: self.way.pop().expect("the root is never left"),
            name,
            found,
            linked: self.linked,
        })
    }

    fn judge_file(&self, stat: &Stat, path: &Path) -> Result<(), FileError> {
        let here = self.here();
        match here.theirs {
            Some(user) if user != stat.st_uid => Err(self.mixed(user, path)),
            None if here.shared && stat.st_uid != 0 && stat.st_uid != self.us => Err(self
                .swappable(
                    format!(
                        "it lies in {}, where every user may put files, and belongs to {}",
                        here.path.display(),
                        owners::user(stat.st_uid)
                    ),
                    "move it into a folder of its user".to_owned(),
                )),
            _ => Ok(()),
        }
    }

    fn mixed(&self, user: u32, path: &Path) -> FileError {
        self.swappable(
            format!(
                "it lies in a folder of {}, but {} does not belong to that user",
                owners::user(user),
                path.display()
            ),
            format!(
                "give it to that user, chown {user} {}, or move it",
                path.display()
            ),
        )
    }

    fn swappable(&self, why: String, help: String) -> FileError {
        FileError::Swappable {
            path: self.asked.to_owned(),
            why,
            help,
        }
    }

    fn system(&self, doing: &'static str, path: &Path, code: Errno) -> FileError {
        FileError::System {
            doing,
            path: path.to_owned(),
            code,
        }
    }
}

/// The names of a path; `.` and the root itself are left out.
fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

/// Opens a folder only to look things up in it, where the system can: that needs no right to list.
fn open_folder(at: impl std::os::fd::AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    rustix::fs::openat(
        at,
        path,
        access | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
}

/// Whether the folder's group holds its owner alone, and no access control list adds others.
fn only_owner_in_group(path: &Path, stat: &Stat) -> bool {
    #[cfg(target_os = "linux")]
    {
        let mut no_room: [u8; 0] = [];
        let listed = rustix::fs::lgetxattr(path, ACL, &mut no_room);
        if !matches!(listed, Err(Errno::NODATA | Errno::NOTSUP)) {
            return false;
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
    owners::is_private_group(stat.st_gid, stat.st_uid)
}

pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// The permission bits.
pub(super) fn permissions(stat: &Stat) -> u32 {
    let bits = wide(Mode::from_raw_mode(stat.st_mode).bits()) & 0o7777;
    u32::try_from(bits).expect("twelve bits")
}

/// A number of the system as a type that is the same everywhere.
pub(super) fn wide(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}
