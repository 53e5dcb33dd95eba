//! The gateway of an OpenClaw installation: what runs, and its restart.
//!
//! Facts of this folder were measured on OpenClaw 2026.9.6: a running gateway keeps a lock file in
//! its state folder that names its process and when it began; that process overwrites its command
//! line, so a `--token` shows only in what starts it; its environment in `/proc` is the one that it
//! was started with.

mod look;
mod service;

use crate::machine::Run;
use crate::model::{Activated, LaunchdDomain, LaunchdJob, OpenclawService, SystemdUnit};

use super::deadline::Deadline;
use super::failure::{Trouble, of_a_question, of_a_step, words_of_status};
use super::{launchd, systemd};
use crate::machine::Call;

pub use look::{Gateway, GatewayProcess, Runs, look};
use service::{Installed, installed};

/// `$1` state folder, `$2` config, `$3` profile, each perhaps empty. A folder that is named where it is
/// the usual one would make it another installation.
const BY_HAND: &str = r#"
command -v openclaw >/dev/null 2>&1 || exit 127
s=$1 c=$2
case $s in "~/"*) s=$HOME/${s#"~/"} ;; esac
case $c in "~/"*) c=$HOME/${c#"~/"} ;; esac
case $s in "" | "$HOME/.openclaw") ;; *) OPENCLAW_STATE_DIR=$s; export OPENCLAW_STATE_DIR ;; esac
[ -z "$c" ] || { OPENCLAW_CONFIG_PATH=$c; export OPENCLAW_CONFIG_PATH; }
if [ -n "$3" ]; then
  exec openclaw --profile "$3" gateway restart
fi
exec openclaw gateway restart
"#;

/// What a shell says of a program that is not there.
const MISSING: i32 = 127;

/// Restarts the service that OpenClaw installed; a gateway that somebody started by hand is asked to
/// restart by OpenClaw's own command.
pub(super) async fn activate(
    host: &dyn Run,
    service: &OpenclawService,
    deadline: &Deadline,
) -> Activated {
    match installed(host, service, deadline).await {
        Err(trouble) => trouble.into(),
        Ok(Installed::Systemd(unit)) => {
            let unit = SystemdUnit { unit, user: true };
            systemd::activate(host, &unit, deadline).await
        }
        Ok(Installed::Launchd(label)) => {
            // its own file is named: none of the target's is used
            launchd::activate(host, &job(label), std::path::Path::new(""), deadline).await
        }
        Ok(Installed::ByHand) => by_its_own_command(host, service, deadline).await,
    }
}

fn job(label: String) -> LaunchdJob {
    LaunchdJob {
        plist: Some(format!("~/Library/LaunchAgents/{label}.plist")),
        label,
        domain: LaunchdDomain::Gui,
    }
}

async fn by_its_own_command(
    host: &dyn Run,
    service: &OpenclawService,
    deadline: &Deadline,
) -> Activated {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let mut words = vec!["-c".to_owned(), BY_HAND.to_owned(), "sh".to_owned()];
    words.extend([&service.state, &service.config, &service.profile].map(text));
    match host
        .run(&Call::new("sh", words).within(deadline.limit()))
        .await
    {
        Ok(ran) if ran.succeeded() => Activated::Done,
        Ok(ran) if ran.status == MISSING => Trouble::helped(
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
            "if a gateway runs there that no service has started, stop it there and start it \
             again: until then it keeps what it was started with",
        )
        .into(),
        Err(error) if error.in_doubt() => of_a_step(&error),
        Err(error) => of_a_question(&error).into(),
    }
}
