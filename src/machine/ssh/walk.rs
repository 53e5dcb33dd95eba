//! From a path to the folder that really holds the file, over what the far side has told so far.
//! The rules are those of this machine's own walk, with one that is stricter: a folder that belongs
//! to another user is refused to root too, because a shell cannot hold on to a folder or open a file
//! without following links. `sudo` to that user is the way, and the refusal names it.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use super::super::error::FileError;
use super::super::owners::is_private_group_in;
use super::listing::{Entry, Kind};

/// As many links on one way as Linux follows.
const MAX_LINKS: usize = 40;

/// What the far side said of one path.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    /// It is there; a link's text too.
    There(Entry, Option<PathBuf>),
    /// `ls` failed.
    Failed(Errno),
}

/// What is known of the far side.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) paths: BTreeMap<PathBuf, Seen>,
    /// `/etc/passwd` and `/etc/group`.
    pub(super) users: Option<(String, String)>,
}

/// The folder that holds the real file, and the file's name in it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) folder_entry: Entry,
    pub(super) name: OsString,
    pub(super) found: Option<Entry>,
    /// Whether a link stood at the path itself.
    pub(super) linked: bool,
}

impl Place {
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

/// How far the walk came.
#[derive(Debug)]
pub(super) enum Step {
    Arrived(Place),
    /// These paths have to be looked at, the last of which may be the file.
    Look(Vec<PathBuf>),
    /// Who is in a group has to be known.
    Users,
}

/// Who walks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Us {
    pub(super) uid: u32,
    /// As people know it.
    pub(super) name: String,
}

/// Walks as far as `known` reaches.
pub(super) fn walk(asked: &Path, us: &Us, known: &Known) -> Result<Step, FileError> {
    let not_a_file = || FileError::NotAFilePath {
        path: asked.to_owned(),
    };
    if !asked.is_absolute() || asked.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(not_a_file());
    }
    let mut walk = Walk {
        asked,
        us,
        known,
        way: Vec::new(),
        pending: names(asked),
        links: 0,
        linked: false,
    };
    match walk.go() {
        Ok(place) => place.map(Step::Arrived).ok_or_else(not_a_file),
        Err(Stop::Look(paths)) => Ok(Step::Look(paths)),
        Err(Stop::Users) => Ok(Step::Users),
        Err(Stop::Error(error)) => Err(error),
    }
}

enum Stop {
    Look(Vec<PathBuf>),
    Users,
    Error(FileError),
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        Self::Error(error)
    }
}

struct Walk<'a> {
    asked: &'a Path,
    us: &'a Us,
    known: &'a Known,
    way: Vec<(PathBuf, Entry)>,
    pending: VecDeque<OsString>,
    links: usize,
    linked: bool,
}

impl Walk<'_> {
    /// `None` if the path names no file.
    fn go(&mut self) -> Result<Option<Place>, Stop> {
        self.start_at_root()?;
        while let Some(name) = self.pending.pop_front() {
            if name == ".." {
                if self.way.len() > 1 {
                    self.way.pop();
                }
                continue;
            }
            let last = self.pending.is_empty();
            let path = self.here().0.join(&name);
            match self.look(&path, last)? {
                Some((entry, link)) if entry.kind == Kind::Link => {
                    self.follow(&path, &entry, link, last)?;
                }
                found if last => return self.arrive(name, found.map(|(entry, _)| entry)).map(Some),
                Some((entry, _)) => self.enter(path, entry)?,
                None => {
                    return Err(FileError::MissingFolder { folder: path }.into());
                }
            }
        }
        Ok(None)
    }

    fn here(&self) -> &(PathBuf, Entry) {
        self.way.last().expect("the root is never left")
    }

    fn start_at_root(&mut self) -> Result<(), Stop> {
        self.way.clear();
        let root = PathBuf::from("/");
        match self.look(&root, false)? {
            Some((entry, _)) => self.enter(root, entry),
            None => Err(FileError::MissingFolder { folder: root }.into()),
        }
    }

    fn look(&self, path: &Path, last: bool) -> Result<Option<(Entry, Option<PathBuf>)>, Stop> {
        match self.known.paths.get(path) {
            None => Err(Stop::Look(self.ahead(path))),
            Some(Seen::There(entry, link)) => Ok(Some((entry.clone(), link.clone()))),
            Some(Seen::Failed(Errno::NOENT)) if last => Ok(None),
            Some(Seen::Failed(Errno::NOENT)) => Err(FileError::MissingFolder {
                folder: path.to_owned(),
            }
            .into()),
            Some(Seen::Failed(Errno::ACCESS)) => {
                let (path, entry) = self.here();
                Err(FileError::Denied {
                    path: path.clone(),
                    verb: "look into the folder",
                    user: self.us.name.clone(),
                    mode: Some(entry.mode),
                }
                .into())
            }
            Some(Seen::Failed(Errno::NOTDIR)) => Err(FileError::NotAFolder {
                path: self.here().0.clone(),
            }
            .into()),
            Some(Seen::Failed(code)) => Err(FileError::System {
                doing: "look at",
                path: path.to_owned(),
                code: *code,
            }
            .into()),
        }
    }

    /// The path and all that follow if there are no links.
    fn ahead(&self, path: &Path) -> Vec<PathBuf> {
        let mut ahead = vec![path.to_owned()];
        let mut path = path.to_owned();
        for name in self.pending.iter().take_while(|name| *name != "..") {
            path.push(name);
            ahead.push(path.clone());
        }
        ahead.retain(|path| !self.known.paths.contains_key(path));
        ahead
    }

    fn enter(&mut self, path: PathBuf, entry: Entry) -> Result<(), Stop> {
        if entry.kind != Kind::Folder {
            return Err(FileError::NotAFolder { path }.into());
        }
        let sticky = entry.mode & 0o1000 != 0;
        if entry.mode & 0o002 != 0 && !sticky {
            return Err(self.swappable(
                format!("every user may write in the folder {}", path.display()),
                format!("chmod o-w {}", path.display()),
            ));
        }
        if entry.mode & 0o020 != 0 && !sticky && !self.is_private(&entry)? {
            return Err(self.swappable(
                format!(
                    "group {} may write in the folder {}",
                    entry.gid,
                    path.display()
                ),
                format!("chmod g-w {}", path.display()),
            ));
        }
        if entry.uid != 0 && entry.uid != self.us.uid {
            let name = self.name_of(entry.uid)?;
            let user = match &name {
                Some(name) => format!("user {name} ({})", entry.uid),
                None => format!("user {}", entry.uid),
            };
            return Err(self.swappable(
                format!("the folder {} belongs to {user}", path.display()),
                self.work_as(name.as_deref()),
            ));
        }
        self.way.push((path, entry));
        Ok(())
    }

    /// How to work as the one to whom a folder belongs. What root does there that user could turn
    /// against others; what they do themselves gives them nothing that they lack.
    fn work_as(&self, name: Option<&str>) -> String {
        let user = name.unwrap_or("USER");
        if self.us.uid == 0 {
            format!("let that user write it: `sudo: {user}` in the manifest, not root")
        } else {
            format!("connect as that user, or let it write: `sudo: {user}` in the manifest")
        }
    }

    /// What a user is called there, if it is a name that can be written in a manifest.
    fn name_of(&self, uid: u32) -> Result<Option<String>, Stop> {
        let (passwd, _) = self.known.users.as_ref().ok_or(Stop::Users)?;
        let name = super::super::owners::name_in(passwd, uid);
        Ok(name.filter(|name| crate::model::is_name(name, "._+-")))
    }

    /// Whether the folder's group holds its owner alone, and no access control list adds others.
    fn is_private(&self, entry: &Entry) -> Result<bool, Stop> {
        if entry.has_list() {
            return Ok(false);
        }
        match &self.known.users {
            Some((passwd, groups)) => Ok(is_private_group_in(passwd, groups, entry.gid, entry.uid)),
            None => Err(Stop::Users),
        }
    }

    fn is_shared(entry: &Entry) -> bool {
        entry.mode & 0o1000 != 0 && entry.mode & 0o022 != 0
    }

    fn is_strangers(&self, entry: &Entry) -> bool {
        entry.uid != 0 && entry.uid != self.us.uid
    }

    fn follow(
        &mut self,
        link: &Path,
        entry: &Entry,
        to: Option<PathBuf>,
        last: bool,
    ) -> Result<(), Stop> {
        if Self::is_shared(&self.here().1) && self.is_strangers(entry) {
            return Err(self.swappable(
                format!(
                    "the symbolic link {} belongs to user {}",
                    link.display(),
                    entry.uid
                ),
                "name the real path in the manifest".to_owned(),
            ));
        }
        let Some(to) = to.filter(|to| !to.as_os_str().is_empty()) else {
            return Err(FileError::System {
                doing: "read the link",
                path: link.to_owned(),
                code: Errno::ACCESS,
            }
            .into());
        };
        if last && self.linked {
            return Err(FileError::LinkToLink {
                path: self.asked.to_owned(),
                to: link.to_owned(),
            }
            .into());
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(FileError::TooManyLinks {
                path: self.asked.to_owned(),
            }
            .into());
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

    fn arrive(&mut self, name: OsString, found: Option<Entry>) -> Result<Place, Stop> {
        let (folder, folder_entry) = self.here().clone();
        let path = folder.join(&name);
        match &found {
            Some(entry) if Self::is_shared(&folder_entry) && self.is_strangers(entry) => {
                return Err(self.swappable(
                    format!(
                        "it lies in {}, where every user may put files, and belongs to user {}",
                        folder.display(),
                        entry.uid
                    ),
                    "move it into a folder of its user".to_owned(),
                ));
            }
            Some(entry) if entry.kind != Kind::File => {
                return Err(FileError::NotRegular {
                    path,
                    what: entry.kind.words(),
                }
                .into());
            }
            None if self.linked => {
                return Err(FileError::LinkToNothing {
                    path: self.asked.to_owned(),
                    to: path,
                }
                .into());
            }
            _ => {}
        }
        Ok(Place {
            folder,
            folder_entry,
            name,
            found,
            linked: self.linked,
        })
    }

    fn swappable(&self, why: String, help: String) -> Stop {
        Stop::Error(FileError::Swappable {
            path: self.asked.to_owned(),
            why,
            help,
        })
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

#[cfg(test)]
mod tests;
