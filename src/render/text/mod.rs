//! Reports for people: fitted to the window, wrong side first, the next command ready to paste.
//!
//! What comes from a manifest, a platform or a file is escaped here; what the caller prints must
//! still pass the scrubber.

mod alert_test;
mod alerts;
mod apply;
mod check;
mod diff;
mod doctor;
mod expiry;
mod history;
mod journal;
mod plan;
mod progress;
mod recipients;
mod review;
mod rotation;
mod round;
mod status;
mod undo;

#[cfg(test)]
mod tests;

pub use alert_test::render_alert_test;
pub use alerts::render_alerts;
pub use apply::render_apply;
pub use check::render_check;
pub use doctor::{Diagnosis, render_doctor};
pub use history::render_history;
pub use journal::render_journal;
pub(super) use plan::worst;
pub use plan::{render_elsewhere, render_plan, render_plan_summary};
pub use progress::Progress;
pub use recipients::render_recipients;
pub use review::render_review;
pub use rotation::render_rotations;
pub use round::render_round;
pub use status::render_status;
pub use undo::render_undo;

use std::fmt::{self, Write};

use super::escape;
use super::layout::Line;
use super::style::{Invocation, Role, Style};
use crate::model::VarName;
use crate::plan::{ActionKind, Hold};
use jiff::Timestamp;

/// A command to paste, on a line of its own that is never wrapped.
fn command(out: &mut dyn Write, style: &Style, indent: usize, text: &str) -> fmt::Result {
    let text = escape::terminal(text);
    writeln!(
        out,
        "{}{}",
        " ".repeat(indent),
        style.paint(Role::Command, format_args!("$ {text}"))
    )
}

/// What holds a change, and the one command that lets it go.
fn holds(out: &mut dyn Write, style: &Style, call: &Invocation, holds: &[Hold]) -> fmt::Result {
    for hold in holds {
        Line::new()
            .then(
                Role::Bad,
                format!("held by {}", escape::terminal(&hold.rail)),
            )
            .then(Role::Plain, format!(": {}", escape::terminal(&hold.why)))
            .write(out, style, 6, 2)?;
    }
    let releases = holds.iter().filter_map(|hold| hold.release.as_deref());
    for one in release_commands(call, releases) {
        command(out, style, 6, &one)?;
    }
    Ok(())
}

/// Flags of `apply` go together; a command of its own (`driftlock accept NAME`) stands alone.
pub(super) fn release_commands<'a>(
    call: &Invocation,
    releases: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let (own, flags): (Vec<&str>, Vec<&str>) =
        releases.partition(|release| release.starts_with("driftlock "));
    let mut commands: Vec<String> = own.iter().map(|one| release_command(call, one)).collect();
    if !flags.is_empty() {
        commands.push(call.command("apply", &flags));
    }
    commands
}

fn release_command(call: &Invocation, release: &str) -> String {
    if let Some(command) = release.strip_prefix("driftlock ") {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        call.command_of_one(verb, &[rest])
    } else {
        call.command("apply", &[release])
    }
}

/// `3 min`, `2 h`, `5 d`; a time that is still to come is now.
fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `A, B and 3 more`.
fn names(list: &[VarName], most: usize) -> String {
    let shown: Vec<&str> = list.iter().take(most).map(VarName::as_str).collect();
    let text = shown.join(", ");
    match list.len() - shown.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

const fn past(action: ActionKind) -> &'static str {
    match action {
        ActionKind::None => "left",
        ActionKind::Record => "recorded",
        ActionKind::Create => "created",
        ActionKind::Update => "updated",
        ActionKind::Delete => "deleted",
    }
}
