//! `journal`: where records are, moving them, and what to do where a remote was set back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::lease::{self, LeaseArgs};
use super::prompt::confirm;
use super::records::{self, Named};
use super::session::{self, Item};
use super::ui::Ui;
use crate::journal::{
    Authenticator, GitJournal, HistoryFilter, Journal, JournalError, Moved, Place, SqliteJournal,
};
use crate::reconcile::event::{JournalEntry, JournalReport};
use crate::render::json::{self, JournalDocument};
use crate::render::text;

/// Show where the journal is, move it to a git remote, or mend it
///
/// The journal remembers what was applied. By default it is a file of this machine. In a ref of the
/// manifests' git remote it is shared: CI, cron hosts and people see one history, and one lease keeps
/// them from applying at the same time. No server is needed, only the right to push.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock journal                    where it is, and what it knows of each manifest
  driftlock journal move git           from this machine to the remote, for everybody
  driftlock journal restore            the remote was set back: put back what this machine saw
  driftlock journal accept             the same: go on from what is there now")]
pub(crate) struct JournalArgs {
    #[command(subcommand)]
    action: Option<Action>,

    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST", global = true)]
    manifests: Vec<PathBuf>,

    /// Print JSON (see `driftlock schema journal`)
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Move all records of these manifests to another journal: git[:REMOTE][#REF], or a file
    Move {
        /// Where to
        #[arg(value_name = "JOURNAL")]
        to: PathBuf,
    },
    /// Put back what this machine saw of a shared journal that was deleted, set back or overwritten
    Restore {
        /// Ask nobody
        #[arg(long, short)]
        yes: bool,
    },
    /// Go on from what a shared journal holds now, whatever this machine saw of it before
    Accept {
        /// Ask nobody
        #[arg(long, short)]
        yes: bool,
    },
}

pub(crate) fn run(
    arguments: &JournalArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let items = session::load_manifests(&arguments.manifests, context, ui)?;
    match &arguments.action {
        None => show(&items, arguments.json, global, context, ui),
        Some(Action::Move { to }) => transfer(to, &items, global, context, ui),
        Some(Action::Restore { yes }) => {
            let question = "Put what this machine saw in the place of what the remote holds?";
            let mut journal = shared(&items, global, context)?;
            if !(*yes || confirm(ui, question)?) {
                return Ok(declined(ui));
            }
            let restored = journal.restore();
            restored.map_err(|error| records::explain(&error))?;
            ui.say(&format!(
                "{} holds again what this machine saw",
                journal.place()
            ));
            Ok(Exit::DONE)
        }
        Some(Action::Accept { yes }) => {
            let question = "Forget what this machine saw, and believe what the remote holds now?";
            let mut journal = shared(&items, global, context)?;
            if !(*yes || confirm(ui, question)?) {
                return Ok(declined(ui));
            }
            journal.accept().map_err(|error| records::explain(&error))?;
            ui.say(&format!("{} is believed as it is now", journal.place()));
            ui.say("  next: driftlock plan");
            Ok(Exit::DONE)
        }
    }
}

fn declined(ui: &mut Ui) -> Exit {
    ui.say("nothing was changed");
    Exit::REFUSED
}

/// The shared journal, without a look at what it holds.
fn shared(items: &[Item], global: &Global, context: &Context) -> Result<GitJournal, CommandError> {
    let place = match records::named(global, context) {
        Named::Git(place) => place,
        Named::Nothing => Place::default(),
        Named::File(_) => {
            return Err(CommandError::usage(
                "this is about a shared journal, and a file is named",
            ));
        }
    };
    let settings = records::settings(&place, context, items)?;
    GitJournal::new(settings).map_err(|error| records::explain(&error))
}

fn show(
    items: &[Item],
    json: bool,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let journal = records::journal(global, context, items, false, ui)?;
    let manifests = items.iter().map(|item| entry(item, &*journal));
    let manifests = manifests.collect::<Result<_, _>>();
    let report = JournalReport {
        place: journal.place(),
        manifests: manifests.map_err(|error| records::explain(&error))?,
        notes: journal.notes(),
    };
    for note in &report.notes {
        ui.warn(note);
    }
    let mut out = String::new();
    let written = if json {
        let verdict = Exit::DONE.verdict("looked up");
        json::render_json(&mut out, &JournalDocument::new(&report, &verdict))
    } else {
        text::render_journal(&mut out, &ui.style(), &report)
    };
    written.map_err(|_| CommandError::error("the journal cannot be told as text"))?;
    ui.page(&out);
    Ok(Exit::DONE)
}

/// What is there of one manifest, whoever wrote it.
fn entry(item: &Item, journal: &dyn Journal) -> Result<JournalEntry, JournalError> {
    let filter = HistoryFilter {
        limit: Some(1),
        ..HistoryFilter::default()
    };
    let newest = journal.history(&item.scope, &filter, &Authenticator::without_key())?;
    let newest = newest.into_iter().next();
    Ok(JournalEntry {
        manifest: item.loaded.manifest.name.to_string(),
        receipts: newest.as_ref().map_or(0, |newest| newest.id.0),
        newest: newest.and_then(|newest| Some((newest.at, newest.receipt?.who))),
        holder: journal.holder(&item.scope)?,
    })
}

fn transfer(
    to: &std::path::Path,
    items: &[Item],
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let mut from: Box<dyn Journal> = match records::named(global, context) {
        Named::Nothing if to.to_str().is_some_and(|to| to.parse::<Place>().is_ok()) => {
            Box::new(SqliteJournal::new(records::own(context)?))
        }
        _ => records::journal(global, context, items, true, ui)?,
    };
    let mut new: Box<dyn Journal> = match to.to_str().and_then(|to| to.parse::<Place>().ok()) {
        Some(place) => {
            let journal = GitJournal::new(records::settings(&place, context, items)?);
            Box::new(journal.map_err(|error| records::explain(&error))?)
        }
        None => Box::new(SqliteJournal::new(context.absolute(to))),
    };
    if from.place() == new.place() {
        return Err(CommandError::usage(
            "the records are there already: name another journal",
        ));
    }
    // nobody applies while they are on their way
    let _here = lease::take(&LeaseArgs::default(), &mut *from, items, context, ui)?;
    let _there = lease::take(&LeaseArgs::default(), &mut *new, items, context, ui)?;
    let mut exit = Exit::DONE;
    for item in items {
        let name = item.loaded.manifest.name.to_string();
        let archive = from.export(&item.scope);
        let Some(archive) = archive.map_err(|error| records::explain(&error))? else {
            ui.say(&format!("{name}: there are no records to move"));
            continue;
        };
        let moved = new.import(&item.scope, &archive);
        match moved.map_err(|error| records::explain(&error))? {
            Moved::Receipts(1) => ui.say(&format!("{name}: 1 receipt moved")),
            Moved::Receipts(count) => ui.say(&format!("{name}: {count} receipts moved")),
            Moved::Already => ui.say(&format!("{name}: its records are there already")),
            Moved::Other => {
                exit = exit.worst(Exit::REFUSED);
                ui.warn(&format!(
                    "{name}: {} holds other records of it already; nothing of it was moved",
                    new.place()
                ));
            }
        }
    }
    ui.say(&format!("the journal is {} now", new.place()));
    if let Named::Nothing = records::named(global, context) {
        match to.to_str().and_then(|to| to.parse::<Place>().ok()) {
            Some(place) if place == Place::default() => {
                ui.say("  every clone of these manifests uses it from now on; the old one stays where it was");
            }
            _ => ui.say(&format!(
                "  name it in each run: --journal {0}, or DRIFTLOCK_JOURNAL={0}",
                to.display()
            )),
        }
    }
    Ok(exit)
}
