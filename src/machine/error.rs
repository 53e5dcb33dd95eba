//! Why a file could not be read or replaced, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;

use super::MAX_FILE_BYTES;
use super::ssh::SshError;

/// Why a file could not be read or written. Nothing was changed. Holds paths, users and codes, never
/// content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what the fields are")]
pub enum FileError {
    /// A path that does not begin at the root, or that names no file.
    #[error("{} is not an absolute path of a file", path.display())]
    NotAFilePath { path: PathBuf },
    /// The folder that the file would be in is not there.
    #[error("the folder {} does not exist", folder.display())]
    MissingFolder { folder: PathBuf },
    /// Something on the way is a file.
    #[error("{} is not a folder", path.display())]
    NotAFolder { path: PathBuf },
    /// A directory, a device, a pipe …
    #[error("{} is {what}, not a regular file", path.display())]
    NotRegular { path: PathBuf, what: &'static str },
    /// A link that leads to a link.
    #[error("{} is a symbolic link to another symbolic link, {}", path.display(), to.display())]
    LinkToLink { path: PathBuf, to: PathBuf },
    /// A link that leads nowhere.
    #[error("{} is a symbolic link to {}, which does not exist", path.display(), to.display())]
    LinkToNothing { path: PathBuf, to: PathBuf },
    /// Links that lead to each other.
    #[error("too many symbolic links on the way to {}", path.display())]
    TooManyLinks { path: PathBuf },
    /// Another user could put another file in its place.
    #[error("{} could be swapped by another user: {why}", path.display())]
    Swappable {
        path: PathBuf,
        /// Which folder, and why.
        why: String,
        /// What to do.
        help: String,
    },
    /// The system said no.
    #[error("{user} may not {verb} {}{}", path.display(), mode.map(|mode| format!(" (mode {mode:04o})")).unwrap_or_default())]
    Denied {
        path: PathBuf,
        verb: &'static str,
        user: String,
        mode: Option<u32>,
    },
    /// Larger than we read.
    #[error("{} has {bytes} bytes, more than the {MAX_FILE_BYTES} that are read or written", path.display())]
    TooLarge { path: PathBuf, bytes: u64 },
    /// Bytes that are not text.
    #[error("{} is not UTF-8 text (first bad byte: {at})", path.display())]
    NotText { path: PathBuf, at: usize },
    /// Somebody writes it in place, again and again.
    #[error("{} changes while it is read", path.display())]
    Unstable { path: PathBuf },
    /// A file that its owner may not write.
    #[error("{} is read-only (mode {mode:04o})", path.display())]
    ReadOnly { path: PathBuf, mode: u32 },
    /// A file with more names than one.
    #[error("{} has {names} names (hard links), and replacing it would part them", path.display())]
    HardLinked { path: PathBuf, names: u64 },
    /// Another process has the file's lock.
    #[error("{} is locked by another process, perhaps another run", path.display())]
    Locked { path: PathBuf },
    /// Owner, mode or an attribute could not be given to the new file.
    #[error("the {what} of {} could not be kept: {}", path.display(), explain(*code))]
    NotKept {
        path: PathBuf,
        what: String,
        code: Errno,
    },
    /// Any other answer of the system.
    #[error("could not {doing} {}: {}", path.display(), explain(*code))]
    System {
        doing: &'static str,
        path: PathBuf,
        code: Errno,
    },
    /// The machine could not be worked on.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// The work was cut short before it began: the program is ending.
    #[error("{} was not looked at, because the program is ending", path.display())]
    Ending { path: PathBuf },
}

impl FileError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NotAFilePath { .. } => {
                "give the whole path, for example /srv/app/.env".to_owned()
            }
            Self::MissingFolder { folder } => {
                format!(
                    "create it, if the path is right: mkdir -p {}",
                    folder.display()
                )
            }
            Self::NotAFolder { .. } | Self::NotRegular { .. } => {
                "name the path of a regular file in the manifest".to_owned()
            }
            Self::LinkToLink { to, .. } => {
                format!(
                    "one link is followed; name {} or its real file",
                    to.display()
                )
            }
            Self::LinkToNothing { to, .. } => {
                format!("remove the link, or create {} (mode 0600)", to.display())
            }
            Self::TooManyLinks { .. } => "name the real path in the manifest".to_owned(),
            Self::Swappable { help, .. } => help.clone(),
            Self::Denied { .. } => {
                "run as a user who may, or change the owner or mode of that path".to_owned()
            }
            Self::TooLarge { .. } => "is this the right file?".to_owned(),
            Self::NotText { .. } => "convert the file to UTF-8, or name another one".to_owned(),
            Self::Unstable { .. } => "try again when nobody writes it".to_owned(),
            Self::ReadOnly { path, .. } => {
                format!("if it may be changed: chmod u+w {}", path.display())
            }
            Self::HardLinked { path, .. } => format!(
                "use a symbolic link instead; to find the other names: find -L / -samefile {}",
                path.display()
            ),
            Self::Locked { .. } => "wait for the other run, then plan again".to_owned(),
            Self::NotKept { .. } => {
                "run as the file's owner or as root; nothing was changed".to_owned()
            }
            Self::System { code, .. } => return advice(*code).map(str::to_owned),
            Self::Ssh(error) => error.help(),
            Self::Ending { .. } => "plan again".to_owned(),
        };
        Some(help)
    }

    /// How long to wait before trying again; `None` where that does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unstable { .. } | Self::Locked { .. } => Some(Duration::from_secs(2)),
            Self::Ssh(error) => error.retry_after(),
            Self::System { code, .. } => matches!(
                *code,
                Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN
            )
            .then(|| Duration::from_secs(2)),
            _ => None,
        }
    }
}

/// How a replace failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    /// The file is not what the plan saw; it was left alone.
    #[error("the file changed since it was read")]
    Stale,
    /// Nothing was changed.
    #[error(transparent)]
    Refused(#[from] FileError),
    /// The new file is in place, or may be, but it is not certain that it would survive a power cut.
    #[error("{0}")]
    InDoubt(FileError),
}

/// The system's answer in words.
pub(super) fn explain(code: Errno) -> String {
    let words = match code {
        Errno::NOSPC => "the disk is full",
        Errno::DQUOT => "the disk quota is used up",
        Errno::ROFS => "the file system is read-only",
        Errno::FBIG => "the file would be larger than the system allows",
        Errno::IO => "the disk reported an error",
        Errno::ACCESS => "permission denied",
        Errno::PERM => "the system does not permit it (is the file or folder immutable?)",
        Errno::BUSY => "it is in use as a mount point",
        Errno::MFILE | Errno::NFILE => "too many open files",
        Errno::NOTSUP => "the file system does not support it",
        Errno::NAMETOOLONG => "the name is too long",
        Errno::STALE => "the network file system lost it",
        Errno::TOOBIG => "it is given too much",
        Errno::INVAL => "it is given what no program can be given",
        Errno::NOEXEC => "it is no program of this machine",
        other => return format!("os error {}", other.raw_os_error()),
    };
    words.to_owned()
}

fn advice(code: Errno) -> Option<&'static str> {
    match code {
        Errno::NOSPC | Errno::DQUOT => Some("make room on that disk; nothing was changed"),
        Errno::ROFS => Some("mount it writable, or name another path; nothing was changed"),
        Errno::PERM => Some("look for the immutable flag: lsattr -d on the file and its folder"),
        Errno::BUSY => Some(
            "a file that is mounted by itself (as into a container) cannot be replaced; mount its folder",
        ),
        Errno::MFILE | Errno::NFILE => Some("raise the limit of open files (ulimit -n)"),
        _ => None,
    }
}
