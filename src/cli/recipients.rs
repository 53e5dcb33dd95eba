//! `recipients`: who may read a manifest's secrets.

mod accept;
mod add;
mod files;
mod keys;
mod named;
mod past;
mod rekey;
mod remove;
mod show;
mod tell;
mod write;

use clap::{Args, Subcommand};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::ui::Ui;

/// Show, add and remove those who may read a manifest's secrets
///
/// Adding wraps the manifest's key for one reader more; no value changes. Removing draws a new key,
/// seals every value anew, and lists what the removed reader has seen. The list is signed: a reader
/// whom somebody without the key put there is noticed, and gets nothing until a reader accepts it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock recipients list
  driftlock recipients add age1… --name 'ops laptop'
  driftlock recipients add 'ssh-ed25519 AAAA… alice@example.com'
  driftlock recipients add --file alice.keys --all
  driftlock recipients remove 'ops laptop' -f manifests/production.yaml
  driftlock recipients accept age1…            whom a pull request added
  driftlock recipients rekey                   a new key for the same readers
  driftlock recipients verify                  everything that can be proved")]
pub(crate) struct RecipientsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(show::ListArgs),
    Add(add::AddArgs),
    Remove(remove::RemoveArgs),
    Accept(accept::AcceptArgs),
    Rekey(rekey::RekeyArgs),
    Verify(show::VerifyArgs),
}

pub(crate) fn run(
    arguments: &RecipientsArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    match &arguments.action {
        Action::List(arguments) => show::list(arguments, global, context, ui),
        Action::Add(arguments) => add::run(arguments, global, context, ui),
        Action::Remove(arguments) => remove::run(arguments, global, context, ui),
        Action::Accept(arguments) => accept::run(arguments, global, context, ui),
        Action::Rekey(arguments) => rekey::run(arguments, global, context, ui),
        Action::Verify(arguments) => show::verify(arguments, global, context, ui),
    }
}
