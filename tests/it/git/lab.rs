//! A world whose working folder is a git repository with a manifest.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::world::{Run, World};

pub(super) const MANIFEST: &str = "manifests/dev.yaml";
pub(super) const SECRET: &str = "hunter2-and-Some-more";

pub(super) struct Lab {
    pub(super) world: World,
    /// The folder that git is run in.
    folder: PathBuf,
}

impl Lab {
    /// With a manifest of one secret and one clear text, committed, and nothing installed. `None`
    /// without git.
    pub(super) fn bare() -> Option<Self> {
        crate::support::peers::program("git")?;
        let world = World::new();
        world.write(".env", format!("API_TOKEN={SECRET}\nLOG_LEVEL=info\n"));
        world
            .run("init --yes --name dev --clear LOG_LEVEL")
            .success();
        world.write(".gitignore", "/.env\n");
        let folder = world.path("");
        let lab = Self { world, folder };
        lab.git("init -q -b main");
        lab.commit_all("first");
        Some(lab)
    }

    /// The same after `driftlock git install`, committed.
    pub(super) fn new() -> Option<Self> {
        let lab = Self::bare()?;
        lab.world.run("git install").success();
        lab.commit_all("git attributes");
        Some(lab)
    }

    /// The same world, with git run in another folder.
    pub(super) fn at(self, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            ..self
        }
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "core.autocrlf=false", "-c", "commit.gpgsign=false"])
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.world.home(""))
            .env("XDG_CONFIG_HOME", self.world.config(""))
            .env("XDG_STATE_HOME", self.world.root().join("state"))
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_EDITOR", "true");
        command
    }

    /// Runs git with the words of one line.
    pub(super) fn tries(&self, line: &str) -> Run {
        let words: Vec<&str> = line.split_whitespace().collect();
        Run::of(self.command(&words))
    }

    #[track_caller]
    pub(super) fn git(&self, line: &str) -> String {
        self.tries(line).success().stdout
    }

    pub(super) fn commit_all(&self, message: &str) {
        self.git("add -A");
        let mut command = self.command(&["commit", "-q", "--no-verify", "-m", message]);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(super) fn set(&self, name: &str, value: &str) {
        self.world.run_with(&format!("set {name}"), value).success();
    }

    pub(super) fn manifest(&self) -> String {
        self.world.read(MANIFEST)
    }

    /// What a variable opens to.
    pub(super) fn value(&self, name: &str) -> String {
        let run = self
            .world
            .run(&format!("reveal {name} --yes-print-the-secret"))
            .success();
        run.stdout.trim_end_matches('\n').to_owned()
    }
}
