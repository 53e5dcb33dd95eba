//! Connections that end before a program, while it runs, and hosts that are not there.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use driftlock::machine::ssh::{SshError, SshHost};
use driftlock::machine::{Call, Run, RunError};

use super::run::{said, soon};
use crate::support::sshd::{Far, Sshd, kill, script};

/// Says that it began, and ends when it is told to.
fn patient(folder: &Path) -> Call {
    let line = format!(
        "echo >'{0}/begun'; until [ -e '{0}/go' ]; do sleep 0.1; done; cat >'{0}/done'",
        folder.display()
    );
    Call::shell(&line).reading("all of it")
}

fn client(sshd: &Sshd) -> u32 {
    let text = fs::read_to_string(sshd.path("ssh.pid")).unwrap();
    text.trim().parse().unwrap()
}

fn shells(sshd: &Sshd) -> Vec<u32> {
    let mut below = sshd.children();
    below.retain(|id| {
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        name.trim() == "sh"
    });
    below
}

fn wrapped(sshd: &Sshd) -> SshHost {
    let mut settings = sshd.connect();
    settings.program = Some(sshd.wrapper());
    SshHost::new(settings)
}

#[tokio::test]
async fn a_connection_that_ends_leaves_a_program_in_doubt() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    for axe in ["client", "server", "shell"] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let host = wrapped(&sshd);
        let call = patient(folder.path());
        let killing = async {
            soon("it begins", || path("begun").exists()).await;
            match axe {
                "client" => kill(client(&sshd)),
                "server" => sshd.children().first().copied().into_iter().for_each(kill),
                _ => shells(&sshd).into_iter().take(2).for_each(kill),
            }
        };
        let (outcome, ()) = tokio::join!(host.run(&call), killing);
        let lost = outcome.unwrap_err();
        let program = "sh".to_owned();
        assert_eq!(lost, RunError::Lost { program }, "{axe}");
        assert!(lost.in_doubt());
        // it ends its work all the same
        fs::write(path("go"), "").unwrap();
        soon("it goes on", || {
            fs::read(path("done")).is_ok_and(|text| text == b"all of it")
        })
        .await;
        assert_eq!(said(&host, "echo again").await, "again\n", "{axe}");
    }
}

#[tokio::test]
async fn a_program_that_ends_the_far_side_is_in_doubt() {
    for far in [Far::Own, Far::Busybox, Far::Posix] {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let host = sshd.host();
        for line in ["kill -9 $PPID", "kill -9 $PPID; kill -9 0"] {
            let outcome = host.run(&Call::shell(line)).await;
            let program = "sh".to_owned();
            assert_eq!(outcome, Err(RunError::Lost { program }), "{far:?}");
        }
        assert_eq!(said(&host, "echo again").await, "again\n");
    }
}

#[tokio::test]
async fn nothing_begins_before_all_of_it_is_there() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let begun = folder.path().join("begun");
    let cut = sshd.path("cut");
    script(
        &cut,
        "#!/bin/sh\ndd bs=1 count=200000 2>/dev/null | ssh \"$@\"\n",
    );
    let mut settings = sshd.connect();
    settings.program = Some(cut);
    let host = SshHost::new(settings);
    let line = format!("echo >'{}'", begun.display());
    let call = Call::shell(&line).reading(vec![b'\n'; 1_000_000]);
    let error = host.run(&call).await.unwrap_err();
    assert!(
        matches!(
            error,
            RunError::Lost { .. } | RunError::Unreachable(SshError::Lost { .. })
        ),
        "{error:?}"
    );
    soon("the far side ends", || shells(&sshd).is_empty()).await;
    assert!(!begun.exists());
}

#[tokio::test]
async fn a_connection_that_is_known_to_be_gone_is_made_again() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let host = wrapped(&sshd);
    assert_eq!(said(&host, "echo one").await, "one\n");
    let old = client(&sshd);
    sshd.children().into_iter().for_each(kill);
    let gone = || {
        let state = fs::read_to_string(format!("/proc/{old}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    soon("ssh ends", gone).await;
    assert_eq!(said(&host, "echo two").await, "two\n");
    assert_eq!(sshd.logins(), 2);
}

#[tokio::test]
async fn what_was_never_sent_is_in_no_doubt() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let mut settings = sshd.connect();
    settings.destination = "no-such-host.invalid".parse().unwrap();
    let host = SshHost::new(settings);
    let error = host.run(&Call::shell("true")).await.unwrap_err();
    assert!(
        matches!(&error, RunError::Unreachable(SshError::UnknownHost { .. })),
        "{error}"
    );
    assert!(!error.in_doubt());
    assert_eq!(host.home().await.unwrap_err(), error);
}

#[tokio::test]
async fn a_far_side_that_hangs_is_given_up() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let mut settings = sshd.connect();
    settings.command_timeout = Duration::from_secs(1);
    let host = SshHost::new(settings);
    let folder = tempfile::tempdir().unwrap();
    let call = patient(folder.path()).within(Duration::from_secs(1));
    let begun = folder.path().join("begun");
    let stopped = async {
        soon("it begins", || begun.exists()).await;
        for process in sshd.children() {
            signal(process, "-STOP");
        }
    };
    let begin = Instant::now();
    let (outcome, ()) = tokio::join!(host.run(&call), stopped);
    assert!(matches!(outcome, Err(RunError::Slow { .. })), "{outcome:?}");
    assert!(begin.elapsed() < Duration::from_secs(6));
    for process in sshd.children() {
        signal(process, "-CONT");
    }
    assert_eq!(said(&host, "echo again").await, "again\n");
}

fn signal(process: u32, signal: &str) {
    let _gone = std::process::Command::new("kill")
        .args([signal, &process.to_string()])
        .status();
}

#[tokio::test]
async fn a_background_child_does_not_keep_the_connection() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let host = wrapped(&sshd);
    let told = said(&host, "sleep 60 & echo $!").await;
    let daemon: u32 = told.trim().parse().unwrap();
    let ssh = client(&sshd);
    drop(host);
    let alive = |id: u32| {
        let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    soon("the connection ends", || {
        !alive(ssh) && sshd.children().is_empty()
    })
    .await;
    assert!(alive(daemon));
    kill(daemon);
}

#[tokio::test]
async fn a_noisy_profile_changes_nothing() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    sshd.profile(
        Far::Own,
        "echo Welcome; echo hello >&2; export NOISE=1 CDPATH=/ HOME=relative XDG_RUNTIME_DIR=; umask 0; set -x; alias env=false",
    );
    let host = sshd.host();
    let told = said(&host, "env; umask").await;
    assert!(
        !told.contains("NOISE") && !told.contains("CDPATH"),
        "{told}"
    );
    assert!(told.ends_with("0000\n"), "the login's own mask: {told}");
    let home = host.home().await.unwrap();
    assert!(home.is_absolute() && home.is_dir());
}
