//! `alert release`: heal again what was healed too often.

use std::path::PathBuf;

use clap::Args;

use crate::alert::brake;
use crate::alert::mute::Subject;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::records;
use crate::cli::ui::Ui;
use crate::model::AlertBook;

/// Heal a variable again that was healed too often
///
/// Healing stops after three times within a day, because somebody or something changes the value each
/// time. It goes on by itself after a day without a heal; this lets it go on now.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock alert release LOG_LEVEL@api")]
pub(super) struct ReleaseArgs {
    /// Which
    #[arg(value_name = "VARIABLE@TARGET")]
    subject: Subject,

    /// The manifest [default: whichever of the folder manifests has it]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,
}

pub(super) fn run(
    arguments: &ReleaseArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let Subject::At(variable, target) = &arguments.subject else {
        return Err(CommandError::usage("name VARIABLE@TARGET").hint("driftlock alert list"));
    };
    let one = (target.clone(), variable.clone());
    let now = context.now();
    let mut opened = super::open(arguments.manifest.as_slice(), true, global, context, ui)?;
    let is_braked = |book: &AlertBook| brake::braked(book, now).contains(&one);
    let what = format!("about healing {variable}@{target}");
    let (item, auth, journal) = super::the_one(&mut opened, &what, is_braked)?;
    let kept = journal.change_alerts(&item.scope, auth, &mut |book| brake::release(book, &one));
    kept.map_err(|error| records::explain(&error))?;
    ui.say(&format!(
        "{variable} on {target} is healed again from the next run on"
    ));
    Ok(Exit::DONE)
}
