//! `alert`: what is open, keeping some of it silent for a while, and whether it reaches people.

mod list;
mod mute;
mod release;
mod test;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::records;
use super::session::{self, Item};
use super::ui::Ui;
use crate::journal::{Authenticator, Journal};
use crate::reconcile::load::Opening;

/// Show open alerts, mute them, and try where they go
///
/// Scheduled runs (`driftlock reconcile`) tell what is wrong once, and once more when it is over. The
/// list comes from the journal: no platform is asked. A mute keeps an alert silent as it is now, for a
/// reason and until an end; it hides nothing from `plan`, `status` and `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock alert list
  driftlock alert list --all                       with what waits, and what was told lately
  driftlock alert mute LOG_LEVEL@api --reason 'debugging' --until 3d
  driftlock alert unmute LOG_LEVEL@api
  driftlock alert release LOG_LEVEL@api            heal it again, though it was healed too often
  driftlock alert test                             send a test the whole way to every sink")]
pub(crate) struct AlertArgs {
    #[command(subcommand)]
    action: AlertCommand,
}

#[derive(Debug, Subcommand)]
enum AlertCommand {
    List(list::ListArgs),
    Mute(mute::MuteArgs),
    Unmute(mute::UnmuteArgs),
    Release(release::ReleaseArgs),
    Test(test::TestArgs),
}

pub(crate) fn run(
    arguments: &AlertArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    match &arguments.action {
        AlertCommand::List(arguments) => list::run(arguments, global, context, ui),
        AlertCommand::Mute(arguments) => mute::run(arguments, global, context, ui),
        AlertCommand::Unmute(arguments) => mute::take_back(arguments, global, context, ui),
        AlertCommand::Release(arguments) => release::run(arguments, global, context, ui),
        AlertCommand::Test(arguments) => test::run(arguments, context, ui),
    }
}

/// Manifests with the journal that holds their books, and what proves each.
struct Opened {
    items: Vec<(Item, Opening, Authenticator)>,
    journal: Box<dyn Journal>,
}

fn open(
    manifests: &[PathBuf],
    writes: bool,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Opened, CommandError> {
    let items = session::load_manifests(manifests, context, ui)?;
    let mut keyring = session::keyring(global, context);
    let mut journal = records::journal(global, context, &items, writes, ui)?;
    let mut opened = vec![];
    for item in items {
        let opening = session::open(&item, &mut keyring, ui);
        let key = session::fingerprinter(&opening, &mut *journal, &item.scope, false)?;
        let auth = session::authenticator(key.as_ref());
        opened.push((item, opening, auth));
    }
    Ok(Opened {
        items: opened,
        journal,
    })
}

/// Reads the book of each manifest, and gives the one that `fits`: there must be one.
fn the_one<'a>(
    opened: &'a mut Opened,
    what: &str,
    fits: impl Fn(&crate::model::AlertBook) -> bool,
) -> Result<(&'a Item, &'a Authenticator, &'a mut dyn Journal), CommandError> {
    let mut found = vec![];
    for (index, (item, opening, auth)) in opened.items.iter().enumerate() {
        let book = opened.journal.alerts(&item.scope, auth);
        let book = list::state(book.map_err(|error| records::explain(&error))?, opening);
        match book {
            list::BookState::Known(book) if fits(&book) => found.push(index),
            list::BookState::Known(_) | list::BookState::Nothing => {}
            list::BookState::Unknown(why) => {
                let name = &item.loaded.manifest.name;
                return Err(CommandError::error(format!(
                    "the alerts of {name} are not known: {why}"
                )));
            }
        }
    }
    match found[..] {
        [one] => {
            let (item, _, auth) = &opened.items[one];
            Ok((item, auth, &mut *opened.journal))
        }
        [] => {
            Err(CommandError::error(format!("no alert {what} is open"))
                .hint("driftlock alert list"))
        }
        _ => {
            let names = found.iter().map(|index| &opened.items[*index].0.file.path);
            let names: Vec<String> = names.map(|path| path.display().to_string()).collect();
            Err(
                CommandError::usage(format!("{what} is in several manifests"))
                    .hint(format!("name one with --manifest: {}", names.join(", "))),
            )
        }
    }
}
