//! What is asked of the remote and of the clone: the tip, its files, a commit on top of it, and a push
//! that only goes where the tip is still the one that was read.

use std::process::Command;
use std::time::Duration;

use super::error::GitError;
use super::place::{LOCAL, Standing};
use crate::git::{Finished, RunError, is_object_id, run, why_unreachable};

/// How long the remote may take to answer.
const ASKING: Duration = Duration::from_secs(30);
/// How long a fetch or a push may take.
const MOVING: Duration = Duration::from_secs(120);

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// The ref is ours now.
    Done,
    /// Somebody was faster.
    Stale,
}

impl Standing {
    /// The commit that the ref names at the remote.
    pub(super) fn tip(&self) -> Result<Option<String>, GitError> {
        self.tip_within(ASKING)
    }

    fn tip_within(&self, limit: Duration) -> Result<Option<String>, GitError> {
        let mut command = self.remote_command();
        command.args(["ls-remote", "--quiet", "--", &self.remote, &self.reference]);
        let done = self.far(command, limit)?;
        let text = String::from_utf8_lossy(&done.stdout);
        let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
        let found = lines.find(|(_, name)| *name == self.reference);
        Ok(found
            .map(|(id, _)| id.to_owned())
            .filter(|id| is_object_id(id)))
    }

    /// Whether the ref is there. Asks the remote, at most so long, and keeps nothing.
    pub fn exists(&self, limit: Duration) -> Result<bool, GitError> {
        Ok(self.tip_within(limit)?.is_some())
    }

    /// Brings the tip here. Says which it is now.
    pub(super) fn fetch(&self) -> Result<String, GitError> {
        let mut command = self.remote_command();
        command.args([
            "-c",
            "gc.auto=0",
            "-c",
            "maintenance.auto=false",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-filter",
            "--force",
            "--",
            &self.remote,
        ]);
        command.arg(format!("+{}:{}", self.reference, self.tracking()));
        self.far(command, MOVING)?;
        let tracking = self.tracking();
        let id = self.near(
            &["rev-parse", "--verify", "--quiet", &tracking],
            "read the fetched journal",
        )?;
        Ok(String::from_utf8_lossy(&id.stdout).trim_end().to_owned())
    }

    /// Whether this clone has the commit at hand, and all that belongs to it.
    pub(super) fn has(&self, commit: &str) -> Result<bool, GitError> {
        let tracking = self.tracking();
        let mut command = self.program.command(&self.root);
        command.args(["rev-parse", "--verify", "--quiet", &tracking]);
        let done = run(command, vec![], LOCAL)?;
        Ok(done.is_success() && String::from_utf8_lossy(&done.stdout).trim_end() == commit)
    }

    /// Whether this object of the clone is a commit: anything can be pushed to a ref.
    pub(super) fn is_commit(&self, id: &str) -> bool {
        let kind = self.near(&["cat-file", "-t", id], "look");
        kind.is_ok_and(|kind| kind.stdout == b"commit\n")
    }

    /// A commit on top of `parent` with these files changed, `None` for those that go. It is what
    /// this clone has from now on, whether the remote takes it or not: the next fetch tells.
    pub(super) fn commit(
        &self,
        parent: Option<&str>,
        files: &[(String, Option<Vec<u8>>)],
        message: &str,
        seconds: i64,
        whole: bool,
    ) -> Result<String, GitError> {
        let tracking = self.tracking();
        let mut script = format!(
            "feature done\ncommit {tracking}\nmark :1\ncommitter driftlock <driftlock@localhost> {} +0000\ndata {}\n{message}\n",
            seconds.max(0),
            message.len(),
        )
        .into_bytes();
        if let Some(parent) = parent {
            script.extend(format!("from {parent}\n").bytes());
        }
        if whole {
            script.extend(b"deleteall\n");
        }
        for (path, bytes) in files {
            match bytes {
                Some(bytes) => {
                    script
                        .extend(format!("M 100644 inline {path}\ndata {}\n", bytes.len()).bytes());
                    script.extend(bytes);
                    script.push(b'\n');
                }
                None => script.extend(format!("D {path}\n").bytes()),
            }
        }
        script.extend(b"\nget-mark :1\ndone\n");
        let mut command = self.program.command(&self.root);
        command.args(["fast-import", "--quiet", "--date-format=raw", "--force"]);
        let what = "write the journal's objects";
        let made = run(command, script, LOCAL)?;
        let id = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        if !made.is_success() || !is_object_id(&id) {
            return Err(self.clone_error(what));
        }
        Ok(id)
    }

    /// Makes the ref `new`, if it is `old` still.
    pub(super) fn push(&self, old: Option<&str>, new: &str) -> Result<Pushed, GitError> {
        let reference = &self.reference;
        let mut command = self.remote_command();
        command.args(["push", "--porcelain", "--no-verify", "--no-signed"]);
        command.args(["--no-follow-tags", "--recurse-submodules=no"]);
        command.arg(format!(
            "--force-with-lease={reference}:{}",
            old.unwrap_or_default()
        ));
        command
            .args(["--", &self.remote])
            .arg(format!("{new}:{reference}"));
        let done = match run(command, vec![], MOVING) {
            Ok(done) => done,
            // it may have arrived all the same
            Err(RunError::TimedOut(limit)) => {
                return match self.tip()? {
                    Some(tip) if tip == new => Ok(Pushed::Done),
                    _ => Err(GitError::Program(RunError::TimedOut(limit))),
                };
            }
            Err(error) => return Err(error.into()),
        };
        if done.is_success() {
            return Ok(Pushed::Done);
        }
        // whatever was said: what is there now is what counts
        match self.tip() {
            Ok(tip) if tip.as_deref() == Some(new) => Ok(Pushed::Done),
            Ok(tip) if tip.as_deref() != old => Ok(Pushed::Stale),
            Ok(_) => Err(self.denied(&done)),
            Err(error) => Err(error),
        }
    }

    /// A ref in its way, at a remote that says no for reasons of its own.
    fn denied(&self, done: &Finished) -> GitError {
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &done.stderr;
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let why = if has(&["hook declined"]) {
            "a hook of the remote declined it"
        } else if has(&["protected", "GH006", "GH013", "rule violations"]) {
            "the ref is protected there: name another with --journal git:REMOTE#REF"
        } else if has(&["hidden ref", "refusing to", "stale info"]) {
            // the ref has not moved: whoever pushes is not shown it
            "the remote takes no refs of this name: name a branch, --journal git#refs/heads/driftlock-journal"
        } else if has(&[
            "cannot lock ref",
            "failed to update ref",
            "reference already exists",
        ]) {
            return GitError::Busy {
                place: self.shown.clone(),
            };
        } else {
            "it can be read, and the remote takes no pushes from here; a run that writes needs the right to push"
        };
        GitError::Denied {
            place: self.shown.clone(),
            why,
        }
    }

    fn remote_command(&self) -> Command {
        let mut command = self.program.remote_command(&self.root);
        command.args(["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=20"]);
        command
    }

    /// Work that goes over the network.
    fn far(&self, command: Command, limit: Duration) -> Result<Finished, GitError> {
        let done = run(command, vec![], limit)?;
        if done.is_success() {
            return Ok(done);
        }
        Err(GitError::Unreachable {
            place: self.shown.clone(),
            why: why_unreachable(&done.stderr),
        })
    }

    /// Work in the clone.
    pub(super) fn near(&self, words: &[&str], what: &'static str) -> Result<Finished, GitError> {
        let mut command = self.program.command(&self.root);
        command.args(words);
        let done = run(command, vec![], LOCAL)?;
        if done.is_success() {
            return Ok(done);
        }
        Err(self.clone_error(what))
    }

    pub(super) fn clone_error(&self, what: &'static str) -> GitError {
        GitError::Clone {
            place: self.shown.clone(),
            what,
        }
    }
}
