//! Units of a real user's manager.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use driftlock::activation::{activate, compare, look, look_all};
use driftlock::machine::FileHost;
use driftlock::model::{Activated, Activation, Process, Running, VarName};
use jiff::SignedDuration;

use super::{
    CANARY, Counted, behind, live, machine, name, names, stopped, the_only, unknown, vars,
};
use crate::support::systemd::UserManager;

pub(super) const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn restart(manager: &UserManager, name: &str) -> Activated {
    restart_within(manager, name, LIMIT).await
}

pub(super) async fn restart_within(
    manager: &UserManager,
    name: &str,
    limit: Duration,
) -> Activated {
    let own = manager.folder().join("app.env");
    activate(
        manager,
        &Activation::Systemd(manager.unit(name)),
        &own,
        limit,
    )
    .await
}

/// An `EnvironmentFile` with these, quoted as systemd wants it.
fn store(manager: &UserManager, vars: &BTreeMap<VarName, String>) -> PathBuf {
    let mut text = String::new();
    for (name, value) in vars {
        let quoted: String = value
            .chars()
            .flat_map(|letter| {
                let escape = matches!(letter, '\\' | '"' | '$' | '`').then_some('\\');
                escape.into_iter().chain([letter])
            })
            .collect();
        writeln!(text, "{name}=\"{quoted}\"").unwrap();
    }
    let file = manager.folder().join("app.env");
    std::fs::write(&file, text).unwrap();
    file
}

pub(super) fn app(manager: &UserManager, more: &str) -> String {
    let file = manager.folder().join("app.env");
    format!("EnvironmentFile={}\n{more}", file.display())
}

const SLEEPS: &str = "ExecStart=/usr/bin/sleep 1000";

#[tokio::test]
async fn what_runs_is_compared_and_a_restart_puts_new_values_in_force() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let old = vars(&[
        ("TOKEN", CANARY),
        ("QUOTES", "it's \"x\" $HOME `id` \\ end\\"),
        ("LINES", "one\ntwo\n\n three "),
        ("TEXT", "naïve 漢字 🎈"),
        ("EMPTY", ""),
    ]);
    let own = store(&manager, &old);
    manager.service("app", &app(&manager, SLEEPS));
    assert_eq!(restart(&manager, "app").await, Activated::Done);

    let process = Process::Systemd(manager.unit("app"));
    let found = look(&manager, &process, &own).await;
    assert!(!format!("{found:?}").contains(CANARY));
    let runs = the_only(found.clone());
    let app = manager.unit("app").unit;
    assert!(runs.what.starts_with("main process ") && runs.what.ends_with(&format!(" of {app}")));
    assert_eq!(runs.reads, Some(true));
    let wanted = names(&["TOKEN", "QUOTES", "LINES", "TEXT", "EMPTY", "NOT_STORED"]);
    let found = compare(&live(&old), &wanted, &found, None);
    assert_eq!(found.running, Running::Current);
    let age = now().duration_since(runs.since.unwrap());
    assert!(age.abs() < SignedDuration::from_secs(20), "{age:?}");

    let mut new = old.clone();
    new.insert(name("TOKEN"), format!("new-{CANARY}"));
    new.insert(name("ADDED"), "1".to_owned());
    store(&manager, &new);
    let wanted = names(&["TOKEN", "QUOTES", "ADDED"]);
    let later = runs.since.unwrap() + SignedDuration::from_secs(60);
    let found = look(&manager, &process, &own).await;
    let found = compare(&live(&new), &wanted, &found, Some(later));
    assert!(!format!("{found:?}").contains(CANARY));
    let found = behind(found);
    assert_eq!(found.names, names(&["TOKEN", "ADDED"]));
    assert_eq!((found.since, found.restart_helps), (Some(later), true));
    assert_eq!(
        found.help.as_deref(),
        Some(format!("systemctl --user restart {app}").as_str())
    );

    assert_eq!(restart(&manager, "app").await, Activated::Done);
    let found = look(&manager, &process, &own).await;
    let again = the_only(found.clone());
    assert_ne!(again.what, runs.what);
    assert_eq!(
        compare(&live(&new), &wanted, &found, None).running,
        Running::Current
    );
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::test]
async fn a_unit_that_does_not_read_the_file_is_not_helped_by_a_restart() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let own = store(&manager, &vars(&[("TOKEN", CANARY)]));
    manager.service("app", &format!("Environment=TOKEN=other\n{SLEEPS}"));
    assert_eq!(restart(&manager, "app").await, Activated::Done);
    let stored = live(&vars(&[("TOKEN", CANARY)]));
    let found = look(&manager, &Process::Systemd(manager.unit("app")), &own).await;
    let since = the_only(found.clone()).since.unwrap();
    let found = compare(
        &stored,
        &names(&["TOKEN"]),
        &found,
        Some(since - SignedDuration::from_secs(60)),
    );
    let found = behind(found);
    assert!(!found.restart_helps);
    assert!(
        found.why.contains("is not given this file"),
        "{}",
        found.why
    );

    // one that has no such name at all may read the file by itself
    manager.service("own", SLEEPS);
    assert_eq!(restart(&manager, "own").await, Activated::Done);
    let found = look(&manager, &Process::Systemd(manager.unit("own")), &own).await;
    let found = compare(&stored, &names(&["TOKEN"]), &found, None);
    assert_eq!(found.running, Running::Unknown);
    assert!(found.why.unwrap().contains("may read the file by itself"));
}

#[tokio::test]
async fn many_units_cost_one_call() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let own = store(&manager, &vars(&[("TOKEN", CANARY)]));
    let mut processes = vec![];
    for at in 0..5 {
        let name = format!("app{at}");
        manager.service(&name, &app(&manager, SLEEPS));
        processes.push(Process::Systemd(manager.unit(&name)));
    }
    manager.service("once", "Type=oneshot\nExecStart=/bin/true");
    processes.extend([
        Process::Systemd(manager.unit("none")),
        Process::Systemd(manager.unit("once")),
        Process::Systemd(manager.unit("app0")),
    ]);
    for at in 0..4 {
        let unit = manager.unit(&format!("app{at}")).unit;
        assert!(manager.systemctl(&["start", &unit]).await.succeeded());
    }
    let counted = Counted::new(&manager);
    let asked: Vec<_> = processes.iter().map(|it| (it, own.as_path())).collect();
    let looks = look_all(&counted, &asked).await;
    assert_eq!((looks.len(), counted.calls()), (8, 1));
    let wanted = names(&["TOKEN"]);
    for (at, found) in looks[..4].iter().enumerate() {
        assert!(
            the_only(found.clone())
                .what
                .ends_with(&format!("of {}", manager.unit(&format!("app{at}")).unit))
        );
        let found = compare(&live(&vars(&[("TOKEN", CANARY)])), &wanted, found, None);
        assert_eq!(found.running, Running::Current);
    }
    let mut rest = looks[4..].iter().cloned();
    let mut next = || rest.next().unwrap();
    let expected = "(user) does not run: it came to its end, or was stopped";
    let (why, idle) = stopped(next());
    assert!(why.ends_with(expected) && !idle, "{why}");
    assert!(unknown(next()).starts_with("there is no unit none-"));
    assert!(stopped(next()).1, "a unit between two runs is idle");
    assert_eq!(next(), looks[0], "one that is asked for twice");
}

#[tokio::test]
async fn a_program_that_wrote_over_its_environment_is_not_said_to_differ() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let own = store(&manager, &vars(&[("TOKEN", CANARY)]));
    let script = manager.folder().join("title.py");
    // the kernel shows what stands at the place where the environment was
    let text = r#"
import ctypes, re, socket, os
fields = open("/proc/self/stat").read().rsplit(") ", 1)[1].split()
begin, end = int(fields[47]), int(fields[48])
title = b"app: worker 1 of 2"
ctypes.memset(begin, 0, end - begin)
ctypes.memmove(begin, title, len(title))
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
import signal
signal.pause()
"#;
    std::fs::write(&script, text).unwrap();
    let Some(python) = crate::support::peers::program("python3") else {
        return;
    };
    let exec = format!(
        "Type=notify\nExecStart={} {}",
        python.display(),
        script.display()
    );
    manager.service("app", &app(&manager, &exec));
    assert_eq!(restart(&manager, "app").await, Activated::Done);
    let found = look(&manager, &Process::Systemd(manager.unit("app")), &own).await;
    let runs = the_only(found.clone());
    assert_eq!(runs.vars, None);
    assert!(
        runs.note
            .unwrap()
            .ends_with("was written over by the program itself")
    );
    let found = compare(
        &live(&vars(&[("TOKEN", CANARY)])),
        &names(&["TOKEN"]),
        &found,
        None,
    );
    assert_eq!(found.running, Running::Unknown);
}

#[tokio::test]
async fn the_time_of_the_file_and_of_the_process_are_of_one_clock() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let own = store(&manager, &vars(&[("TOKEN", CANARY)]));
    manager.service("app", &app(&manager, SLEEPS));
    assert_eq!(restart(&manager, "app").await, Activated::Done);
    let here = machine("/usr/bin:/bin", manager.folder());
    let stored_at = here.read(&own).await.unwrap().changed_at.unwrap();
    let since = the_only(look(&manager, &Process::Systemd(manager.unit("app")), &own).await).since;
    let between = since.unwrap().duration_since(stored_at);
    assert!(between.abs() < SignedDuration::from_secs(20), "{between:?}");
}
