//! What is asked of git: the remote's branch, a fetch, whether a commit comes after another, and the
//! files of a commit in the work tree.
//!
//! Git is told which repository it is about: where ours is damaged it must not look further up and find
//! somebody else's. Work inside it reads no settings of the user, so no program of theirs is run on
//! files (filters) and every machine gets the same bytes; only what goes to the remote has them.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::{CheckoutError, Origin};
use crate::git::{Finished, Program, is_object_id, run, why_unreachable};
use crate::source::load::is_yaml_name;

/// How long the remote may take to say where its branch is.
const ASKING: Duration = Duration::from_secs(30);
/// How long a fetch may take, of what is new and of everything.
const FETCH: Duration = Duration::from_secs(120);
const FIRST_FETCH: Duration = Duration::from_secs(900);
/// How long work on the disk may take; after that, what was locked for it is left over.
const LOCAL: Duration = Duration::from_secs(120);
/// With fewer bytes on its disk git cannot do a thing.
const LEAST_ROOM: u64 = 64 * 1024;
/// What may be fetched from, also after the user's settings have made another address of it.
const PROTOCOLS: &str = "https:ssh:file";
/// The commit that is followed, and what was fetched last.
const GOOD: &str = "refs/driftlock/checkout/good";
const HEARD: &str = "refs/driftlock/checkout/heard";
/// Where the clone comes from, in its settings.
const ADDRESS: &str = "remote.origin.url";

/// The clone of one origin.
#[derive(Debug)]
pub(super) struct Repository {
    program: Program,
    pub(super) origin: Origin,
    pub(super) tree: PathBuf,
}

/// A branch at the remote.
pub(super) struct Tip {
    pub(super) commit: String,
    /// As it is fetched.
    reference: String,
}

impl Repository {
    pub(super) fn new(program: &Program, origin: Origin, tree: PathBuf) -> Self {
        Self {
            program: program.clone(),
            origin,
            tree,
        }
    }

    /// Where the branch is at the remote.
    pub(super) fn tip(&self) -> Result<Tip, CheckoutError> {
        let reference = match self.origin.branch() {
            Some(branch) => format!("refs/heads/{branch}"),
            None => "HEAD".to_owned(),
        };
        let mut command = self.far(self.tree.parent().unwrap_or(&self.tree));
        command.args([
            "ls-remote",
            "--quiet",
            "--",
            self.origin.address(),
            &reference,
        ]);
        let done = self.reached(run(command, vec![], ASKING)?)?;
        let text = String::from_utf8_lossy(&done.stdout);
        let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
        let found = lines.find(|(id, name)| *name == reference && is_object_id(id));
        let (commit, _) = found.ok_or_else(|| CheckoutError::NoBranch {
            origin: self.origin.to_string(),
        })?;
        Ok(Tip {
            commit: commit.to_owned(),
            reference,
        })
    }

    /// Makes the clone, still empty, if there is none, or one that git does not take for one.
    pub(super) fn ensure(&self, like: &Tip) -> Result<(), CheckoutError> {
        if self.ask(&["rev-parse", "--git-dir"])?.is_none() {
            match fs::remove_dir_all(self.tree.join(".git")) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.io(error)),
                _ => {}
            }
            let parent = self.tree.parent().unwrap_or(&self.tree);
            let mut command = self.calm(self.program.command(parent));
            command.args(["init", "--quiet", "--template=", "--initial-branch=main"]);
            if like.commit.len() == 64 {
                command.arg("--object-format=sha256");
            }
            command.arg("--").arg(&self.tree);
            self.done(command, "make a repository")?;
        }
        // whoever asks git where this comes from
        let known = self.ask(&["config", "--get", ADDRESS])?;
        if known.as_deref() != Some(self.origin.address()) {
            let words = ["config", ADDRESS, self.origin.address()];
            self.near(&words, "note where it comes from")?;
        }
        Ok(())
    }

    /// Brings the branch here, with its history; says which commit it is now.
    pub(super) fn fetch(&self, tip: &Tip, first: bool) -> Result<String, CheckoutError> {
        // where git brings nothing and says nothing, what it brought before is not what is there now
        self.near(&["update-ref", "-d", HEARD], "forget a former fetch")?;
        let mut command = self.far(&self.tree);
        self.point(&mut command);
        command.args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"]);
        command.args([
            "-c",
            "transfer.bundleURI=false",
            "-c",
            "fetch.writeCommitGraph=false",
        ]);
        command.args([
            "fetch",
            "--quiet",
            "--force",
            "--no-tags",
            "--no-write-fetch-head",
        ]);
        command.args(["--no-recurse-submodules", "--no-filter", "--no-prune"]);
        command.args(["--", self.origin.address()]);
        command.arg(format!("+{}:{HEARD}", tip.reference));
        let limit = if first { FIRST_FETCH } else { FETCH };
        self.reached(run(command, vec![], limit)?)?;
        self.commit_of(HEARD)?
            .ok_or_else(|| CheckoutError::Unreachable {
                origin: self.origin.to_string(),
                why: "git brought nothing of it; it may hold only a part of its history",
            })
    }

    /// The commit that is followed.
    pub(super) fn good(&self) -> Result<Option<String>, CheckoutError> {
        if !self.tree.join(".git").exists() {
            return Ok(None);
        }
        self.commit_of(GOOD)
    }

    pub(super) fn set_good(&self, commit: &str) -> Result<(), CheckoutError> {
        self.near(&["update-ref", GOOD, commit], "note the commit")?;
        Ok(())
    }

    fn commit_of(&self, reference: &str) -> Result<Option<String>, CheckoutError> {
        let commit = format!("{reference}^{{commit}}");
        let found = self.ask(&["rev-parse", "--verify", "--quiet", &commit])?;
        Ok(found.filter(|id| is_object_id(id)))
    }

    /// Whether `later` has `earlier` in its history. What is not here is in no history that is.
    pub(super) fn comes_after(&self, earlier: &str, later: &str) -> Result<bool, CheckoutError> {
        if self.commit_of(earlier)?.is_none() {
            return Ok(false);
        }
        let mut command = self.local();
        command.args(["merge-base", "--is-ancestor", earlier, later]);
        match run(command, vec![], LOCAL)?.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(self.failed("compare two commits")),
        }
    }

    /// Makes the files those of `commit`. Gives those that were not as the commit that was checked out
    /// has them.
    pub(super) fn check_out(&self, commit: &str) -> Result<Vec<PathBuf>, CheckoutError> {
        let at = self.commit_of("HEAD")?;
        let mut odd = match &at {
            Some(_) => self.changed()?,
            None => vec![],
        };
        if at.as_deref() != Some(commit) || !odd.is_empty() {
            self.near(
                &[
                    "checkout",
                    "--quiet",
                    "--force",
                    "--detach",
                    "--no-recurse-submodules",
                    commit,
                ],
                "write the files of the commit",
            )?;
        }
        // what lies there and is no file of the commit would be read as a manifest
        for stray in self.strays()? {
            let failed = |source| self.io(source);
            fs::remove_file(self.tree.join(&stray)).map_err(failed)?;
            odd.push(stray);
        }
        Ok(odd)
    }

    /// Files of the commit that are other now, or gone.
    fn changed(&self) -> Result<Vec<PathBuf>, CheckoutError> {
        let words = [
            "diff-index",
            "--name-only",
            "--ignore-submodules=all",
            "-z",
            "HEAD",
            "--",
        ];
        // a file that was only touched is not another one
        let mut refresh = self.local();
        refresh.args(["update-index", "-q", "--refresh"]);
        run(refresh, vec![], LOCAL)?;
        Ok(paths(&self.near(&words, "look at its files")?))
    }

    /// Files that git knows nothing of, and that have the name of a manifest.
    fn strays(&self) -> Result<Vec<PathBuf>, CheckoutError> {
        let all = self.near(&["ls-files", "--others", "-z"], "look at its files")?;
        let mut all = paths(&all);
        all.retain(|path| is_yaml_name(path));
        Ok(all)
    }

    /// Takes away what a git that was ended left locked. One that may be at work still is waited for.
    pub(super) fn unlock(&self, now: SystemTime) -> Result<(), CheckoutError> {
        let mut waiting = vec![self.tree.join(".git")];
        while let Some(folder) = waiting.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                other => other.map_err(|source| self.io(source))?,
            };
            for entry in entries {
                let entry = entry.map_err(|source| self.io(source))?;
                let (path, name) = (entry.path(), entry.file_name());
                let kind = entry.file_type().map_err(|source| self.io(source))?;
                if kind.is_dir() && name != "objects" {
                    waiting.push(path);
                } else if path.extension().is_some_and(|ending| ending == "lock") {
                    let made = entry.metadata().and_then(|metadata| metadata.modified());
                    let age = made.ok().and_then(|made| now.duration_since(made).ok());
                    if age.is_none_or(|age| age < LOCAL) {
                        let folder = self.tree.clone();
                        return Err(CheckoutError::Working { folder });
                    }
                    fs::remove_file(&path).map_err(|source| self.io(source))?;
                }
            }
        }
        Ok(())
    }

    /// Packs what many fetches brought, when git thinks it is time. Only room depends on it.
    pub(super) fn tidy(&self) {
        let mut command = self.local();
        command.args(["-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"]);
        let _goes_on_as_it_is = run(command, vec![], LOCAL);
    }

    /// Whether a branch can have this name.
    pub(super) fn check_branch(&self) -> Result<(), CheckoutError> {
        let Some(branch) = self.origin.branch() else {
            return Ok(());
        };
        let parent = self.tree.parent().unwrap_or(&self.tree);
        let mut command = self.calm(self.program.command(parent));
        command.args(["check-ref-format", &format!("refs/heads/{branch}")]);
        match run(command, vec![], LOCAL)?.is_success() {
            true => Ok(()),
            false => Err(CheckoutError::BadBranch {
                branch: branch.to_owned(),
            }),
        }
    }

    /// Work in the clone, as on every other machine.
    fn local(&self) -> Command {
        let mut command = self.calm(self.program.command(&self.tree));
        self.point(&mut command);
        command
    }

    /// Where git does not look for a repository to be in.
    fn above(&self) -> &Path {
        let folder = self.tree.parent();
        folder.and_then(Path::parent).unwrap_or(&self.tree)
    }

    fn point(&self, command: &mut Command) {
        command
            .env("GIT_DIR", self.tree.join(".git"))
            .env("GIT_WORK_TREE", &self.tree);
    }

    /// Without settings and attributes of the user or the machine.
    fn calm(&self, mut command: Command) -> Command {
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.above())
            .args(["-c", "core.attributesFile=/dev/null"])
            .args(["-c", "core.excludesFile=/dev/null"]);
        command
    }

    /// Work with the remote, as the user.
    fn far(&self, folder: &Path) -> Command {
        let mut command = self.program.remote_command(folder);
        command.env("GIT_ALLOW_PROTOCOL", PROTOCOLS).args([
            "-c",
            "http.lowSpeedLimit=1",
            "-c",
            "http.lowSpeedTime=20",
        ]);
        command
    }

    fn reached(&self, done: Finished) -> Result<Finished, CheckoutError> {
        if done.is_success() {
            return Ok(done);
        }
        if self.is_full(&done) {
            let folder = self.tree.clone();
            return Err(CheckoutError::Full { folder });
        }
        Err(CheckoutError::Unreachable {
            origin: self.origin.to_string(),
            why: why_unreachable(&done.stderr),
        })
    }

    fn near(&self, words: &[&str], what: &'static str) -> Result<Finished, CheckoutError> {
        let mut command = self.local();
        command.args(words);
        self.done(command, what)
    }

    fn done(&self, command: Command, what: &'static str) -> Result<Finished, CheckoutError> {
        let done = run(command, vec![], LOCAL)?;
        if done.is_success() {
            return Ok(done);
        }
        let folder = self.tree.clone();
        Err(match self.is_full(&done) {
            true => CheckoutError::Full { folder },
            false => CheckoutError::Git { folder, what },
        })
    }

    /// Git does not always say that this was why.
    fn is_full(&self, done: &Finished) -> bool {
        let has = |words: &str| done.stderr.contains(words);
        let parent = self.tree.parent().unwrap_or(&self.tree);
        has("No space left on device")
            || has("Disk quota exceeded")
            || rustix::fs::statvfs(parent)
                .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_ROOM)
    }

    /// One line; `None` where git says no.
    fn ask(&self, words: &[&str]) -> Result<Option<String>, CheckoutError> {
        let mut command = self.local();
        command.args(words);
        let done = run(command, vec![], LOCAL)?;
        let line = String::from_utf8_lossy(&done.stdout).trim_end().to_owned();
        Ok(done.is_success().then_some(line))
    }

    fn failed(&self, what: &'static str) -> CheckoutError {
        let folder = self.tree.clone();
        CheckoutError::Git { folder, what }
    }

    pub(super) fn io(&self, source: std::io::Error) -> CheckoutError {
        let folder = self.tree.clone();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CheckoutError::Full { folder },
            _ => CheckoutError::Io { folder, source },
        }
    }
}

fn paths(done: &Finished) -> Vec<PathBuf> {
    let all = done
        .stdout
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty());
    all.map(|path| PathBuf::from(OsString::from_vec(path.to_vec())))
        .collect()
}
