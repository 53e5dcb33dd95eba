//! Units that do not come up, and managers that do not answer.

use std::path::Path;
use std::time::Duration;

use driftlock::activation::{activate, look};
use driftlock::machine::RunError;
use driftlock::model::{Activated, Activation, Process, SystemdUnit};

use super::systemd::{app, restart, restart_within};
use super::{Always, CANARY, answer, failed, in_doubt, stopped, the_only, unknown};
use crate::support::systemd::UserManager;

#[tokio::test]
async fn units_that_do_not_come_up_are_failures_with_a_reason() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let sleeps = "ExecStart=/usr/bin/sleep 1000";
    let cases = [
        (
            "exits",
            "ExecStart=/bin/sh -c 'echo canary-5f1c; exit 3'",
            "its program ended with status 3",
        ),
        (
            "pre",
            "ExecStartPre=/bin/false\nExecStart=/usr/bin/sleep 1000",
            "does not run: ",
        ),
        (
            "noprogram",
            "ExecStart=/no/such/canary-5f1c",
            "its program cannot be run",
        ),
        (
            "ends",
            "ExecStart=/bin/true",
            "it came to its end, or was stopped",
        ),
        (
            "killed",
            "ExecStart=/bin/sh -c 'kill -9 $$$$'",
            "its program was ended by signal 9",
        ),
        (
            "again",
            "Restart=always\nRestartSec=100\nExecStart=/bin/false",
            "fell over",
        ),
        (
            "quick",
            "Restart=always\nRestartSec=200ms\nStartLimitBurst=100\nExecStart=/bin/sh -c 'exec sleep 0.1'",
            "fell over",
        ),
        (
            "once",
            "Type=oneshot\nExecStart=/bin/false",
            "its program ended with status 1",
        ),
        (
            "slow",
            "Type=notify\nTimeoutStartSec=1\nExecStart=/usr/bin/sleep 1000",
            "did not start or stop in its own time",
        ),
        ("bad", "Nice=0", "has a setting that systemd does not take"),
    ];
    for (name, text, _) in &cases {
        manager.service(name, text);
    }
    manager.service("nofile", &app(&manager, sleeps));
    let (why, _) = failed(restart(&manager, "nofile").await);
    assert!(why.contains("EnvironmentFile"), "{why}");
    for (name, _, expected) in cases {
        let (why, help) = failed(restart(&manager, name).await);
        assert!(why.contains(expected), "{name}: {why}");
        let unit = manager.unit(name).unit;
        assert!(
            help.contains(&unit) && help.contains("--user"),
            "{name}: {help}"
        );
    }
    std::os::unix::fs::symlink("/dev/null", manager.file_of("masked")).unwrap();
    let (why, _) = failed(restart(&manager, "masked").await);
    assert!(why.ends_with(" is masked"), "{why}");
    let (why, _) = failed(restart(&manager, "none").await);
    let none = manager.unit("none").unit;
    assert_eq!(
        why,
        format!("there is no unit {none} in the user's manager there")
    );
}

#[tokio::test]
async fn units_that_come_up_or_do_their_work_are_done() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    manager.service("once", "Type=oneshot\nExecStart=/bin/true");
    manager.service(
        "stays",
        "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
    );
    assert_eq!(restart(&manager, "once").await, Activated::Done);
    assert_eq!(restart(&manager, "stays").await, Activated::Done);
    let own = manager.folder().join("app.env");
    let (why, idle) = stopped(look(&manager, &Process::Systemd(manager.unit("once")), &own).await);
    assert!(idle, "{why}");
    let done = the_only(look(&manager, &Process::Systemd(manager.unit("stays")), &own).await);
    assert_eq!((done.vars, done.since.is_some()), (None, true));
}

#[tokio::test]
async fn one_that_hangs_at_its_start_is_in_doubt() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    manager.service(
        "hangs",
        "Type=notify\nTimeoutStartSec=60\nExecStart=/usr/bin/sleep 1000",
    );
    let why = in_doubt(restart_within(&manager, "hangs", Duration::from_secs(1)).await);
    assert!(why.contains(" did not end within 1 s; hangs-"), "{why}");
    assert!(why.ends_with(" is still activating (start)"), "{why}");
}

#[tokio::test]
async fn files_that_systemd_has_not_read_again_are_told_of() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    manager.service("app", "ExecStart=/usr/bin/sleep 1000");
    assert_eq!(restart(&manager, "app").await, Activated::Done);
    manager.service("app", "ExecStart=/usr/bin/sleep 2000");
    let file = manager.file_of("app");
    let later = std::time::SystemTime::now() + Duration::from_secs(10);
    std::fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let own = manager.folder().join("app.env");
    let runs = the_only(look(&manager, &Process::Systemd(manager.unit("app")), &own).await);
    assert!(runs.note.unwrap().contains("daemon-reload"));
}

/// No machine of its own: what `systemctl` says where it cannot work.
#[tokio::test]
async fn complaints_of_systemctl_come_in_our_words() {
    let cases = [
        (
            1,
            "Failed to connect to bus: No medium found canary-5f1c",
            true,
            "the user's manager of systemd does not run there",
        ),
        (
            1,
            "System has not been booted with systemd as init system (PID 1). Can't operate.",
            false,
            "there is no systemd there",
        ),
        (
            1,
            "Failed to restart app.service: Access denied",
            false,
            "not allowed",
        ),
        (
            1,
            "Failed to restart app.service: Interactive authentication required.",
            false,
            "not allowed",
        ),
        (5, "canary-5f1c", false, "it ended with status 5"),
    ];
    for (status, errors, user, expected) in cases {
        let host = Always(move |_: &driftlock::machine::Call| Ok(answer(status, "", errors)));
        let unit = SystemdUnit {
            unit: "app.service".to_owned(),
            user,
        };
        let activation = Activation::Systemd(unit.clone());
        let own = Path::new("/srv/app/.env");
        let (why, _) = failed(activate(&host, &activation, own, Duration::from_secs(5)).await);
        assert!(why.contains(expected), "{why}");
        assert!(!unknown(look(&host, &Process::Systemd(unit), own).await).contains(CANARY));
    }
}

#[tokio::test]
async fn a_lost_connection_is_in_doubt_only_once_something_was_begun() {
    let shown = "LoadState=loaded\nActiveState=active\nSubState=running\nInvocationID=a\n";
    let lost = |program: &str| RunError::Lost {
        program: program.to_owned(),
    };
    let own = Path::new("/srv/app/.env");
    let activation = Activation::Systemd(SystemdUnit {
        unit: "app.service".to_owned(),
        user: true,
    });
    let at_first = Always(|call: &driftlock::machine::Call| Err(lost(&call.program)));
    failed(activate(&at_first, &activation, own, Duration::from_secs(5)).await);
    let at_restart = Always(|call: &driftlock::machine::Call| {
        if call.arguments.iter().any(|word| word == "restart") {
            Err(lost(&call.program))
        } else {
            Ok(answer(0, shown, ""))
        }
    });
    in_doubt(activate(&at_restart, &activation, own, Duration::from_secs(5)).await);
}

/// What the far side answers for a process that is not ours to read, that is gone, and that has too
/// much to say.
#[tokio::test]
async fn an_environment_that_cannot_be_read_is_none_and_not_an_empty_one() {
    let shown = "LoadState=loaded\nActiveState=active\nMainPID=7\n";
    let hex: String = shown.bytes().map(|byte| format!(" {byte:02x}")).collect();
    let begin = format!("part home\nend 0\npart units\n{hex}\nend 0\n");
    for (environment, expected) in [
        ("part 7\nend 1\n", "may not be read by who we are there"),
        ("part 7\nend 2\n", "is not to be seen"),
        ("part 7\n 41 3d 31 00", "is too large to be read"),
        ("part 7\nend 0\n", "was written over"),
    ] {
        let output = format!("{begin}{environment}");
        let host = Always(move |_: &driftlock::machine::Call| Ok(answer(0, &output, "")));
        let unit = SystemdUnit {
            unit: "app.service".to_owned(),
            user: false,
        };
        let runs = the_only(look(&host, &Process::Systemd(unit), Path::new("/srv/.env")).await);
        assert_eq!(runs.vars, None);
        assert!(runs.note.as_ref().unwrap().contains(expected), "{runs:?}");
    }
}
