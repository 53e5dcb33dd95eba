//! `git uninstall`: takes away what `git install` wrote, and nothing else.

use std::fs;

use clap::Args;

use super::attributes;
use super::hook;
use super::install::{Clone, SETTINGS, read_attributes};
use super::merge::shown;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::ui::Ui;
use crate::source;

/// Take away what `git install` set up in this clone
///
/// The settings, our lines of `.gitattributes`, and the hook if it is ours.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  driftlock git uninstall")]
pub(crate) struct UninstallArgs {}

pub(crate) fn run(
    _arguments: &UninstallArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let clone = Clone::around(context)?;
    if let Some(path) = clone.hook()?
        && hook::uninstall(&path)?
    {
        ui.say(&format!("{} is gone", shown(&path)));
    }
    let mut any = false;
    for name in SETTINGS {
        // 5: there was none
        any |= clone
            .run(&["config", "--local", "--unset-all", name])?
            .is_success();
    }
    if any {
        ui.say("the settings of this clone are gone");
    }
    let place = clone.attributes();
    if let Some(before) = read_attributes(&place)? {
        let after = attributes::without(&before);
        if after.is_empty() && !before.is_empty() {
            fs::remove_file(&place).map_err(|error| {
                CommandError::error(format!("cannot remove {}: {}", shown(&place), error.kind()))
            })?;
            ui.say(&format!("{} is gone: it held nothing else", shown(&place)));
        } else if after != before {
            source::write_atomically(&place, &before, &after)
                .map_err(|error| CommandError::of(&error))?;
            ui.say(&format!("{} no longer names the manifests", shown(&place)));
        }
    }
    Ok(Exit::DONE)
}
