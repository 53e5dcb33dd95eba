//! Runs of the binary that end by SIGKILL just before a chosen step: a system call that makes
//! something durable or visible in the file system. `doom.c` counts them from outside, because the
//! binary also calls the kernel directly, where no library can stand between.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use super::peers;

/// The compiled tracer.
pub struct Doom {
    folder: tempfile::TempDir,
}

/// What the tracer says where nothing can be traced.
const NOT_TRACED: i32 = 97;
/// What it says after the kill.
pub const KILLED: i32 = 137;

impl Doom {
    /// `None`, and noted as skipped, where there is no compiler or nothing can be traced.
    pub fn new() -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return peers::unavailable("system calls are traced on Linux only");
        }
        let cc = peers::program("cc")?;
        let doom = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/doom.c");
        let built = Command::new(cc)
            .args(["-O1", "-Wall", "-Werror", "-o"])
            .args([doom.program(), source.into()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "doom.c: {said}");
        let nothing = doom.run(&Command::new("/bin/true"), 0);
        match nothing.code() {
            Some(NOT_TRACED) => peers::unavailable("the right to trace a child"),
            _ => Some(doom),
        }
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("doom")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Runs `command` and ends it just before this step, counted from 1; with 0 it ends by itself.
    pub fn run(&self, command: &Command, step: usize) -> ExitStatus {
        let mut doomed = Command::new(self.program());
        doomed
            .arg(self.log())
            .arg(step.to_string())
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for (name, value) in command.get_envs() {
            doomed.env(name, value.expect("none is removed"));
        }
        if let Some(folder) = command.get_current_dir() {
            doomed.current_dir(folder);
        }
        doomed.status().unwrap()
    }

    /// The steps of the last run: the call and the file, where it has one. The last one did not
    /// happen, if that run was killed.
    pub fn steps(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.log()).unwrap();
        log.lines().map(str::to_owned).collect()
    }
}
