//! `run`: a command with what a target shall hold as its environment. Nothing touches a disk.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::harden;
use super::target_values::{self, Asked, TargetValues};
use super::ui::Ui;
use crate::model::VarName;
use crate::render::escape;

/// Linux gives no process a longer variable: name, `=` and the NUL at its end included.
const LONGEST: usize = 128 * 1024;

/// Start a command with a target's variables in its environment
///
/// The values are what the manifest says now, under their names on the target, templates expanded; no
/// target is read, and nothing is written anywhere. The command takes this process's place, so signals,
/// the terminal and the exit code are its own. It has our environment too, without the keys that
/// driftlock itself uses; the target's variables come first. A value that is not known, or that nobody
/// vouches for, stops it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock run local -- npm start
  driftlock run production/api -- sh -c 'echo $LOG_LEVEL'
  driftlock run api --clean --without DATABASE_URL -- ./server

Exit codes: the command's own · 127 there is no such command · 126 it cannot be started
            1, 3 and 64 as everywhere, before it was started")]
pub(crate) struct RunArgs {
    /// The target: TARGET, or MANIFEST/TARGET where several manifests have it
    #[arg(value_name = "TARGET")]
    target: String,

    /// The manifest [default: those in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Hand on nothing of the environment but PATH, HOME, TERM and the like
    #[arg(long)]
    clean: bool,

    /// Leave this variable out; may be repeated
    #[arg(long, value_name = "NAME")]
    without: Vec<VarName>,

    /// The command and its arguments, behind `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) fn run(
    arguments: &RunArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let asked = Asked {
        target: &arguments.target,
        manifest: arguments.manifest.as_ref(),
        without: &arguments.without,
    };
    let taken = target_values::collect(&asked, global, context, ui)?;
    check_lengths(&taken)?;
    let mut environment: BTreeMap<OsString, OsString> = match arguments.clean {
        true => context.bare().into_iter().collect(),
        false => context.inherited().into_iter().collect(),
    };
    for one in &taken.values {
        environment.insert(one.name.as_str().into(), one.value.expose().into());
    }
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(CommandError::usage("there is no command"));
    };
    if program.is_empty() {
        return Err(CommandError::usage("the command has no name"));
    }
    let size: usize = environment
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    let mut command = std::process::Command::new(program);
    command.args(rest).env_clear().envs(&environment);
    harden::undo();
    // comes back only if it failed
    let error = command.exec();
    harden::start();
    Err(not_started(
        &program.to_string_lossy(),
        &error,
        size,
        environment.len(),
    ))
}

fn check_lengths(taken: &TargetValues) -> Result<(), CommandError> {
    for one in &taken.values {
        let length = one.name.as_str().len() + one.value.len() + 2;
        if length > LONGEST {
            return Err(CommandError::error(format!(
                "{} is {length} bytes long with its name, and no process can be given more than 128 KiB in one variable",
                one.name
            ))
            .hint("keep it in a file, and its path in the variable; or --without leaves it out"));
        }
    }
    Ok(())
}

fn not_started(program: &str, error: &io::Error, size: usize, count: usize) -> CommandError {
    let shown = escape::terminal(program);
    match error.kind() {
        io::ErrorKind::NotFound if !program.contains('/') => {
            CommandError::ended(127, format!("there is no command {shown} on PATH"))
        }
        io::ErrorKind::NotFound => CommandError::ended(
            127,
            format!("there is no {shown}, or the program that its first line names is missing"),
        ),
        io::ErrorKind::ArgumentListTooLong => CommandError::error(format!(
            "the environment is too large for a process: {count} variables with {size} bytes, and the arguments"
        ))
        .hint("--clean hands on less, --without leaves a variable out"),
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            CommandError::ended(126, format!("{shown} is no program: it has no first line such as #!/bin/sh"))
        }
        io::ErrorKind::PermissionDenied => {
            CommandError::ended(126, format!("{shown} cannot be started: it is not executable, or a folder"))
        }
        kind => CommandError::ended(126, format!("{shown} cannot be started: {kind}")),
    }
}
