//! `schedule remove`: takes away what `schedule install` put there.

use std::path::{Path, PathBuf};

use super::files::{self, shown};
use super::gather::account;
use super::install::{change_crontab, folder, start, systemctl};
use super::job::Job;
use super::{Kind, RemoveArgs, cron, launchd};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::ui::Ui;

pub(super) fn run(
    arguments: &RemoveArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let which = &arguments.which;
    let (account, system) = account(which, context);
    let job = Job {
        name: which.name.clone(),
        account,
        system,
        ..Job::default()
    };
    if which.kind == Kind::Cron {
        return change_crontab(
            &|crontab| cron::without(crontab, &job.name),
            arguments.yes,
            context,
            ui,
        );
    }
    let folder = folder(which.kind, system, context)?;
    let paths: Vec<PathBuf> = names(which.kind, &job)
        .iter()
        .map(|name| folder.join(name))
        .collect();
    let mut there = vec![];
    // what is somebody else's holds up all of it
    for path in &paths {
        if files::ours(path)?.is_some() {
            there.push(path);
        }
    }
    if there.is_empty() {
        ui.say(&format!(
            "there is nothing of ours: {} is not there",
            shown(&paths[0])
        ));
        return Ok(Exit::DONE);
    }
    let (stop, reload) = commands(which.kind, &job);
    if arguments.stop {
        start(&stop, context, ui)?;
    }
    for path in there {
        unlink_wants(path)?;
        files::take_away(path)?;
        ui.say(&format!("{} is gone", shown(path)));
    }
    match arguments.stop {
        true => start(&reload, context, ui)?,
        false => {
            for line in stop.iter().chain(&reload) {
                ui.say(&format!("  next, if it runs: {}", line.join(" ")));
            }
        }
    }
    Ok(Exit::DONE)
}

fn names(kind: Kind, job: &Job) -> Vec<String> {
    let unit = job.unit();
    match kind {
        Kind::Cron => vec![],
        Kind::Systemd => vec![format!("{unit}.service")],
        Kind::SystemdTimer => vec![format!("{unit}.timer"), format!("{unit}.service")],
        Kind::Launchd | Kind::LaunchdInterval => vec![format!("{}.plist", launchd::label(job))],
        Kind::Github => vec![format!("{unit}.yml")],
    }
}

/// What ends it, and what makes that known once its files are gone.
fn commands(kind: Kind, job: &Job) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let words = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let unit = job.unit();
    let ctl = systemctl(job.system);
    match kind {
        Kind::Systemd => (
            vec![words(format!("{ctl} stop {unit}.service"))],
            vec![words(format!("{ctl} daemon-reload"))],
        ),
        Kind::SystemdTimer => (
            vec![words(format!("{ctl} stop {unit}.timer {unit}.service"))],
            vec![words(format!("{ctl} daemon-reload"))],
        ),
        Kind::Launchd | Kind::LaunchdInterval => {
            let (domain, label) = (launchd::domain(job), launchd::label(job));
            (
                vec![words(format!("launchctl bootout {domain}/{label}"))],
                vec![],
            )
        }
        Kind::Cron | Kind::Github => (vec![], vec![]),
    }
}

/// `systemctl enable` made links to the unit, which `disable` does not find once it is gone.
fn unlink_wants(unit: &Path) -> Result<(), CommandError> {
    let (Some(folder), Some(name)) = (unit.parent(), unit.file_name()) else {
        return Ok(());
    };
    for target in ["default.target", "multi-user.target", "timers.target"] {
        let link = folder.join(format!("{target}.wants")).join(name);
        if std::fs::read_link(&link).is_ok_and(|to| to == unit) {
            std::fs::remove_file(&link).map_err(|error| {
                CommandError::error(format!("cannot remove {}: {}", shown(&link), error.kind()))
            })?;
        }
    }
    Ok(())
}
