//! `reveal`: the one command that shows a person a secret.

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::session;
use super::ui::Ui;
use crate::manifest::{Manifest, TargetSpec, UseSource};
use crate::model::{SecretValue, TargetName, VarName};
use crate::reconcile::desired::Values;
use crate::reconcile::load::Opener;

/// Print the value of a variable
///
/// Prints to a person's terminal only, unless told otherwise: whatever reads this output, and its
/// log, holds the secret.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock reveal API_TOKEN
  driftlock reveal DATABASE_URL --target api        as this target gets it
  driftlock reveal API_TOKEN --yes-print-the-secret | pbcopy")]
pub(crate) struct RevealArgs {
    /// The variable
    name: VarName,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// As this target gets it, by its name there
    #[arg(long, value_name = "TARGET")]
    target: Option<TargetName>,

    /// Print although standard output is no terminal
    #[arg(long)]
    yes_print_the_secret: bool,
}

pub(crate) fn run(
    arguments: &RevealArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    if !context.terminal.output && !arguments.yes_print_the_secret {
        return Err(CommandError::refused(
            "standard output is no terminal, and the secret would go wherever it leads",
        )
        .hint("--yes-print-the-secret prints it all the same"));
    }
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    let mut keyring = session::keyring(global, context);
    let opening = session::open_or_fail(&item, &mut keyring)?;
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let value = value(arguments, &item.loaded.manifest, &mut opener)?;
    ui.raw(value.expose().as_bytes());
    if context.terminal.output {
        ui.raw(b"\n");
    }
    Ok(Exit::DONE)
}

fn value(
    arguments: &RevealArgs,
    manifest: &Manifest,
    opener: &mut Opener<'_>,
) -> Result<SecretValue, CommandError> {
    let name = &arguments.name;
    let source = source(arguments, manifest)?;
    let values = Values::of_sources(manifest, opener, [&source]);
    values
        .value(&source)
        .map_err(|why| CommandError::error(format!("{name} does not open: {why}")))
}

/// The use that is meant: of a target, or the variable as it is declared.
fn source(arguments: &RevealArgs, manifest: &Manifest) -> Result<UseSource, CommandError> {
    let name = &arguments.name;
    let Some(target) = &arguments.target else {
        return if manifest.variables.contains_key(name) {
            Ok(UseSource::Declared(name.clone()))
        } else {
            Err(CommandError::error(format!(
                "{name} is not declared in this manifest"
            )))
        };
    };
    let spec: &TargetSpec = manifest
        .targets
        .iter()
        .find(|spec| spec.name == *target)
        .ok_or_else(|| CommandError::usage(format!("this manifest has no target {target}")))?;
    spec.uses
        .iter()
        .find(|used| used.name == *name)
        .map(|used| used.source.clone())
        .ok_or_else(|| CommandError::error(format!("{target} does not use {name}")))
}
