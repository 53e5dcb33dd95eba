//! `git install`: this clone's git shows, merges and guards manifests.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::attributes;
use super::hook::{self, Outcome};
use super::merge::shown;
use super::staged::no_repository;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::ui::Ui;
use crate::git::{self, Finished};
use crate::source;

const PATIENCE: Duration = Duration::from_secs(60);
const DEFAULT_FOLDER: &str = "manifests";
/// Our settings, by name.
pub(super) const SETTINGS: [&str; 3] = [
    "diff.driftlock.textconv",
    "merge.driftlock.name",
    "merge.driftlock.driver",
];

/// Set up diffs, merges and the pre-commit hook of this clone
///
/// It writes three settings into this clone's git configuration, lines for the manifests into
/// `.gitattributes` at the top of the work tree (commit that file: it tells the other clones), and a
/// pre-commit hook where git looks for it. What is there already stays; a hook of somebody else is
/// never changed. Run again, it changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock git install
  driftlock git install deploy/manifests --no-hook")]
pub(crate) struct InstallArgs {
    /// Folders of manifests [default: the folder manifests]
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,

    /// Leave the pre-commit hook out
    #[arg(long)]
    no_hook: bool,
}

pub(crate) fn run(
    arguments: &InstallArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let clone = Clone::around(context)?;
    let folders = clone.folders(&arguments.folders)?;
    let program = context.program_words();
    let place = clone.attributes();
    let before = read_attributes(&place)?;
    let after = attributes::with_folders(before.as_deref().unwrap_or_default(), &folders);
    match &before {
        Some(before) if *before == after => {}
        Some(before) => source::write_atomically(&place, before, &after)
            .map_err(|error| CommandError::of(&error))?,
        None => {
            source::write_new(&place, &after, 0o666).map_err(|error| CommandError::of(&error))?;
        }
    }
    let changed = before.as_deref() != Some(after.as_str());
    ui.say(&format!(
        "{} {}",
        shown(&place),
        if changed {
            "names the manifests now: commit it"
        } else {
            "names the manifests already"
        }
    ));
    let values = [
        format!("{program} git textconv --"),
        "manifests, by variable".to_owned(),
        format!("{program} git merge -- %O %A %B %P"),
    ];
    for (name, value) in SETTINGS.iter().zip(&values) {
        clone.set(name, value)?;
    }
    ui.say("git diff shows fingerprints, and git merge joins by variable, in this clone");
    if arguments.no_hook {
        return Ok(Exit::DONE);
    }
    install_hook(&clone, &program, ui)?;
    Ok(Exit::DONE)
}

fn install_hook(clone: &Clone<'_>, program: &str, ui: &mut Ui) -> Result<(), CommandError> {
    let line = hook::line(program);
    let Some(path) = clone.hook()? else {
        ui.warn(&format!(
            "the hooks of this user are for all repositories (core.hooksPath), and were left alone; \
             to guard commits, add this line to the pre-commit hook there: {line}"
        ));
        return Ok(());
    };
    let place = shown(&path);
    match hook::install(&path, program)? {
        Outcome::Written => ui.say(&format!("{place} looks at every commit from now on")),
        Outcome::Present => ui.say(&format!("{place} looks at every commit already")),
        Outcome::Foreign => ui.warn(&format!(
            "there is a hook already, {place}, and it was left alone; to guard commits, add this \
             line to it: {line}"
        )),
    }
    Ok(())
}

/// The text of the file, if it is there. git reads no links of this name, and so do we.
pub(super) fn read_attributes(path: &Path) -> Result<Option<String>, CommandError> {
    let failed = |why: &str| {
        let path = shown(path);
        CommandError::error(format!("cannot read {path}: {why}"))
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error.kind().to_string())),
        Ok(found) if !found.is_file() => {
            return Err(failed("it is not a regular file, and git reads no other"));
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|error| failed(&error.kind().to_string()))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| failed("it is not UTF-8"))
}

/// A clone with a work tree.
pub(super) struct Clone<'c> {
    context: &'c Context,
    top: PathBuf,
    common: PathBuf,
}

impl<'c> Clone<'c> {
    pub(super) fn around(context: &'c Context) -> Result<Self, CommandError> {
        let run = |arguments: &[&str]| run_git(context, &context.folder, arguments);
        let bare = run(&["rev-parse", "--is-bare-repository"])?;
        if bare.is_success() && bare.stdout.starts_with(b"true") {
            return Err(CommandError::error(
                "this repository is bare: it has no work tree, and nothing is committed in it",
            )
            .hint("run it in a clone that people work in"));
        }
        let top = one_path(&run(&["rev-parse", "--show-toplevel"])?).ok_or_else(no_repository)?;
        let common = run_git(context, &top, &["rev-parse", "--git-common-dir"])?;
        let common = one_path(&common).ok_or_else(no_repository)?;
        let common = top.join(common);
        Ok(Self {
            context,
            top,
            common,
        })
    }

    pub(super) fn attributes(&self) -> PathBuf {
        self.top.join(".gitattributes")
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<Finished, CommandError> {
        run_git(self.context, &self.top, arguments)
    }

    fn set(&self, name: &str, value: &str) -> Result<(), CommandError> {
        let done = self.run(&["config", "--local", "--replace-all", name, value])?;
        match done.is_success() {
            true => Ok(()),
            false => Err(CommandError::error(format!(
                "git cannot write the setting {name} of this clone"
            ))
            .hint(
                "look at who may write its .git folder, and whether a config.lock was left there",
            )),
        }
    }

    /// Where git looks for the hook. `None` if that is a folder of the user or of the system, for all
    /// their repositories.
    pub(super) fn hook(&self) -> Result<Option<PathBuf>, CommandError> {
        let found = self.run(&[
            "config",
            "--show-scope",
            "-z",
            "--path",
            "--get-all",
            "core.hooksPath",
        ])?;
        let mut fields = found.stdout.split(|byte| *byte == 0);
        let mut last = None;
        while let (Some(scope), Some(path)) = (fields.next(), fields.next()) {
            // one of them is our own, which keeps hooks from running under us
            if scope != b"command" {
                last = Some((scope == b"local" || scope == b"worktree", path_of(path)));
            }
        }
        Ok(match last {
            None => Some(self.common.join("hooks/pre-commit")),
            Some((true, folder)) => Some(self.top.join(folder).join("pre-commit")),
            Some((false, _)) => None,
        })
    }

    /// Paths of folders from the top, with `/` between their parts.
    fn folders(&self, named: &[PathBuf]) -> Result<Vec<String>, CommandError> {
        let default = [PathBuf::from(DEFAULT_FOLDER)];
        let named = match named {
            [] => &default,
            named => named,
        };
        let top = real(&self.top)?;
        named
            .iter()
            .map(|folder| {
                let path = self.context.absolute(folder);
                let real = match path.is_dir() {
                    true => real(&path)?,
                    // it may come later
                    false if named.len() == 1 && folder == Path::new(DEFAULT_FOLDER) => {
                        self::real(&self.context.folder)?.join(DEFAULT_FOLDER)
                    }
                    false => {
                        let folder = shown(folder);
                        return Err(CommandError::error(format!("{folder} is not a folder"))
                            .hint("name the folder that the manifests are in"));
                    }
                };
                let below = real.strip_prefix(&top).map_err(|_| {
                    let folder = shown(folder);
                    CommandError::error(format!("{folder} is not in this repository"))
                })?;
                words_of(below).ok_or_else(|| {
                    let folder = shown(folder);
                    CommandError::error(format!(
                        "the name of {folder} cannot be written as a pattern"
                    ))
                    .hint("add lines for it to .gitattributes by hand")
                })
            })
            .collect()
    }
}

fn words_of(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str().filter(|name| !name.contains('\n')),
            _ => None,
        })
        .collect();
    parts.map(|parts| parts.join("/"))
}

fn real(path: &Path) -> Result<PathBuf, CommandError> {
    fs::canonicalize(path).map_err(|error| {
        CommandError::error(format!("cannot read {}: {}", shown(path), error.kind()))
    })
}

fn run_git(context: &Context, folder: &Path, arguments: &[&str]) -> Result<Finished, CommandError> {
    let mut command = context.git().program().command(folder);
    command.args(arguments);
    git::run(command, vec![], PATIENCE).map_err(|error| CommandError::of(&error))
}

/// The line that git printed.
fn one_path(done: &Finished) -> Option<PathBuf> {
    let line = done.stdout.strip_suffix(b"\n").unwrap_or(&done.stdout);
    (done.is_success() && !line.is_empty()).then(|| path_of(line))
}

fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()))
}
