//! Files of this machine, in each dialect, run the battery.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use driftlock::model::{Address, FileAddress, Machine, Rails, Target, VarName, Version};
use driftlock::platforms::Platform;
use driftlock::platforms::file::FilePlatform;
use driftlock::platforms::file::format::Dialect;
use driftlock::platforms::file::host::{FileError, FileHost, FileRead, LocalHost, ReplaceError};

use super::contract::{Disturbance, Fixture, battery};

/// A target for the file at `path`.
pub(crate) fn target(path: &Path, format: &str) -> Target {
    let spelled = path.display().to_string();
    Target {
        name: "file".parse().unwrap(),
        address: Address::File(FileAddress {
            machine: Machine::Any,
            path: spelled.clone(),
            format: format.to_owned(),
            at: None,
        }),
        path: Some(path.to_owned()),
        place: spelled,
        known: String::new(),
        prune: true,
        rails: Rails::default(),
    }
}

/// This machine, with somebody who gets in between.
#[derive(Default)]
struct Meddled {
    machine: LocalHost,
    next: Mutex<BTreeMap<PathBuf, Disturbance>>,
}

impl Meddled {
    fn next(&self, path: &Path) -> Option<Disturbance> {
        self.next.lock().unwrap().get(path).cloned()
    }
}

#[async_trait]
impl FileHost for Meddled {
    async fn read(&self, path: &Path) -> Result<FileRead, FileError> {
        if let Some(Disturbance::ReadFails) = self.next(path) {
            return Err(FileError::Unstable {
                path: path.to_owned(),
            });
        }
        self.machine.read(path).await
    }

    async fn replace(
        &self,
        path: &Path,
        expected: &Version,
        bytes: zeroize::Zeroizing<Vec<u8>>,
    ) -> Result<(), ReplaceError> {
        let doubt = || {
            ReplaceError::InDoubt(FileError::Unstable {
                path: path.to_owned(),
            })
        };
        match self.next(path) {
            Some(Disturbance::SilentBefore) => return Err(doubt()),
            Some(Disturbance::StrangerWrites(name, value)) => append(path, &name, &value),
            _ => {}
        }
        self.machine.replace(path, expected, bytes).await?;
        match self.next(path) {
            Some(Disturbance::SilentAfter) => Err(doubt()),
            _ => Ok(()),
        }
    }
}

fn append(path: &Path, name: &VarName, value: &str) {
    let text = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, format!("{text}{name}={value}\n")).unwrap();
}

struct Files {
    folder: tempfile::TempDir,
    dialect: Dialect,
    host: Arc<Meddled>,
    platform: FilePlatform,
    used: AtomicUsize,
}

impl Files {
    fn new(dialect: Dialect) -> Self {
        let host = Arc::new(Meddled::default());
        Self {
            folder: tempfile::tempdir().unwrap(),
            dialect,
            platform: FilePlatform::new(Arc::clone(&host) as Arc<dyn FileHost>),
            host,
            used: AtomicUsize::new(0),
        }
    }
}

fn path_of(target: &Target) -> &Path {
    target.path.as_deref().unwrap()
}

/// The value behind `NAME=`, without quotes: plain values only.
fn statement<'a>(line: &'a str, name: &VarName) -> Option<&'a str> {
    let rest = line.strip_prefix(name.as_str())?.strip_prefix('=')?;
    Some(rest.trim_matches(['"', '\'']))
}

impl Fixture for Files {
    fn label(&self) -> String {
        format!("file, {}", self.dialect)
    }

    fn platform(&self) -> &dyn Platform {
        &self.platform
    }

    fn target(&self) -> Target {
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("{number}.env"));
        target(&path, self.dialect.name())
    }

    fn tamper(&self, target: &Target, name: &VarName, value: Option<&str>) {
        let text = fs::read_to_string(path_of(target)).unwrap_or_default();
        let others = text.lines().filter(|line| statement(line, name).is_none());
        let text: String = others.map(|line| format!("{line}\n")).collect();
        fs::write(path_of(target), text).unwrap();
        if let Some(value) = value {
            append(path_of(target), name, value);
        }
    }

    fn holds(&self, target: &Target, name: &VarName) -> Option<String> {
        let text = fs::read_to_string(path_of(target)).ok()?;
        let last = text.lines().rev().find_map(|line| statement(line, name));
        last.map(str::to_owned)
    }

    fn disturb(&self, target: &Target, disturbance: Disturbance) -> bool {
        // a file is written whole, seen at once, and read whole or not at all
        let known = matches!(
            disturbance,
            Disturbance::ReadFails
                | Disturbance::SilentBefore
                | Disturbance::SilentAfter
                | Disturbance::StrangerWrites(..)
        );
        if known {
            let path = path_of(target).to_owned();
            self.host.next.lock().unwrap().insert(path, disturbance);
        }
        known
    }

    fn calm(&self, target: &Target) {
        self.host.next.lock().unwrap().remove(path_of(target));
    }
}

async fn keeps_the_contract(dialect: Dialect) {
    let files = Files::new(dialect);
    battery(&files).await;
    let strays = fs::read_dir(files.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".env"))
        .count();
    assert_eq!(strays, 0, "no temporary file is left");
}

#[tokio::test]
async fn portable_files_keep_the_contract() {
    keeps_the_contract(Dialect::Portable).await;
}

#[tokio::test]
async fn compose_files_keep_the_contract() {
    keeps_the_contract(Dialect::Compose).await;
}

#[tokio::test]
async fn docker_files_keep_the_contract() {
    keeps_the_contract(Dialect::Docker).await;
}

#[tokio::test]
async fn systemd_files_keep_the_contract() {
    keeps_the_contract(Dialect::Systemd).await;
}

#[tokio::test]
async fn shell_files_keep_the_contract() {
    keeps_the_contract(Dialect::Shell).await;
}

#[tokio::test]
async fn node_files_keep_the_contract() {
    keeps_the_contract(Dialect::Node).await;
}

#[tokio::test]
async fn python_files_keep_the_contract() {
    keeps_the_contract(Dialect::Python).await;
}
