//! `alert mute` and `alert unmute`.

use std::path::PathBuf;

use clap::Args;

use crate::alert::mute::{self, MuteError, Saying, Subject};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::records;
use crate::cli::ui::Ui;
use crate::model::{Alert, AlertBook};

/// Keep an alert silent as it is now, for a reason and until an end
///
/// It is told again when it becomes another one, for example another live value, and when the mute ends.
/// `plan`, `status` and `check` show it all the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock alert mute 3a1f09c2d4e5 --reason 'the vendor is at it' --until 2w
  driftlock alert mute LOG_LEVEL@api --reason 'debugging' --until 2026-12-24")]
pub(super) struct MuteArgs {
    /// The alert's id or its first digits, or all alerts of one variable on one target
    #[arg(value_name = "ID|VARIABLE@TARGET")]
    subject: Subject,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// How long (12h, 3d, 2w), or a day or moment (UTC); at most 90 days
    #[arg(long, value_name = "END")]
    until: String,

    /// The manifest [default: whichever of the folder manifests has it]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,
}

/// Take a mute back: what still is so is told at the next look
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock alert unmute 3a1f09c2d4e5
  driftlock alert unmute LOG_LEVEL@api")]
pub(super) struct UnmuteArgs {
    /// The alert's id or its first digits, or all alerts of one variable on one target
    #[arg(value_name = "ID|VARIABLE@TARGET")]
    subject: Subject,

    /// The manifest [default: whichever of the folder manifests has it]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,
}

pub(super) fn run(
    arguments: &MuteArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let now = context.now();
    let until = mute::parse_until(&arguments.until, now);
    let until = until.map_err(|error| CommandError::usage(format!("--until: {error}")))?;
    let by = context.who();
    let saying = Saying {
        reason: &arguments.reason,
        until,
        by: &by,
        at: now,
    };
    mute::check_reason(&arguments.reason)
        .map_err(|error| CommandError::usage(format!("--reason: {error}")))?;
    let subject = &arguments.subject;
    let mut opened = super::open(arguments.manifest.as_slice(), true, global, context, ui)?;
    let what = subject.to_string();
    let (item, auth, journal) = super::the_one(&mut opened, &what, |book| subject.finds(book))?;
    let mut refused = None;
    let mut muted: Vec<Alert> = vec![];
    let kept = journal.change_alerts(&item.scope, auth, &mut |book| match mute::mute(
        book, subject, saying,
    ) {
        Ok(next) => {
            let found = subject.find(book).unwrap_or_default();
            muted = found.into_iter().cloned().collect();
            refused = None;
            Some(next)
        }
        Err(error) => {
            refused = Some(error);
            None
        }
    });
    kept.map_err(|error| records::explain(&error))?;
    if let Some(error) = refused {
        return Err(explain(error, &what));
    }
    for alert in &muted {
        let place = [
            alert.key.variable.as_ref().map(ToString::to_string),
            alert.key.target.as_ref().map(ToString::to_string),
        ];
        let place: Vec<String> = place.into_iter().flatten().collect();
        let place = place.join(" on ");
        let end = until.strftime("%Y-%m-%d %H:%M UTC");
        ui.say(&format!(
            "{} {place} ({}) is muted until {end}, as it is now",
            alert.key.class, alert.id
        ));
    }
    ui.say("  plan, status and check show it all the same");
    ui.say(&format!(
        "  next: driftlock alert unmute {what} takes it back"
    ));
    Ok(Exit::DONE)
}

pub(super) fn take_back(
    arguments: &UnmuteArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let subject = &arguments.subject;
    let mut opened = super::open(arguments.manifest.as_slice(), true, global, context, ui)?;
    let what = subject.to_string();
    let has = |book: &AlertBook| {
        subject.finds(book) || matches!(mute::unmute(book, subject), Ok(Some(_)))
    };
    let (item, auth, journal) = super::the_one(&mut opened, &what, has)?;
    let mut outcome = Ok(false);
    let kept = journal.change_alerts(&item.scope, auth, &mut |book| {
        let next = mute::unmute(book, subject);
        outcome = next.as_ref().map(Option::is_some).map_err(|error| *error);
        next.ok().flatten()
    });
    kept.map_err(|error| records::explain(&error))?;
    if outcome.map_err(|error| explain(error, &what))? {
        ui.say(&format!(
            "{what} is not muted any more: what still is so is told at the next look"
        ));
    } else {
        ui.say(&format!("{what} was not muted; nothing was changed"));
    }
    Ok(Exit::DONE)
}

fn explain(error: MuteError, what: &str) -> CommandError {
    let told = match error {
        MuteError::NoAlert => CommandError::error(format!("no alert {what} is open")),
        other => CommandError::usage(format!("{what}: {other}")),
    };
    told.hint("driftlock alert list")
}
