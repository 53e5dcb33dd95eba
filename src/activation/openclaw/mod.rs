//! The gateway of an OpenClaw installation: what runs, and its restart.
//!
//! Facts of this folder were measured on OpenClaw 2026.9.6: a running gateway keeps a lock file in
//! its state folder that names its process and when it began; that process overwrites its command
//! line, so a `--token` shows only in what starts it; its environment in `/proc` is the one that it
//! was started with.

mod look;
mod service;

use std::path::Path;

use crate::machine::Run;
use crate::model::{Activated, LaunchdDomain, LaunchdJob, OpenclawService, SystemdUnit};

use super::deadline::Deadline;
use super::failure::{Trouble, of_a_question, of_a_step, words_of_status};
use super::{launchd, systemd};
use crate::machine::Call;

pub use look::{Gateway, GatewayProcess, Runs, look};
use service::{Installed, installed};

/// `$1` the state folder, where it is not the one of a profile; the rest are words of OpenClaw. A
/// folder that is named where it is the usual one would make it another installation.
const SCRIPT: &str = r#"
s=$1
shift
command -v openclaw >/dev/null 2>&1 || exit 127
case $s in "~/"*) s=$HOME/${s#"~/"} ;; esac
case $s in "" | "$HOME/.openclaw") ;; *) OPENCLAW_STATE_DIR=$s && export OPENCLAW_STATE_DIR ;; esac
exec openclaw "$@"
"#;

/// Restarts the service that OpenClaw installed; a gateway that somebody started by hand on this
/// state folder is asked to restart by OpenClaw's own command.
pub(super) async fn activate(
    host: &dyn Run,
    service: &OpenclawService,
    state: &Path,
    deadline: &Deadline,
) -> Activated {
    match installed(host, service, deadline).await {
        Err(trouble) => trouble.into(),
        Ok(Installed::Systemd) => systemd::activate(host, &unit(service), deadline).await,
        Ok(Installed::Launchd) => {
            let job = job(service);
            // its own file is named: none of the target's is used
            launchd::activate(host, &job, Path::new(""), deadline).await
        }
        Ok(Installed::ByHand) => by_its_own_command(host, service, state, deadline).await,
    }
}

fn unit(service: &OpenclawService) -> SystemdUnit {
    SystemdUnit {
        unit: service.unit(),
        user: true,
    }
}

fn job(service: &OpenclawService) -> LaunchdJob {
    let label = service.label();
    LaunchdJob {
        plist: Some(format!("~/Library/LaunchAgents/{label}.plist")),
        label,
        domain: LaunchdDomain::Gui,
    }
}

async fn by_its_own_command(
    host: &dyn Run,
    service: &OpenclawService,
    state: &Path,
    deadline: &Deadline,
) -> Activated {
    let Some(state) = state.to_str() else {
        return Trouble::new("the path of its state folder is no text").into();
    };
    let mut words = vec!["-c", SCRIPT, "sh"];
    match &service.profile {
        Some(profile) => words.extend(["", "--profile", profile]),
        None => words.push(state),
    }
    words.extend(["gateway", "restart"]);
    match host
        .run(&Call::new("sh", words).within(deadline.limit()))
        .await
    {
        Ok(ran) if ran.succeeded() => Activated::Done,
        Ok(ran) if ran.status == 127 => Trouble::helped(
            "there is no service of an OpenClaw gateway there, and no program `openclaw`, so \
             nobody knows how to restart it",
            "say at the target what starts it, for example \
             `activate: { systemd: gateway.service, user: true }`",
        )
        .into(),
        Ok(ran) => Trouble::helped(
            format!(
                "`openclaw gateway restart`: {}",
                words_of_status(ran.status)
            ),
            "run it by hand on that machine to see what it says",
        )
        .into(),
        Err(error) if error.in_doubt() => of_a_step(&error),
        Err(error) => of_a_question(&error).into(),
    }
}
