//! `recipients rekey`: a new file key for the same readers.

use clap::Args;

use super::files::{Files, listed, open, refuse_unsigned};
use super::tell;
use super::write::{rekeyed, write_all};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session;
use crate::cli::ui::Ui;

/// Put every value under a new key, for the same readers
///
/// For a key that somebody may have seen. The values stay what they are: whoever read them knows them
/// still, and older revisions in git stay under the old key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock recipients rekey
  driftlock recipients rekey --all")]
pub(super) struct RekeyArgs {
    #[command(flatten)]
    files: Files,
}

pub(super) fn run(
    arguments: &RekeyArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let items = arguments.files.load(context, ui)?;
    let mut keyring = session::keyring(global, context);
    let mut all = vec![];
    for item in &items {
        let recipients = listed(item)?;
        let opening = open(item, &mut keyring)?;
        refuse_unsigned(item, &opening)?;
        let spelled: Vec<String> = item
            .loaded
            .manifest
            .recipients
            .iter()
            .map(|(text, _)| text.clone())
            .collect();
        all.push(rekeyed(
            item,
            &opening,
            &recipients,
            &spelled,
            &mut keyring,
            context,
            ui,
        )?);
    }
    write_all(&all, global, context, ui, tell::rekeyed)
}
