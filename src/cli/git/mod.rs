//! `git`: what git itself runs for manifests, and the command that sets it up.

mod attributes;
mod hook;
mod install;
mod merge;
mod pre_commit;
mod staged;
mod textconv;
mod uninstall;

use clap::{Args, Subcommand};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::ui::Ui;

/// Let git show, merge and guard manifests
///
/// Diffs show fingerprints, merges join by variable, and a hook keeps secrets from being committed in
/// clear. `git install` sets it up for one clone; git then runs the other commands by itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock git install                   diffs, merges and the pre-commit hook of this clone
  driftlock git install --no-hook         without the hook
  driftlock git uninstall                 takes all of it away again
  driftlock git pre-commit                looks at what is staged, as the hook does")]
pub(crate) struct GitArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Install(install::InstallArgs),
    Uninstall(uninstall::UninstallArgs),
    Textconv(textconv::TextconvArgs),
    Merge(merge::MergeArgs),
    PreCommit(pre_commit::PreCommitArgs),
}

pub(crate) fn run(
    arguments: &GitArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    match &arguments.action {
        Action::Install(arguments) => install::run(arguments, context, ui),
        Action::Uninstall(arguments) => uninstall::run(arguments, context, ui),
        Action::Textconv(arguments) => textconv::run(arguments, global, context, ui),
        Action::Merge(arguments) => merge::run(arguments, global, context, ui),
        Action::PreCommit(arguments) => pre_commit::run(arguments, global, context, ui),
    }
}
