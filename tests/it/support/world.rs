//! A clean world for the binary: its own home, folders and environment, nothing of ours.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A temporary world. Gone when dropped.
pub struct World {
    root: tempfile::TempDir,
    /// What every command has in its environment beside the usual.
    variables: Vec<(String, String)>,
}

/// What a run of the binary came to.
#[derive(Debug, Clone)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        for folder in ["home", "state", "config", "work"] {
            fs::create_dir(root.path().join(folder)).expect("the folder is new");
        }
        Self {
            root,
            variables: vec![],
        }
    }

    /// From now on every command has this in its environment.
    pub fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A path below the user's home.
    pub fn home(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("home").join(path)
    }

    /// The whole world, for searching it.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A path below the working folder.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("work").join(path)
    }

    /// A path below the user's settings.
    pub fn config(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("config").join(path)
    }

    pub fn journal(&self) -> PathBuf {
        self.root.path().join("state/driftlock/journal.sqlite3")
    }

    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("below the working folder"))
            .expect("the folder can be made");
        fs::write(&path, text).expect("the file can be written");
        path
    }

    pub fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.path(path)).expect("the file is there and is text")
    }

    /// The command, not yet run, with nothing of the outer environment but `PATH`.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftlock"));
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root.path().join("home"))
            .env("XDG_STATE_HOME", self.root.path().join("state"))
            .env("XDG_CONFIG_HOME", self.root.path().join("config"))
            .env("DRIFTLOCK_MACHINE", "here")
            .env("USER", "tester")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs with the words of one line as arguments.
    pub fn run(&self, line: &str) -> Run {
        Run::of(self.command(line.split_whitespace()))
    }

    /// Runs with `input` on standard input.
    pub fn run_with(&self, line: &str, input: &str) -> Run {
        let mut command = self.command(line.split_whitespace());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        // a command that refuses early need not read its input
        let _refused = stdin.write_all(input.as_bytes());
        drop(stdin);
        Run::from_output(&child.wait_with_output().expect("the binary ends"))
    }

    /// A manifest folder with an identity of its own in the user's settings, made by the binary
    /// itself from this dotenv text: `manifests/dev.yaml`, whose only target is `.env`.
    pub fn with_env(text: &str) -> Self {
        let world = Self::new();
        world.write(".env", text);
        world.run("init --yes --name dev").success();
        world
    }
}

impl Run {
    pub fn of(mut command: Command) -> Self {
        Self::from_output(&command.output().expect("the binary runs"))
    }

    pub fn from_output(output: &std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).expect("output is text"),
            stderr: String::from_utf8(output.stderr.clone()).expect("errors are text"),
        }
    }

    /// All of it in one text, for snapshots and searches.
    pub fn all(&self) -> String {
        format!(
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }

    #[track_caller]
    pub fn success(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.all());
        self
    }

    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        // long lines are broken to fit a window
        let flat = self.all().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            self.stdout.contains(words) || self.stderr.contains(words) || flat.contains(words),
            "`{words}` is missing from\n{}",
            self.all()
        );
        self
    }

    #[track_caller]
    pub fn hides(self, secret: &str) -> Self {
        assert!(
            !self.all().contains(secret),
            "a secret is in the output of the run"
        );
        self
    }
}
