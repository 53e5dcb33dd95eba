//! Processes of a machine over SSH, whatever shell and tools it has. A stand-in says which process is
//! a unit's; its environment is real.

use std::path::Path;
use std::process::{Child, Command};

use driftlock::activation::{compare, look};
use driftlock::model::{Process, Running, SystemdUnit};

use super::{CANARY, live, names, the_only, unknown, vars};
use crate::support::sshd::{Far, Sshd, script};

/// A process that ends with the test.
struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

const VALUES: [(&str, &str); 4] = [
    ("TOKEN", CANARY),
    ("LINES", "one\n\ttwo 'x' \"y\" $z\\"),
    ("TEXT", "naïve 漢字 🎈"),
    ("EMPTY", ""),
];

async fn looks(far: Far) {
    let Some(sshd) = Sshd::start(far) else {
        return;
    };
    let sleeper = Command::new("sleep")
        .arg("1000")
        .env_clear()
        .envs(VALUES)
        .spawn();
    let sleeper = Sleeper(sleeper.expect("sleep starts"));
    let unit = format!(
        "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID={}\n\
         ExecMainStartTimestamp=Sun 2026-11-22 10:00:00 UTC\n\
         EnvironmentFiles=/srv/app/.env (ignore_errors=no)",
        sleeper.0.id()
    );
    // in no time zone but this one are time stamps asked for
    let text = format!("#!/bin/sh\n[ \"$TZ\" = UTC ] && cat <<'E'\n{unit}\nE\n");
    script(&sshd.path("tools/systemctl"), &text);
    let process = Process::Systemd(SystemdUnit {
        unit: "app.service".to_owned(),
        user: false,
    });
    let host = sshd.host();
    let found = look(&host, &process, Path::new("/srv/app/.env")).await;
    assert!(!format!("{found:?}").contains(CANARY));
    if far == Far::Posix {
        assert!(unknown(found).starts_with("there is no `od`"));
        return;
    }
    let runs = the_only(found.clone());
    assert_eq!(runs.since, Some("2026-11-22T10:00:00Z".parse().unwrap()));
    assert_eq!((runs.note, runs.reads), (None, Some(true)), "{far:?}");
    let wanted = names(&["TOKEN", "LINES", "TEXT", "EMPTY"]);
    let found = compare(&live(&vars(&VALUES)), &wanted, &found, None);
    assert_eq!(found.running, Running::Current, "{far:?}");
    drop(sleeper);
    let note = the_only(look(&host, &process, Path::new("/srv/app/.env")).await).note;
    assert!(note.unwrap().contains("is not to be seen"));
}

#[tokio::test]
async fn environments_are_read_by_any_shell_and_tools() {
    for far in [
        Far::Shell("bash"),
        Far::Shell("dash"),
        Far::Shell("zsh"),
        Far::Busybox,
        Far::Posix,
    ] {
        looks(far).await;
    }
}
