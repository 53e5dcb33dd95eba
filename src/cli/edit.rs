//! `edit`: a manifest with its values in clear, in the user's own editor.

mod desk;
mod draft;
mod editor;
mod guard;
mod joined;
mod room;
mod seal;

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::session::{self, Item};
use super::ui::Ui;
use crate::crypto::Keyring;
use crate::manifest::{EditError, Subject};
use crate::reconcile::load::{Opener, Opening};
use desk::{Desk, Sheet};
use draft::Sealer;
use editor::Editor;
pub(crate) use guard::watch;
use room::Base;

/// Edit a manifest decrypted, in $VISUAL or $EDITOR
///
/// Every value stands in clear behind `secret:`; when the editor is closed, those that are other values
/// than before are encrypted anew, and the others keep their lines to the byte. A new variable with
/// `secret:` is encrypted too. Everything else is kept as it was written: comments, order, targets. The
/// text lies in memory where the system has such a place, readable by its owner only, and is gone on
/// every way out. A text that is no manifest brings the editor back with what is wrong; where nobody can
/// be asked it is kept sealed, and --resume goes on with it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock edit
  driftlock edit manifests/production.yaml
  EDITOR='code --wait' driftlock edit      an editor with a window must wait
  driftlock edit --resume                  go on with what was kept

Not covered: swap space, what an editor keeps elsewhere (history, plugins, backups in another folder;
vim is told not to), and whoever can read the memory of your programs.")]
pub(crate) struct EditArgs {
    /// The manifest [default: the only one in the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifest: Option<PathBuf>,

    /// Go on with an edit that could not be finished and was kept, sealed
    #[arg(long, conflicts_with = "discard")]
    resume: bool,

    /// Throw away an edit that was kept
    #[arg(long)]
    discard: bool,
}

pub(crate) fn run(
    arguments: &EditArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    let base = Base::choose(context);
    let places = draft::places(&item, &base, context);
    let command = command(&item);
    if arguments.discard {
        let found = draft::discard(&places)?;
        ui.say(match found {
            true => "the kept edit is thrown away",
            false => "there is no kept edit of this manifest",
        });
        return Ok(Exit::DONE);
    }
    let waiting = draft::waiting(&places).cloned();
    match (&waiting, arguments.resume) {
        (Some(_), false) => {
            return Err(CommandError::refused(
                "an edit of this manifest was kept, and another one would take its place",
            )
            .hint(format!("{command} --resume goes on with it"))
            .hint(format!("{command} --discard throws it away")));
        }
        (None, true) => {
            return Err(
                CommandError::error("there is no kept edit of this manifest").hint(command),
            );
        }
        _ => {}
    }
    let editor = Editor::choose(context)?;
    check_writable(&item, context)?;
    let mut keyring = session::keyring(global, context);
    let opening = session::open_or_fail(&item, &mut keyring)?;
    let subject = Subject::new(&item.file.text).map_err(|error| unfit(&item, &error))?;
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let manifest = &item.loaded.manifest;
    let values = seal::open_all(&subject, manifest, &mut opener)?;
    ui.protect(
        values.values().map(|open| open.value.clone()),
        public(&item),
    );
    let sheet = match &waiting {
        None => Sheet::of(&subject, &values),
        Some(place) => {
            let kept = (place.as_path(), &item, &opening);
            resumed(kept, &subject, &values, &mut keyring, context)?
        }
    };
    let sealer = Sealer::new(&item, &opening, &mut keyring, &places, context)?;
    let desk = Desk {
        item: &item,
        opening: &opening,
        subject: &subject,
        values: &values,
        editor: &editor,
        base: &base,
        sealer,
        context,
        command,
    };
    let exit = desk.edit(sheet, ui)?;
    draft::discard(&places)?;
    Ok(exit)
}

/// What is said of an edit on purpose.
fn public(item: &Item) -> Vec<String> {
    let manifest = &item.loaded.manifest;
    let names = manifest.variables.keys().map(ToString::to_string);
    let path = item.file.path.display().to_string();
    names.chain([path, manifest.name.to_string()]).collect()
}

/// The text that was kept, perhaps joined with what happened meanwhile.
fn resumed(
    kept: (&std::path::Path, &Item, &Opening),
    subject: &Subject<'_>,
    values: &seal::Values,
    keyring: &mut Keyring,
    context: &Context,
) -> Result<Sheet, CommandError> {
    let (place, item, opening) = kept;
    let draft = draft::open(place, keyring)?;
    let mut sheet = Sheet::of(subject, values);
    sheet.notes = vec![format!("This text was kept on {:.0}.", draft.saved)];
    if draft.base == item.file.text {
        sheet.body = draft.body;
    } else {
        let joined = joined::on_top(&draft, item, opening, keyring, context);
        sheet.body = joined.body;
        sheet.notes.extend(joined.notes);
    }
    Ok(sheet)
}

/// What edits this manifest, in a shell.
fn command(item: &Item) -> String {
    format!(
        "driftlock edit {}",
        super::context::shell_word(&item.file.path)
    )
}

/// Before anything is decrypted: an edit that cannot be saved is not worth beginning.
fn check_writable(item: &Item, context: &Context) -> Result<(), CommandError> {
    let path = context.absolute(&item.file.path);
    let shown = item.file.path.display();
    let found = std::fs::metadata(&path)
        .map_err(|error| CommandError::error(format!("cannot read {shown}: {}", error.kind())))?;
    if found.permissions().readonly() {
        return Err(
            CommandError::error(format!("{shown} is read-only; nothing was edited")).hint(format!(
                "chmod u+w {}",
                super::context::shell_word(&item.file.path)
            )),
        );
    }
    tempfile::tempfile_in(&item.file.folder).map_err(|error| {
        CommandError::error(format!(
            "the folder of {shown} cannot be written: {}; nothing was edited",
            error.kind()
        ))
    })?;
    Ok(())
}

fn unfit(item: &Item, error: &EditError) -> CommandError {
    CommandError::error(format!(
        "{} cannot be shown decrypted: {error}",
        item.file.path.display()
    ))
    .hint("driftlock set NAME changes one value")
}
