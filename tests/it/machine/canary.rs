//! What a program reads is seen by nobody else: not in a list of processes, not in a file.

use std::fs;
use std::path::{Path, PathBuf};

use driftlock::machine::{Call, Run};

use super::run::{FARS, here, ran, soon};
use crate::support::sshd::Sshd;

const NOWHERE: [PathBuf; 0] = [];
const CANARY: &[u8] = b"canary-of-a-call-5f0d1c";

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|part| part == CANARY)
}

/// Processes that show it in their arguments or environment.
fn shown_by() -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .flat_map(|process| ["cmdline", "environ"].map(|name| process.path().join(name)))
        .filter(|path| fs::read(path).is_ok_and(|bytes| holds(&bytes)))
        .map(|path| path.display().to_string())
        .collect()
}

/// Files with a name that hold it.
fn files_with(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = folders.to_vec();
    while let Some(path) = pending.pop() {
        let Ok(meta) = path.symlink_metadata() else {
            continue;
        };
        if meta.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            pending.extend(entries.map(|entry| entry.path()));
        } else if meta.is_file()
            && meta.len() < 4 << 20
            && fs::read(&path).is_ok_and(|bytes| holds(&bytes))
        {
            found.push(path);
        }
    }
    found
}

fn own_folders(parent: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with(".driftlock-")
        })
        .map(|entry| entry.path())
        .collect()
}

async fn stays_hidden(host: &dyn Run, folder: &Path, more: &[PathBuf]) {
    let line = format!(
        "echo >'{0}/begun'; until [ -e '{0}/go' ]; do sleep 0.1 || sleep 1; done; cat",
        folder.display()
    );
    let mut input = CANARY.to_vec();
    input.extend_from_slice(&[b'x'; 100_000]);
    let call = Call::shell(&line).reading(input.clone());
    assert!(!format!("{call:?}").contains("canary-of"));
    let places = || {
        let mut places: Vec<PathBuf> = ["/tmp", "/var/tmp", "/dev/shm", "/run/user/0"]
            .into_iter()
            .flat_map(own_folders)
            .collect();
        places.push(folder.to_owned());
        places.extend_from_slice(more);
        places
    };
    let looking = async {
        soon("it begins", || folder.join("begun").exists()).await;
        assert_eq!(shown_by(), [""; 0]);
        assert_eq!(files_with(&places()), NOWHERE);
        fs::write(folder.join("go"), "").unwrap();
    };
    let (told, ()) = tokio::join!(ran(host, call), looking);
    assert!(told.output[..] == input[..], "it did read it");
    assert!(!format!("{told:?}").contains("canary-of"));
    assert_eq!(files_with(&places()), NOWHERE);
}

#[tokio::test]
async fn input_stays_hidden_here() {
    let folder = tempfile::tempdir().unwrap();
    stays_hidden(&here(), folder.path(), &[]).await;
}

#[tokio::test]
async fn input_stays_hidden_over_ssh() {
    for far in FARS {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        stays_hidden(&sshd.host(), folder.path(), &[sshd.path("")]).await;
    }
}
