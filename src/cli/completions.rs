//! `completions` and `man`: what a package installs beside the binary.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::error::{CommandError, Exit};
use super::ui::Ui;

/// Print shell completions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock completions bash > /etc/bash_completion.d/driftlock
  driftlock completions zsh > ~/.zfunc/_driftlock
  driftlock completions fish > ~/.config/fish/completions/driftlock.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the man page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock man | man -l -
  driftlock man > /usr/local/share/man/man1/driftlock.1
  driftlock man plan")]
pub(crate) struct ManArgs {
    /// The page of one command instead of the whole program's
    command: Option<String>,
}

pub(crate) fn run(arguments: &CompletionsArgs, ui: &mut Ui) -> Result<Exit, CommandError> {
    let mut text = vec![];
    clap_complete::generate(arguments.shell, &mut Cli::command(), "driftlock", &mut text);
    ui.raw(&text);
    Ok(Exit::DONE)
}

pub(crate) fn run_man(arguments: &ManArgs, ui: &mut Ui) -> Result<Exit, CommandError> {
    let mut program = Cli::command();
    program.build();
    let page = match &arguments.command {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| CommandError::usage("there is no such command"))?
            .display_name(format!("driftlock-{name}")),
    };
    let mut text = vec![];
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|error| {
            CommandError::error(format!("the page cannot be made: {}", error.kind()))
        })?;
    ui.raw(&text);
    Ok(Exit::DONE)
}
