//! `git merge`: the merge driver of manifests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::git;
use crate::manifest::{MergeError, Merged, Side, Texts, mark_whole, merge, says_driftlock};
use crate::model::{SecretValue, Severity, VarName};
use crate::reconcile::load::{self, Loaded, Opener, Opening};
use crate::render::escape::terminal;
use crate::source;

/// How long git may take to merge three files by lines.
const PATIENCE: Duration = Duration::from_secs(60);
/// As the marks name the sides.
const LABELS: [&str; 6] = ["-L", "ours", "-L", "base", "-L", "theirs"];

/// Join two branches' edits of a manifest by variable name: git runs this in a merge
///
/// Edits of different variables, targets and groups join, and so do different things about one
/// variable. What both sides changed is left with marks around that entry only, and explained.
/// The result is written into OURS; the exit code is 0 if all of it was joined, else 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  git config merge.driftlock.driver \"driftlock git merge -- %O %A %B %P\"    (what `git install` does)")]
pub(crate) struct MergeArgs {
    /// What both sides began with; empty if both added the file
    #[arg(value_name = "BASE", allow_hyphen_values = true)]
    base: PathBuf,
    /// This side; the result goes here
    #[arg(value_name = "OURS", allow_hyphen_values = true)]
    ours: PathBuf,
    /// The other side
    #[arg(value_name = "THEIRS", allow_hyphen_values = true)]
    theirs: PathBuf,
    /// The name of the file, for messages
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    path: PathBuf,
}

/// Three files, and where they are.
struct Job {
    paths: [PathBuf; 3],
    name: String,
}

pub(crate) fn run(
    arguments: &MergeArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let paths = [&arguments.base, &arguments.ours, &arguments.theirs];
    let job = Job {
        paths: paths.map(|path| context.absolute(path)),
        name: terminal(&arguments.path.display().to_string()),
    };
    let texts = job.read()?;
    let Some(texts) = texts.filter(|texts| texts.iter().any(|text| says_driftlock(text))) else {
        // no manifest of ours: exactly what git would do
        return job.in_place(context);
    };
    let by_lines = job.by_lines(context)?;
    let mut judge = Judge::new(&texts, session::quiet_keyring(global, context));
    let sides = Texts {
        base: &texts[0],
        ours: &texts[1],
        theirs: &texts[2],
        by_lines: by_lines.as_deref().ok(),
    };
    match merge(&sides, &mut |name, one, other| {
        judge.is_same(name, one, other)
    }) {
        Ok(Merged::Clean(text)) => {
            job.write(&texts[1], &text)?;
            Ok(Exit::DONE)
        }
        Ok(Merged::Conflict { text, conflicts }) => {
            job.write(&texts[1], &text)?;
            let count = conflicts.len();
            let plural = if count == 1 { "thing" } else { "things" };
            ui.say(&format!(
                "{}: {count} {plural} to decide, the rest is joined",
                job.name
            ));
            for conflict in &conflicts {
                ui.say(&format!("  {}", terminal(&conflict.to_string())));
            }
            Ok(Exit::ERROR)
        }
        Err(error) => job.fall_back(&texts, by_lines, &error, ui),
    }
}

impl Job {
    /// `None` if one of them is no text.
    fn read(&self) -> Result<Option<[String; 3]>, CommandError> {
        let mut texts = vec![];
        for path in &self.paths {
            let bytes = std::fs::read(path).map_err(|error| {
                let path = path.display();
                CommandError::error(format!("cannot read {path}: {}", error.kind()))
            })?;
            texts.push(String::from_utf8(bytes).ok());
        }
        let texts: Option<Vec<String>> = texts.into_iter().collect();
        Ok(texts.and_then(|texts| texts.try_into().ok()))
    }

    fn merge_file(&self, context: &Context, more: &[&str]) -> Result<git::Finished, CommandError> {
        let mut command = context.git().program().command(&context.folder);
        command.arg("merge-file").args(more).args(LABELS).arg("--");
        command.args([&self.paths[1], &self.paths[0], &self.paths[2]]);
        let done = git::run(command, vec![], PATIENCE).map_err(|error| CommandError::of(&error))?;
        match done.code {
            Some(0..=127) => Ok(done),
            _ => Err(CommandError::error(format!(
                "git cannot merge {}",
                self.name
            ))),
        }
    }

    fn in_place(&self, context: &Context) -> Result<Exit, CommandError> {
        let done = self.merge_file(context, &["-q"])?;
        Ok(if done.is_success() {
            Exit::DONE
        } else {
            Exit::ERROR
        })
    }

    /// What git makes of the lines: joined, or with its marks.
    fn by_lines(&self, context: &Context) -> Result<Result<String, String>, CommandError> {
        let done = self.merge_file(context, &["-q", "-p"])?;
        let clean = done.is_success();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        Ok(if clean { Ok(text) } else { Err(text) })
    }

    /// Nothing could be joined by name. Where a side is no manifest, git's own lines, which are good
    /// only if they are a valid one; where the layout was too strange, what git joined is something
    /// else than what both sides said.
    fn fall_back(
        &self,
        texts: &[String; 3],
        by_lines: Result<String, String>,
        error: &MergeError,
        ui: &mut Ui,
    ) -> Result<Exit, CommandError> {
        let [_, ours, theirs] = texts;
        let unreadable = !matches!(error, MergeError::Layout);
        let (text, is_good) = match by_lines {
            Ok(text) if unreadable => {
                let is_good = load::load(&text).is_ok();
                (text, is_good)
            }
            Ok(_) => (mark_whole(ours, theirs), false),
            Err(marked) => (marked, false),
        };
        self.write(ours, &text)?;
        let why = match error {
            MergeError::Unreadable { side, problems } => {
                let first = problems.iter().find(|one| one.severity == Severity::Error);
                let first =
                    first.map(|one| format!(" (line {}: {})", one.position.line, one.message));
                format!("{side} is no valid manifest{}", first.unwrap_or_default())
            }
            MergeError::Braces(_) | MergeError::Layout => error.to_string(),
        };
        ui.say(&format!(
            "{}: not joined by name, because {}",
            self.name,
            terminal(&why)
        ));
        if is_good {
            return Ok(Exit::DONE);
        }
        ui.say("  mend it, then run: driftlock check");
        Ok(Exit::ERROR)
    }

    fn write(&self, old: &str, new: &str) -> Result<(), CommandError> {
        source::write_atomically(&self.paths[1], old, new).map_err(|error| CommandError::of(&error))
    }
}

/// Compares values of two sides, where an identity opens both. Nothing is opened before it is asked.
struct Judge<'t> {
    texts: &'t [String; 3],
    keyring: Keyring,
    opened: [Option<Option<(Loaded, Opening)>>; 3],
}

impl<'t> Judge<'t> {
    fn new(texts: &'t [String; 3], keyring: Keyring) -> Self {
        Self {
            texts,
            keyring,
            opened: [None, None, None],
        }
    }

    fn is_same(&mut self, name: &VarName, one: Side, other: Side) -> bool {
        let one = self.value(name, one);
        one.is_some() && one == self.value(name, other)
    }

    fn value(&mut self, name: &VarName, side: Side) -> Option<SecretValue> {
        let place = match side {
            Side::Base => 0,
            Side::Ours => 1,
            Side::Theirs => 2,
        };
        let (text, keyring) = (&self.texts[place], &mut self.keyring);
        let opened = self.opened[place].get_or_insert_with(|| {
            let loaded = load::load(text).ok()?;
            let opening = load::open(&loaded.manifest, keyring);
            Some((loaded, opening))
        });
        let (loaded, opening) = opened.as_ref()?;
        let mut opener = Opener { opening, keyring };
        opener
            .value(&loaded.manifest, name)
            .ok()
            .map(|open| open.value)
    }
}

/// The name of a file as messages show it.
pub(super) fn shown(path: &Path) -> String {
    terminal(&path.display().to_string())
}
