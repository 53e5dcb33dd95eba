//! Leases between the processes of one machine: a kernel lock on a file beside the journal, which
//! goes with its process, also on kill -9.
//!
//! A lease is named by its subject. One for a whole scope is enough for an apply of a thousand
//! targets: all of them belong to one manifest, and one run takes them together anyway. The file
//! stays behind; deleting it would let two processes lock two files of one name.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Holder, LeaseError};

/// The folder of the lock files.
#[derive(Debug, Clone)]
pub struct Leases {
    folder: PathBuf,
}

impl Leases {
    /// `folder` is made when the first lease is taken.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Takes the lease of `subject` or says who has it. Never waits.
    pub(in crate::journal) fn take(
        &self,
        subject: &str,
        holder: &Holder,
    ) -> Result<File, LeaseError> {
        let path = self.folder.join(file_name(subject));
        let failed = |source| LeaseError::File {
            path: path.clone(),
            source,
        };
        let mut file = open(&self.folder, &path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LeaseError::Held {
                    by: read_holder(&mut file),
                    help: "it is a living process of this machine: its lease ends with it, and not before".to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Only for people: a lease without its text is still a lease.
        let text = format!(
            "{}\n{}\n{}\n",
            holder.pid,
            super::one_line(&holder.who),
            holder.since
        );
        file.set_len(0)
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(failed)?;
        Ok(file)
    }
}

impl Leases {
    /// Who has the lease of `subject`; `None` if nobody, or nobody can say.
    pub(in crate::journal) fn holder(&self, subject: &str) -> Option<String> {
        let mut file = File::open(self.folder.join(file_name(subject))).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(read_holder(&mut file)),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

/// A subject may hold anything, a file name may not.
fn file_name(subject: &str) -> String {
    use std::fmt::Write;
    let mut name = String::with_capacity(40);
    for byte in &Sha256::digest(subject.as_bytes())[..16] {
        write!(name, "{byte:02x}").expect("a String takes all");
    }
    name + ".lock"
}

fn open(folder: &Path, path: &Path) -> std::io::Result<File> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn read_holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.take(4096).read_to_string(&mut text));
    let lines: Vec<&str> = text.lines().collect();
    match (read, lines.as_slice()) {
        (Ok(_), [pid, who, since]) => format!("process {pid} ({who}) since {since}"),
        // Locked a moment ago, the text is still to come.
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder {
            pid,
            who: "deploy\n@ops".to_owned(),
            run: None,
            since: "2026-01-02T03:04:05Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_held_lease_names_its_holder_and_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let leases = Leases::new(folder.path().join("leases"));
        let first = leases.take("a", &holder(7)).unwrap();
        let error = leases.take("a", &holder(8)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "take the lease: it is held by process 7 (deploy@ops) since 2026-01-02T03:04:05Z; \
             wait for that run to end"
        );
        let other = leases.take("b", &holder(9)).unwrap();
        drop((first, other));
        drop(leases.take("a", &holder(8)).unwrap());
    }

    #[test]
    fn a_text_that_is_not_there_yet_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let leases = Leases::new(folder.path());
        drop(leases.take("a", &holder(7)).unwrap());
        let path = folder.path().join(file_name("a"));
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(0).unwrap();
        file.lock().unwrap();
        let error = leases.take("a", &holder(8)).unwrap_err();
        assert!(error.to_string().contains("another process"), "{error}");
    }
}
