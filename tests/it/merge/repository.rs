//! A git repository with one file, and merges in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::world::{Run, World};

const FILE: &str = "m.yaml";

/// What `git merge` made of two branches.
pub(super) enum Merged {
    Clean(String),
    /// With its marks.
    Conflict(String),
}

pub(super) struct Repository {
    folder: tempfile::TempDir,
    /// Of the world that the driver runs in.
    environment: Vec<(&'static str, PathBuf)>,
}

impl Repository {
    /// With this text on the branch `main`.
    pub(super) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = vec![];
        let new = Self {
            folder,
            environment,
        };
        new.must(&["init", "-q", "-b", "main"]);
        new.commit(text);
        new
    }

    /// The same where `driftlock git install` was run.
    pub(super) fn with_driver(text: &str, world: &World) -> Self {
        let mut new = Self::new(text);
        new.environment = vec![
            ("HOME", world.home("")),
            ("XDG_CONFIG_HOME", world.config("")),
        ];
        let mut command = world.command(["git", "install", "--no-hook", "."]);
        command.current_dir(new.path());
        Run::of(command).success();
        new.must(&["add", ".gitattributes"]);
        new.commit(text);
        new
    }

    /// As [`Self::merge`] for many, in a work tree; with what was said.
    pub(super) fn merge_each(&self, pairs: &[(&str, &str)]) -> Vec<(Merged, String)> {
        self.import_pairs(pairs);
        (0..pairs.len())
            .map(|index| {
                self.must(&["checkout", "-q", "--detach", &format!("ours-{index}")]);
                let output = self.git(&["merge", "-q", "-m", "x", &format!("theirs-{index}")]);
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                let text = std::fs::read_to_string(self.path().join(FILE)).unwrap();
                let merged = if output.status.success() {
                    Merged::Clean(text)
                } else {
                    self.must(&["merge", "--abort"]);
                    Merged::Conflict(text)
                };
                (merged, said)
            })
            .collect()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(self.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "core.autocrlf=false", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .envs(self.environment.iter().map(|(name, path)| (name, path)))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null");
        command
    }

    fn git(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("git is installed")
    }

    fn must(&self, arguments: &[&str]) -> String {
        let output = self.git(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {words}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn commit(&self, text: &str) {
        std::fs::write(self.path().join(FILE), text).unwrap();
        self.must(&["add", FILE]);
        self.must(&["commit", "-q", "--allow-empty", "-m", "x"]);
    }

    /// `git merge` as people run it: two branches from `main`, and a work tree.
    pub(super) fn merge(&self, ours: &str, theirs: &str) -> Merged {
        for (branch, text) in [("theirs", theirs), ("ours", ours)] {
            self.must(&["checkout", "-qB", branch, "main"]);
            self.commit(text);
        }
        let output = self.git(&["merge", "-q", "-m", "x", "theirs"]);
        let text = std::fs::read_to_string(self.path().join(FILE)).unwrap();
        if output.status.success() {
            return Merged::Clean(text);
        }
        self.must(&["merge", "--abort"]);
        Merged::Conflict(text)
    }

    /// The same merges without a work tree, many at once: the commits come by `fast-import`, and
    /// `merge-tree` is what `merge` itself runs.
    pub(super) fn merge_all(&self, pairs: &[(&str, &str)]) -> Vec<Merged> {
        self.import_pairs(pairs);
        (0..pairs.len())
            .map(|index| self.merge_one(index))
            .collect()
    }

    /// The branches `ours-N` and `theirs-N`.
    fn import_pairs(&self, pairs: &[(&str, &str)]) {
        let main = self.must(&["rev-parse", "main"]);
        let mut stream = Vec::new();
        for (index, (ours, theirs)) in pairs.iter().enumerate() {
            for (side, text) in [("ours", ours), ("theirs", theirs)] {
                let length = text.len();
                write!(
                    stream,
                    "commit refs/heads/{side}-{index}\ncommitter t <t@example.com> 1 +0000\n\
                     data 1\nx\nfrom {main}M 100644 inline {FILE}\ndata {length}\n{text}\n"
                )
                .unwrap();
            }
        }
        self.import(&stream);
    }

    fn import(&self, stream: &[u8]) {
        let mut child = self
            .command(&["fast-import", "--quiet", "--force"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("git is installed");
        child.stdin.take().unwrap().write_all(stream).unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn merge_one(&self, index: usize) -> Merged {
        let (ours, theirs) = (format!("ours-{index}"), format!("theirs-{index}"));
        let output = self.git(&["merge-tree", "--write-tree", &ours, &theirs]);
        let answer = String::from_utf8(output.stdout).unwrap();
        let tree = answer.lines().next().unwrap_or_default();
        let text = self.must(&["cat-file", "blob", &format!("{tree}:{FILE}")]);
        match output.status.code() {
            Some(0) => Merged::Clean(text),
            Some(1) => Merged::Conflict(text),
            other => panic!("git merge-tree ended with {other:?}"),
        }
    }
}
