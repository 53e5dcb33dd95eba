//! A repository with a sealed manifest, its remote, a target that is a file, and a journal in the remote:
//! what a project with driftlock in CI looks like.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::STAND_INS;
use crate::support::peers;
use crate::support::world::{Run, World};

const DRIFTLOCK: &str = include_str!("driftlock.sh");

/// Values that must be seen nowhere but in the target.
pub const SECRETS: [&str; 3] = ["c4naryOneLong", "c4naryTwoLong", "AGE-SECRET-KEY-"];

pub struct Lab {
    pub world: World,
}

impl Lab {
    /// `TOKEN` and `LOG` were applied; `main` is pushed, and the journal is in the remote. `None` without git.
    pub fn new() -> Option<Self> {
        peers::program("git")?;
        let world = World::with_env("TOKEN=c4naryOneLong\nLOG=x\n");
        let place = world.home("app.env");
        fs::rename(world.path(".env"), &place).unwrap();
        let text = world.read("manifests/dev.yaml").replace(
            "path: ../.env,",
            &format!("machine: here, path: {},", place.display()),
        );
        assert!(text.contains("machine: here"), "{text}");
        world.write("manifests/dev.yaml", text);
        let lab = Self { world };
        fs::create_dir(lab.bin()).unwrap();
        let program = DRIFTLOCK
            .replace("REAL", env!("CARGO_BIN_EXE_driftlock"))
            .replace("CALLS", lab.calls_file().to_str().unwrap())
            .replace("COMMENTS", lab.comments_file().to_str().unwrap())
            .replace("STAND_INS", &STAND_INS.join(" "));
        lab.program("driftlock", &program);
        let remote = lab.remote().display().to_string();
        lab.world.git("init -q");
        lab.world.git("add manifests");
        lab.world.git("commit -qm first");
        lab.world.git(&format!("init -q --bare {remote}"));
        lab.world.git(&format!("remote add origin file://{remote}"));
        lab.push();
        lab.world.run("apply --yes").success();
        lab.world.run("journal move git").success();
        Some(lab)
    }

    pub fn remote(&self) -> PathBuf {
        self.world.root().join("remote.git")
    }

    /// What jobs find on PATH before all else.
    pub fn bin(&self) -> PathBuf {
        self.world.root().join("bin")
    }

    pub fn program(&self, name: &str, text: &str) {
        let path = self.bin().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls_file(&self) -> PathBuf {
        self.world.root().join("calls")
    }

    fn comments_file(&self) -> PathBuf {
        self.world.root().join("comments")
    }

    /// How driftlock was called, and what secrets it saw, since this was asked last.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.calls_file()).unwrap_or_default();
        fs::write(self.calls_file(), "").unwrap();
        let calls = text.split("driftlock [").skip(1);
        calls
            .map(|call| format!("[{}", call.trim_end()))
            .filter(|call| !call.starts_with("[--version]"))
            .collect()
    }

    /// Everything that was posted.
    pub fn comments(&self) -> String {
        fs::read_to_string(self.comments_file()).unwrap_or_default()
    }

    pub fn push(&self) {
        self.world.git("push -q origin HEAD");
    }

    pub fn head(&self) -> String {
        self.world.git("rev-parse HEAD").stdout.trim().to_owned()
    }

    /// A commit in which `TOKEN` is this.
    pub fn set(&self, value: &str) {
        self.world.run_with("set TOKEN", value).success();
        self.world.git("commit -qam set");
        self.push();
    }

    /// Begins a branch, as a person does whose names nobody checks.
    pub fn branch(&self, name: &str) {
        let mut git = Command::new("git");
        git.args(["checkout", "-q", "-b", name])
            .current_dir(self.world.path(""));
        Run::of(git).success();
    }

    /// What the forge makes of a pull request of this branch: the merge that would be. Gives its commit.
    pub fn pull_request(&self) -> String {
        let head = self.head();
        self.world.git("checkout -q -B merged origin/main");
        self.world
            .git(&format!("merge -q --no-ff --no-edit {head}"));
        self.world.git("push -q origin +HEAD:refs/pull/1/merge");
        self.head()
    }

    pub fn live(&self) -> String {
        fs::read_to_string(self.world.home("app.env")).unwrap()
    }

    pub fn set_live(&self, text: &str) {
        fs::write(self.world.home("app.env"), text).unwrap();
    }

    /// The identity that reads the manifest.
    pub fn identity(&self) -> String {
        let text = fs::read_to_string(self.world.config("driftlock/keys.txt")).unwrap();
        let mut lines = text.lines();
        lines
            .find(|line| line.starts_with("AGE-"))
            .unwrap()
            .to_owned()
    }

    /// A clone as CI makes it: no branch is checked out.
    pub fn clone(&self, commit: &str, into: &Path) {
        let git = |words: &[&str], folder: &Path| {
            let mut git = Command::new("git");
            git.args(words)
                .current_dir(folder)
                .env("HOME", self.world.home(""));
            Run::of(git).success();
        };
        fs::create_dir_all(into).unwrap();
        let remote = format!("file://{}", self.remote().display());
        git(&["init", "-q"], into);
        git(&["remote", "add", "origin", &remote], into);
        let all = "+refs/heads/*:refs/remotes/origin/*";
        git(
            &[
                "fetch",
                "-q",
                "origin",
                all,
                "+refs/pull/*:refs/remotes/pull/*",
            ],
            into,
        );
        git(&["checkout", "-q", "--detach", commit], into);
    }

    /// The environment of a job: nothing of this process but the way to programs.
    pub fn job(&self, program: &str) -> Command {
        let home = self.world.root().join("runner");
        fs::create_dir_all(&home).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        // what a developer has installed is none of a job's
        let path = std::env::split_paths(&path).filter(|folder| !folder.join("driftlock").exists());
        let path = [self.bin()].into_iter().chain(path);
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", home)
            .env("DRIFTLOCK_MACHINE", "here");
        command
    }

    /// Nothing that ran here wrote this name anywhere.
    #[track_caller]
    pub fn nobody_made(&self, name: &str) {
        let mut folders = vec![self.world.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                assert!(entry.file_name() != name, "{}", entry.path().display());
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
            }
        }
    }
}

#[track_caller]
pub fn hides_secrets(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}
