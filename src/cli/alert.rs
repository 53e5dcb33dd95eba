//! `alert`: what people are told about, and whether it reaches them.

mod test;

use clap::{Args, Subcommand};

use super::context::Context;
use super::error::{CommandError, Exit};
use super::ui::Ui;

/// Say whether alerts arrive
#[derive(Debug, Args)]
pub(crate) struct AlertArgs {
    #[command(subcommand)]
    command: AlertCommand,
}

#[derive(Debug, Subcommand)]
enum AlertCommand {
    Test(test::TestArgs),
}

pub(crate) fn run(
    arguments: &AlertArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    match &arguments.command {
        AlertCommand::Test(arguments) => test::run(arguments, context, ui),
    }
}
