//! Units of systemd.
//!
//! A restart makes systemd read a unit's `EnvironmentFile=` anew. It does not reload systemd's own
//! configuration, and neither do we: `daemon-reload` would put in force whatever else somebody has
//! changed in any unit's files. Where a unit's files are newer than what systemd knows of them,
//! people are told.

mod running;
mod say;
mod unit;

use std::path::Path;

use tracing::debug;

use super::deadline::{Deadline, WATCH};
use super::failure::{Trouble, of_a_question, of_a_step};
use super::look::Look;
use crate::machine::{Call, Ran, Run, RunError};
use crate::model::{Activated, SystemdUnit};
use say::Said;
use unit::{Health, Unit};

/// Restarts the unit, and says done only if it then runs, or has done its work.
pub(super) async fn activate(host: &dyn Run, unit: &SystemdUnit, deadline: &Deadline) -> Activated {
    let before = match show(host, unit, deadline).await {
        Ok(before) => before,
        Err(trouble) => return trouble.into(),
    };
    if let Some(trouble) = before.cannot_start(unit) {
        return trouble.into();
    }
    let call = systemctl(unit, ["restart"]).within(deadline.limit());
    match host.run(&call).await {
        Ok(ran) if ran.succeeded() => watch(host, unit, &before, deadline).await,
        Ok(ran) => refused(host, unit, &ran, deadline).await,
        Err(error @ RunError::Slow { .. }) => late(host, unit, &before, &error, deadline).await,
        Err(error) => of_a_step(&error),
    }
}

/// What runs of each, by one call.
pub(super) async fn look(host: &dyn Run, user: bool, units: &[(&SystemdUnit, &Path)]) -> Vec<Look> {
    running::look(host, user, units).await
}

/// The words after `--user` or `--system`, and the unit.
fn systemctl<const N: usize>(unit: &SystemdUnit, words: [&str; N]) -> Call {
    let mut arguments = vec![manager(unit.user), "--no-pager", "--no-ask-password"];
    arguments.extend(words);
    arguments.extend(["--", &unit.unit]);
    Call::new("systemctl", arguments)
}

fn manager(user: bool) -> &'static str {
    if user { "--user" } else { "--system" }
}

async fn show(host: &dyn Run, unit: &SystemdUnit, deadline: &Deadline) -> Result<Unit, Trouble> {
    let call = systemctl(unit, ["show", "-p", unit::PROPERTIES]).within(deadline.question());
    let ran = host.run(&call).await.map_err(|error| match error {
        RunError::NotFound { .. } => say::no_systemd(),
        error => of_a_question(&error),
    })?;
    if !ran.succeeded() {
        return Err(say::refusal(&ran, unit));
    }
    let text = String::from_utf8_lossy(&ran.output);
    Unit::read(&text)
        .into_iter()
        .next()
        .ok_or_else(|| Trouble::new(format!("systemd says nothing of {unit}")))
}

/// The restart is done. Some units count as started before their program shows whether it can
/// live, so they are looked at again for two seconds.
async fn watch(
    host: &dyn Run,
    unit: &SystemdUnit,
    before: &Unit,
    deadline: &Deadline,
) -> Activated {
    let mut first: Option<Unit> = None;
    let mut pauses = WATCH.into_iter();
    loop {
        let now = match show(host, unit, deadline).await {
            Ok(now) => now,
            Err(trouble) => {
                return Activated::InDoubt {
                    why: format!("{unit} was restarted, and then: {}", trouble.why),
                };
            }
        };
        debug!(state = now.state(), "unit after its restart");
        if now.is_the_run_of(before) {
            let why =
                format!("systemd says {unit} was restarted, and it is still the run of before");
            return Trouble::helped(why, say::journal(unit)).into();
        }
        match now.health(unit) {
            Health::Down(trouble) => return trouble.into(),
            Health::Up if now.said_that_it_is_ready() => return Activated::Done,
            Health::Up | Health::OnItsWay => {}
        }
        if first
            .as_ref()
            .is_some_and(|first| !now.is_the_run_of(first))
        {
            let why = format!("{unit} fell over right after its start, and was started again");
            return Trouble::helped(why, say::journal(unit)).into();
        }
        let is_up = matches!(now.health(unit), Health::Up);
        first.get_or_insert(now);
        let Some(pause) = pauses.next() else {
            return if is_up {
                Activated::Done
            } else {
                still_starting(unit)
            };
        };
        if !deadline.pause(pause).await {
            return if is_up {
                Activated::Done
            } else {
                still_starting(unit)
            };
        }
    }
}

fn still_starting(unit: &SystemdUnit) -> Activated {
    Activated::InDoubt {
        why: format!("{unit} is still starting"),
    }
}

/// `systemctl restart` complains. What it says decides where it is known, else the unit's state.
async fn refused(host: &dyn Run, unit: &SystemdUnit, ran: &Ran, deadline: &Deadline) -> Activated {
    match say::sort(&ran.errors, unit) {
        Some(Said::Final(trouble)) => return trouble.into(),
        Some(Said::SeeState) | None => {}
    }
    if let Ok(now) = show(host, unit, deadline).await
        && let Health::Down(trouble) = now.health(unit)
    {
        return trouble.into();
    }
    say::refusal(ran, unit).into()
}

/// The limit is over and `systemctl` was ended; systemd itself goes on. One look may settle it.
async fn late(
    host: &dyn Run,
    unit: &SystemdUnit,
    before: &Unit,
    error: &RunError,
    deadline: &Deadline,
) -> Activated {
    let doubt = |more: String| Activated::InDoubt {
        why: format!("{error}{more}"),
    };
    let Ok(now) = show(host, unit, deadline).await else {
        return doubt(String::new());
    };
    if now.is_the_run_of(before) {
        return doubt(format!("; {unit} is still {}", now.state()));
    }
    match now.health(unit) {
        Health::Up => Activated::Done,
        Health::Down(trouble) => trouble.into(),
        Health::OnItsWay => doubt(format!("; {unit} is still {}", now.state())),
    }
}
