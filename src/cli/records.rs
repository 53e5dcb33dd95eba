//! Which journal a run uses: the one that is named, else the one in the manifests' own remote if there
//! is one, else this machine's.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Global;
use super::context::Context;
use super::error::CommandError;
use super::session::Item;
use super::ui::Ui;
use crate::journal::{
    GitError, GitJournal, GitSettings, Journal, JournalError, Place, SqliteJournal, Standing,
    UndoStore,
};

/// How long a command that only looks believes that a remote has no journal.
const NONE_THERE: SignedDuration = SignedDuration::from_mins(10);

/// How long a remote may take to say whether it has one, where none was ever seen there.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `--journal` or the environment names.
pub(crate) enum Named {
    /// A file of this machine.
    File(std::path::PathBuf),
    /// A ref of a git remote.
    Git(Place),
    /// Neither.
    Nothing,
}

/// What was named. A file that is called `git` is named as `./git`.
pub(crate) fn named(global: &Global, context: &Context) -> Named {
    let given = global.journal.clone();
    let Some(given) = given.or_else(|| context.path("DRIFTLOCK_JOURNAL")) else {
        return Named::Nothing;
    };
    match given.to_str().and_then(|text| text.parse().ok()) {
        Some(place) => Named::Git(place),
        None => Named::File(context.absolute(&given)),
    }
}

/// The journal of this run. Of a file nothing is opened yet; a remote is asked whether it has one.
pub(crate) fn journal(
    global: &Global,
    context: &Context,
    items: &[Item],
    writes: bool,
    ui: &mut Ui,
) -> Result<Box<dyn Journal>, CommandError> {
    let folder = items.first().map(|item| item.file.folder.as_path());
    journal_beside(global, context, folder, writes, &mut |text| ui.warn(text))
}

/// The same for a manifest in this folder, with what is worth a look told to `warn`.
pub(crate) fn journal_beside(
    global: &Global,
    context: &Context,
    folder: Option<&Path>,
    writes: bool,
    warn: &mut dyn FnMut(&str),
) -> Result<Box<dyn Journal>, CommandError> {
    let path = match named(global, context) {
        Named::Git(place) => {
            let journal = GitJournal::new(settings_beside(&place, context, folder)?);
            return Ok(Box::new(journal.map_err(|error| explain(&error))?));
        }
        Named::File(path) => path,
        Named::Nothing => {
            if let Some(shared) = shared(context, folder, writes, warn)? {
                return Ok(Box::new(shared));
            }
            own(context)?
        }
    };
    tracing::debug!(path = %path.display(), "journal");
    Ok(Box::new(SqliteJournal::new(path)))
}

/// This machine's own.
pub(crate) fn own(context: &Context) -> Result<std::path::PathBuf, CommandError> {
    context.journal().ok_or_else(|| {
        CommandError::error("there is no folder for the journal, because this user has no home")
            .hint("name a file with --journal or DRIFTLOCK_JOURNAL")
    })
}

/// Where former values are kept on this machine: beside its own journal, wherever the records are.
pub(crate) fn undo_store(global: &Global, context: &Context) -> Option<UndoStore> {
    let journal = match named(global, context) {
        Named::File(path) => path,
        Named::Git(_) | Named::Nothing => context.journal()?,
    };
    Some(UndoStore::new(journal.with_file_name("undo.sqlite3")))
}

/// The journal at a place, as seen from the first manifest.
pub(crate) fn settings(
    place: &Place,
    context: &Context,
    items: &[Item],
) -> Result<GitSettings, CommandError> {
    settings_beside(
        place,
        context,
        items.first().map(|item| item.file.folder.as_path()),
    )
}

fn settings_beside(
    place: &Place,
    context: &Context,
    folder: Option<&Path>,
) -> Result<GitSettings, CommandError> {
    let folder = folder.unwrap_or(&context.folder);
    let standing = Standing::find(context.git().program(), folder, place)
        .map_err(|error| CommandError::of(&error))?;
    Ok(with(standing, context))
}

fn with(standing: Standing, context: &Context) -> GitSettings {
    GitSettings {
        standing,
        folder: context.shared_state(),
        clock: context.clock(),
        lease: context.lease(),
    }
}

/// The journal in the manifests' own remote, if there is one. Where that cannot be found out and none
/// was ever seen, a run goes on without, and says so if it is going to write.
fn shared(
    context: &Context,
    folder: Option<&Path>,
    writes: bool,
    warn: &mut dyn FnMut(&str),
) -> Result<Option<GitJournal>, CommandError> {
    let Some(folder) = folder else {
        return Ok(None);
    };
    if !folder.ancestors().any(|above| above.join(".git").exists()) {
        return Ok(None);
    }
    let standing = Standing::find(context.git().program(), folder, &Place::default());
    let Ok(standing) = standing else {
        return Ok(None);
    };
    let settings = with(standing, context);
    let cache = settings.cache();
    if cache.as_ref().is_some_and(|cache| cache.exists()) {
        let journal = GitJournal::new(settings.clone()).map_err(|error| explain(&error))?;
        if journal.is_known().map_err(|error| explain(&error))? {
            return Ok(Some(journal));
        }
    }
    let none = cache.map(|cache| cache.with_extension("none"));
    if !writes && lately(none.as_deref(), context.now()) {
        return Ok(None);
    }
    match settings.standing.exists(PATIENCE) {
        Ok(true) => GitJournal::new(settings)
            .map(Some)
            .map_err(|error| explain(&error)),
        Ok(false) => {
            note_none(none.as_deref());
            Ok(None)
        }
        Err(error) => {
            if writes {
                warn(&format!(
                    "cannot {error}: whether others share a journal there is not known; going on with this machine's own"
                ));
            } else {
                // who is offline does not wait for it each time
                note_none(none.as_deref());
            }
            Ok(None)
        }
    }
}

/// Whether the remote said a moment ago that it has none, or could not be asked.
fn lately(none: Option<&Path>, now: Timestamp) -> bool {
    let at = none.and_then(|none| none.metadata().ok()?.modified().ok());
    let at = at.and_then(|at| Timestamp::try_from(at).ok());
    at.is_some_and(|at| {
        let age = now.duration_since(at);
        !age.is_negative() && age < NONE_THERE
    })
}

/// A courtesy to the next run: where it fails, the remote is asked again.
fn note_none(none: Option<&Path>) {
    let Some(none) = none else { return };
    let noted = none
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(none, ""));
    tracing::debug!(?noted, "the remote has no journal");
}

/// A journal that cannot be used, and what to do.
pub(crate) fn explain(error: &JournalError) -> CommandError {
    let told = CommandError::of(error);
    match error {
        JournalError::Shared(GitError::Rewound { .. }) => CommandError::refused(told.message)
            .hint("somebody set it back, or deleted it; nothing was written")
            .hint("driftlock journal restore puts back what this machine saw; driftlock journal accept goes on from what is there"),
        JournalError::Shared(GitError::Foreign { .. }) => told
            .hint("driftlock journal restore puts back what this machine saw, if it saw any; or name another ref with --journal git#REF"),
        JournalError::Shared(error) if error.is_unreachable() => told
            .hint("`driftlock plan` goes on from what this machine saw; an apply needs the journal, because others may be at work"),
        JournalError::Shared(GitError::Fenced { .. }) => told
            .hint("driftlock plan shows what is there now"),
        _ => told,
    }
}

/// The longest wait between two looks at a lease.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(2);
