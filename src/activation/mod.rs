//! Putting stored values in force on a machine, and looking at what runs there.
//!
//! A program's outputs never reach a text: they may hold secrets. What systemd, launchd and docker
//! complain about is sorted into words of ours; of what is not known, people get the status and the
//! command that shows more. Whoever calls keeps count: one [`Activation`] on one machine need run
//! once after all writes there, and equal ones are equal by `==`.
#![warn(missing_docs)]

mod command;
mod compare;
mod deadline;
mod docker;
mod environ;
mod failure;
mod far;
mod launchd;
mod look;
pub mod openclaw;
mod systemd;

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;

use crate::machine::Run;
use crate::model::{Activated, Activation, Process};

pub use compare::{Compared, compare};
pub use look::{Look, RunningProcess};

use deadline::Deadline;

/// Puts stored values in force. `own` is the target's own file on that machine: a job of launchd
/// that names no property list is loaded from it. Of an OpenClaw installation it is the state folder.
pub async fn activate(
    host: &dyn Run,
    activation: &Activation,
    own: &Path,
    limit: Duration,
) -> Activated {
    let deadline = Deadline::after(limit);
    match activation {
        Activation::Command(line) => command::activate(host, line, &deadline).await,
        Activation::Systemd(unit) => systemd::activate(host, unit, &deadline).await,
        Activation::Launchd(job) => launchd::activate(host, job, own, &deadline).await,
        Activation::Compose(project) => docker::activate(host, project, &deadline).await,
        Activation::Openclaw(service) => openclaw::activate(host, service, &deadline).await,
    }
}

/// What runs of this process. `own` is the target's own file on that machine.
pub async fn look(host: &dyn Run, process: &Process, own: &Path) -> Look {
    let mut looks = look_all(host, &[(process, own)]).await;
    looks.pop().expect("one look for each process")
}

/// What runs of these processes of one machine, in their order: all units of one manager cost one
/// call, so do all jobs and all containers; each compose project costs one.
pub async fn look_all(host: &dyn Run, wanted: &[(&Process, &Path)]) -> Vec<Look> {
    let mut groups: Vec<(Group, Vec<usize>)> = vec![];
    for (at, (process, _)) in wanted.iter().enumerate() {
        let group = Group::of(process, at);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, members)) => members.push(at),
            None => groups.push((group, vec![at])),
        }
    }
    let mut looks: Vec<Option<Look>> = vec![None; wanted.len()];
    let found = join_all(groups.iter().map(|(group, members)| async move {
        let of: Vec<(&Process, &Path)> = members.iter().map(|at| wanted[*at]).collect();
        (members, look_at(host, *group, &of).await)
    }));
    for (members, group) in found.await {
        for (at, look) in members.iter().zip(group) {
            looks[*at] = Some(look);
        }
    }
    let nothing = || Look::unknown("its manager did not say anything of it", None);
    looks
        .into_iter()
        .map(|look| look.unwrap_or_else(nothing))
        .collect()
}

/// What can be asked for at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    SystemUnits,
    UserUnits,
    Jobs,
    Containers,
    /// A project, by its place among the questions.
    Project(usize),
}

impl Group {
    fn of(process: &Process, at: usize) -> Self {
        match process {
            Process::Systemd(unit) if unit.user => Self::UserUnits,
            Process::Systemd(_) => Self::SystemUnits,
            Process::Launchd(_) => Self::Jobs,
            Process::Compose(_) => Self::Project(at),
            Process::Container(_) => Self::Containers,
        }
    }
}

async fn look_at(host: &dyn Run, group: Group, of: &[(&Process, &Path)]) -> Vec<Look> {
    match group {
        Group::SystemUnits | Group::UserUnits => {
            let units: Vec<_> = of
                .iter()
                .filter_map(|(process, own)| match process {
                    Process::Systemd(unit) => Some((unit, *own)),
                    _ => None,
                })
                .collect();
            systemd::look(host, group == Group::UserUnits, &units).await
        }
        Group::Jobs => {
            let jobs: Vec<_> = of
                .iter()
                .filter_map(|(process, own)| match process {
                    Process::Launchd(job) => Some((job, *own)),
                    _ => None,
                })
                .collect();
            launchd::look(host, &jobs).await
        }
        Group::Containers => {
            let names: Vec<&str> = of
                .iter()
                .filter_map(|(process, _)| match process {
                    Process::Container(name) => Some(name.as_str()),
                    _ => None,
                })
                .collect();
            docker::look_at_containers(host, &names).await
        }
        Group::Project(_) => match of {
            [(Process::Compose(project), _)] => vec![docker::look(host, project).await],
            _ => vec![],
        },
    }
}
