//! Plan files: where they lie, how they are read and written, and where their manifests are.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use super::context::Context;
use super::error::CommandError;
use super::look::{Looked, Origin};
use super::selection::Selection;
use super::session;
use super::ui::Ui;
use crate::model::{Fingerprinter, Overrides};
use crate::plan::{self, Draft, DraftPlan, SavedPlans, Selected};
use crate::render::Saved;
use crate::source::{self, WriteError};

/// The largest plan file that is read: a plan of ten thousand variables takes about a sixth of it.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Where a plan is to be kept.
pub(crate) struct Place {
    /// As it was named.
    file: PathBuf,
    /// The plan that is there already.
    old: Option<String>,
}

impl Place {
    /// Looks before anything is read that takes long. Only a plan of ours is replaced.
    pub(crate) fn find(file: &Path, context: &Context) -> Result<Self, CommandError> {
        let shown = file.display();
        let old = match fs::metadata(context.absolute(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let why = format!("cannot write the plan to {shown}: {}", error.kind());
                return Err(CommandError::error(why));
            }
            Ok(_) => Some(
                read(file, context)?
                    .filter(|text| plan::is_kept(text))
                    .ok_or_else(|| {
                        CommandError::refused(format!(
                    "cannot write the plan to {shown}: what is there is no plan, and is left alone"
                ))
                .hint("name a file that is not there yet, for example --out plan.json")
                    })?,
            ),
        };
        let file = file.to_owned();
        Ok(Self { file, old })
    }

    /// Writes what was planned: whole, or not at all.
    pub(crate) fn keep(
        self,
        looked: &[Looked],
        selection: &Selection,
        overrides: &Overrides,
        context: &Context,
        ui: &Ui,
    ) -> Result<Saved, CommandError> {
        let origins: Vec<&Origin> = looked.iter().map(|looked| &looked.origin).collect();
        let selection = Selected {
            targets: selection.targets(),
            variables: selection.variables(),
            since: commit(selection.since.as_deref(), &origins, context)?,
        };
        let plans = looked
            .iter()
            .map(|looked| draft(looked, context, ui))
            .collect::<Result<Vec<_>, _>>()?;
        let saved = SavedPlans::seal(Draft {
            by: env!("CARGO_PKG_VERSION"),
            made_at: context.now(),
            selection,
            overrides,
            plans,
        });
        let text = serde_json::to_string_pretty(&saved)
            .map_err(|_| CommandError::error("the plan cannot be written as JSON"))?;
        self.write(&format!("{text}\n"), context)
            .map_err(|error| CommandError::of(&error))?;
        Ok(Saved {
            file: self.file.display().to_string(),
            id: saved.id().to_string(),
        })
    }

    fn write(&self, text: &str, context: &Context) -> Result<(), WriteError> {
        let path = context.absolute(&self.file);
        match &self.old {
            Some(old) => source::write_atomically(&path, old, text),
            None => source::write_new(&path, text, 0o666),
        }
    }
}

fn draft<'a>(
    looked: &'a Looked,
    context: &Context,
    ui: &Ui,
) -> Result<DraftPlan<'a>, CommandError> {
    let origin = &looked.origin;
    let mut plan = looked.plan.clone();
    plan::scrub_texts(&mut plan, &|text| ui.scrub(text));
    Ok(DraftPlan {
        path: path_of(origin, context)?,
        manifest_digest: origin.digest,
        plan,
        fingerprinter: key_of(origin)?,
    })
}

/// Without an identity nothing says later that the file is as it was written.
fn key_of(origin: &Origin) -> Result<&Fingerprinter, CommandError> {
    origin.proves.as_ref().map_err(|why| {
        let sealed = session::sealed(&origin.shown, why);
        CommandError::error(format!(
            "cannot keep a plan that nobody could prove later: {}",
            sealed.message
        ))
        .hint(why.help())
    })
}

/// The commit that `--since` means today.
fn commit(
    since: Option<&str>,
    origins: &[&Origin],
    context: &Context,
) -> Result<Option<String>, CommandError> {
    let Some(since) = since else {
        return Ok(None);
    };
    let mut commits = vec![];
    for origin in origins {
        let commit = context.git().commit_of(&origin.path, since);
        commits.push(commit.map_err(|error| CommandError::of(&error))?);
    }
    commits.dedup();
    if commits.len() > 1 {
        return Err(CommandError::usage(
            "--since means another commit in each of these repositories: keep a plan of each",
        ));
    }
    Ok(commits.pop())
}

/// How a plan file names its manifest: below the git repository or the folder of this run, so that
/// it is found in another clone.
fn path_of(origin: &Origin, context: &Context) -> Result<String, CommandError> {
    let roots = roots(context);
    let below = roots
        .iter()
        .find_map(|root| origin.path.strip_prefix(root).ok());
    let path = below.unwrap_or(&origin.path);
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = origin.shown.display();
        CommandError::error(format!(
            "cannot keep a plan of {shown}: its path is not UTF-8"
        ))
    })
}

/// Where a plan file's manifest is, as a path for this run.
pub(crate) fn manifest_of(path: &str, context: &Context) -> Result<PathBuf, CommandError> {
    let gone = || {
        CommandError::refused(format!(
            "the plan is of the manifest {path}, which is not here; nothing was written"
        ))
        .hint("run this in the repository, or in the folder, that the plan was made in")
    };
    let named = Path::new(path);
    if named.components().any(|part| part == Component::ParentDir) {
        return Err(gone());
    }
    let roots = roots(context);
    let mut places = roots.iter().map(|root| root.join(named));
    let found = places.find(|place| place.is_file()).ok_or_else(gone)?;
    let here = fs::canonicalize(&context.folder).ok();
    let below = here.and_then(|here| Some(found.strip_prefix(here).ok()?.to_owned()));
    Ok(below.unwrap_or(found))
}

/// The top folder of the git repository around this run, if there is one, and the run's own folder.
fn roots(context: &Context) -> Vec<PathBuf> {
    let repository = context.git().repository_root(&context.folder);
    let folder = fs::canonicalize(&context.folder).ok();
    repository.into_iter().chain(folder).collect()
}

/// The text of a plan file; `None` if it is something else.
pub(crate) fn read(file: &Path, context: &Context) -> Result<Option<String>, CommandError> {
    let shown = file.display();
    let failed =
        |error: io::Error| CommandError::error(format!("cannot read {shown}: {}", error.kind()));
    let path = context.absolute(file);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => {}
        // whoever reads manifests says what is wrong
        _ => return Ok(None),
    }
    // a pipe that took the place of the file a moment ago must not hang us
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let mut bytes = vec![];
    let read = file.and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(failed)?;
    let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).into_owned();
    if bytes.len() as u64 > MAX_BYTES {
        return if plan::is_saved(&begin) {
            Err(CommandError::error(format!(
                "cannot read the plan file {shown}: it is larger than 64 MiB"
            )))
        } else {
            Ok(None)
        };
    }
    let text = String::from_utf8(bytes).ok();
    Ok(text.filter(|text| plan::is_saved(text)))
}
