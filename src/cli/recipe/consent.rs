//! Commands of a manifest are shown before they run, and somebody says yes.

use crate::cli::apply;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::prompt;
use crate::cli::ui::Ui;
use crate::model::{CommandRecipe, VarName};
use crate::render::escape;

/// Shows every command; asks once for all of them, unless the yes was given already.
pub(crate) fn ask(
    commands: &[(&VarName, &CommandRecipe)],
    yes: bool,
    context: &Context,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let Some((first, _)) = commands.first() else {
        return Ok(());
    };
    if !yes && !apply::can_ask(context) {
        return Err(CommandError::usage(format!(
            "{first} is made by a command of the manifest, which is asked for first, and there is no terminal to ask on; nothing was changed"
        ))
        .hint("look at the command in the manifest; with --yes nobody is asked"));
    }
    for (name, command) in commands {
        ui.say(&format!(
            "{name} is made by this command of the manifest, run on this machine:\n  {}",
            escape::terminal(&command.line)
        ));
    }
    let question = match commands.len() {
        1 => "Run it?",
        _ => "Run them?",
    };
    if yes || prompt::confirm(ui, question)? {
        return Ok(());
    }
    Err(CommandError::refused("not run; nothing was changed"))
}

/// A yes that nothing asks for is a slip.
pub(crate) fn check_yes(yes: bool, asks: bool) -> Result<(), CommandError> {
    if yes && !asks {
        return Err(CommandError::usage(
            "--yes goes with --apply, or with a recipe that runs a command; nothing was changed",
        ));
    }
    Ok(())
}
