//! `unset`: a variable leaves the manifest.

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::authoring;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::session;
use super::ui::Ui;
use crate::model::VarName;

/// Take a variable out of the manifest
///
/// Nothing is deleted from any target by this: the next plan reports it there, and apply deletes it
/// where the target's `prune` is on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock unset OLD_TOKEN
  driftlock unset OLD_TOKEN --with-uses     and from every target that uses it")]
pub(crate) struct UnsetArgs {
    /// The variable
    name: VarName,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// From the targets and groups that use it, too
    #[arg(long)]
    with_uses: bool,
}

pub(crate) fn run(
    arguments: &UnsetArgs,
    _global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    let name = &arguments.name;
    authoring::edit(&item, context, ui, |editor| {
        editor.unset(name, arguments.with_uses)
    })?;
    ui.say(&format!("{name} left {}", item.file.path.display()));
    ui.say("  next: driftlock plan");
    Ok(Exit::DONE)
}
