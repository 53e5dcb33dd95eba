//! Files of this machine, in each format, run the battery.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use driftlock::machine::{FileError, FileHost, FileRead, LocalHost, ReplaceError};
use driftlock::model::{Address, FileAddress, Machine, Rails, Target, VarName, Version};
use driftlock::platforms::Platform;
use driftlock::platforms::file::FilePlatform;
use driftlock::platforms::file::format::{Dialect, Format};

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
        activation: None,
        process: None,
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
            Some(Disturbance::StrangerWrites(name, value)) => {
                let format = format_of(path);
                tamper(&format, path, &name, Some(&value));
            }
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

/// The battery's files are named after their format.
fn format_of(path: &Path) -> String {
    path.extension().unwrap().to_str().unwrap().to_owned()
}

/// Somebody else's hand, which knows nothing of our code.
fn tamper(format: &str, path: &Path, name: &VarName, value: Option<&str>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    match format {
        "json" | "json5" => {
            let mut root: serde_json::Value =
                serde_json::from_str(&text).unwrap_or_else(|_| serde_json::json!({}));
            let env = root["env"].take();
            let mut env = env.as_object().cloned().unwrap_or_default();
            match value {
                Some(value) => drop(env.insert(name.to_string(), value.into())),
                None => drop(env.remove(name.as_str())),
            }
            root["env"] = env.into();
            fs::write(path, serde_json::to_string_pretty(&root).unwrap()).unwrap();
        }
        "launchd" => {
            let pair = |value: &str| format!("<key>{name}</key><string>{value}</string>");
            let old = holds(format, path, name).map(|old| pair(&old));
            let lines = text.replace("\n\t\t<string>", "<string>");
            let without = old.map_or(lines.clone(), |old| lines.replace(&old, ""));
            let new = value.map_or(without.clone(), |value| {
                without.replacen("</dict>", &format!("{}</dict>", pair(value)), 1)
            });
            fs::write(path, new).unwrap();
        }
        _ => {
            let others = text.lines().filter(|line| statement(line, name).is_none());
            let text: String = others.map(|line| format!("{line}\n")).collect();
            fs::write(path, text).unwrap();
            if let Some(value) = value {
                append(path, name, value);
            }
        }
    }
}

/// What the file says in plain words: plain values only.
fn holds(format: &str, path: &Path, name: &VarName) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    match format {
        "json" | "json5" => {
            let root: serde_json::Value = serde_json::from_str(&text).ok()?;
            Some(root["env"][name.as_str()].as_str()?.to_owned())
        }
        "launchd" => {
            let (_, rest) = text.split_once(&format!("<key>{name}</key>"))?;
            let (_, rest) = rest.split_once("<string>")?;
            Some(rest.split_once("</string>")?.0.to_owned())
        }
        _ => {
            let last = text.lines().rev().find_map(|line| statement(line, name));
            last.map(str::to_owned)
        }
    }
}

/// A launchd agent without variables.
const AGENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\
    \t<key>EnvironmentVariables</key>\n\t<dict>\n\t</dict>\n\
    \t<key>Label</key>\n\t<string>org.example.agent</string>\n</dict>\n</plist>\n";

struct Files {
    folder: tempfile::TempDir,
    format: Format,
    host: Arc<Meddled>,
    platform: FilePlatform,
    used: AtomicUsize,
}

impl Files {
    fn new(format: Format) -> Self {
        let host = Arc::new(Meddled::default());
        Self {
            folder: tempfile::tempdir().unwrap(),
            format,
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
        format!("file, {}", self.format)
    }

    fn platform(&self) -> &dyn Platform {
        &self.platform
    }

    fn target(&self) -> Target {
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        let name = self.format.name();
        let path = self.folder.path().join(format!("{number}.{name}"));
        let mut target = target(&path, name);
        match (&self.format, &mut target.address) {
            (Format::Launchd, _) => fs::write(&path, AGENT).unwrap(),
            (Format::Json { at, .. }, Address::File(file)) => file.at.clone_from(at),
            _ => {}
        }
        target
    }

    fn tamper(&self, target: &Target, name: &VarName, value: Option<&str>) {
        tamper(self.format.name(), path_of(target), name, value);
    }

    fn holds(&self, target: &Target, name: &VarName) -> Option<String> {
        holds(self.format.name(), path_of(target), name)
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
    format_keeps_the_contract(Format::Dotenv(dialect)).await;
}

async fn format_keeps_the_contract(format: Format) {
    let files = Files::new(format);
    battery(&files).await;
    let strays = fs::read_dir(files.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(&format!(".{}", files.format)))
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

#[tokio::test]
async fn launchd_files_keep_the_contract() {
    format_keeps_the_contract(Format::Launchd).await;
}

#[tokio::test]
async fn json_files_keep_the_contract() {
    let at = "env".parse().unwrap();
    format_keeps_the_contract(Format::new("json", Some(&at)).unwrap()).await;
}

#[tokio::test]
async fn json5_files_keep_the_contract() {
    let at = "env".parse().unwrap();
    format_keeps_the_contract(Format::new("json5", Some(&at)).unwrap()).await;
}
