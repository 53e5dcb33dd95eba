//! A small world that most command tests begin with, and what they ask of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use super::world::{Run, World};

/// Where [`shop`] keeps its manifest.
pub const MANIFEST: &str = "manifests/dev.yaml";
/// The value of `API_TOKEN`.
pub const TOKEN: &str = "canary-token-4711";
/// The value of `DB_PASSWORD`.
pub const PASSWORD: &str = "canary password";

/// Two secrets and a clear variable, taken in from `.env` by `init`; nothing applied yet.
pub fn shop() -> World {
    let world = World::new();
    world.write(
        ".env",
        format!("API_TOKEN={TOKEN}\nDB_PASSWORD=\"{PASSWORD}\"\nLOG_LEVEL=info\n"),
    );
    world.run("init --yes --clear LOG_LEVEL").success();
    world
}

impl World {
    pub fn manifest(&self) -> String {
        self.read(MANIFEST)
    }

    /// Runs with bytes on standard input that need not be text.
    pub fn run_bytes(&self, line: &str, input: &[u8]) -> Run {
        let mut command = self.command(line.split_whitespace());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        // a command that refuses early need not read its input
        let _refused = stdin.write_all(input);
        drop(stdin);
        Run::from_output(&child.wait_with_output().expect("the binary ends"))
    }

    /// The value of a variable, by the one command that prints it.
    pub fn revealed(&self, name: &str) -> String {
        self.run(&format!("reveal {name} --yes-print-the-secret"))
            .success()
            .stdout
    }

    /// Takes the identity away; gives its path for `--identity`.
    pub fn hide_identity(&self) -> String {
        let away = self.root().join("away.txt");
        std::fs::rename(self.config("driftlock/keys.txt"), &away).expect("there is an identity");
        away.display().to_string()
    }

    /// Every file of the world with its bytes, without the database's own helpers.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder of the world") {
                let path = entry.expect("an entry").path();
                if path.is_symlink() {
                } else if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).expect("a file of the world");
                    found.insert(path, bytes);
                }
            }
        }
        found
    }
}

/// The lines that stand in only one of two texts, as `-old` and `+new`.
pub fn changed_lines(old: &str, new: &str) -> Vec<String> {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (lines(old), lines(new));
    let gone = old.iter().filter(|line| !new.contains(line));
    let come = new.iter().filter(|line| !old.contains(line));
    gone.map(|line| format!("-{line}"))
        .chain(come.map(|line| format!("+{line}")))
        .collect()
}
