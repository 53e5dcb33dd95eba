//! systemd reads the units, finds nothing wrong with them, calls them well guarded, and starts them as
//! they say.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output};

use super::{LISTED, listed, odd_folders, printed, program, run, words, world};
use crate::support::peers;
use crate::support::systemd::UserManager;
use crate::support::world::World;

/// What `systemd-analyze` says of the units of a folder.
fn analyze(arguments: &[&str], files: &[&Path]) -> Option<Output> {
    let program = peers::program("systemd-analyze")?;
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(program)
        .args(arguments)
        .args(files)
        .env("LC_ALL", "C")
        .env("XDG_RUNTIME_DIR", folder.path())
        .output();
    Some(output.unwrap())
}

fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

/// What it complains about, without what it says of the machine's own units.
fn complaints(output: &Output) -> Vec<String> {
    text(output)
        .lines()
        .filter(|line| line.contains("driftlock"))
        .map(str::to_owned)
        .collect()
}

fn put(world: &World, words: &[&str]) -> std::path::PathBuf {
    let folder = world.path("units");
    let folder_text = folder.to_str().unwrap();
    let words = [&["schedule", "print"], words, &["--output", folder_text]].concat();
    run(world, &words).success();
    folder
}

#[test]
fn it_finds_nothing_wrong() {
    let world = world();
    let tokens = world.write("tokens.env", "RAILWAY_TOKEN=x\n");
    fs::set_permissions(&tokens, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for (place, words) in [
        &["systemd", "--system", "--listen", "127.0.0.1:9187"][..],
        &["systemd", "--user", "--environment-file", "tokens.env"],
        &["systemd-timer", "--system", "--every", "7m"],
        &["systemd-timer", "--user", "--every", "6h"],
        &["systemd-timer", "--user", "--every", "1d"],
        &["systemd-timer", "--user", "--every", "7d"],
        &["systemd-timer", "--user", "--every", "1m"],
    ]
    .iter()
    .enumerate()
    {
        let name = format!("n{place}");
        let folder = put(&world, &[*words, &["--name", &name]].concat());
        let user = words.contains(&"--user");
        let files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.to_str()
                    .unwrap()
                    .contains(&format!("driftlock-{name}."))
            })
            .collect();
        let files: Vec<&Path> = files.iter().map(|path| path.as_path()).collect();
        let manager = if user { "--user" } else { "--system" };
        let Some(output) = analyze(&["verify", "--man=no", manager], &files) else {
            return;
        };
        assert_eq!(complaints(&output), Vec::<String>::new(), "{words:?}");
        assert!(
            output.status.success() && !files.is_empty(),
            "{}",
            text(&output)
        );
    }
}

#[test]
fn it_would_find_something() {
    let world = world();
    let folder = put(&world, &["systemd", "--system"]);
    let file = folder.join("driftlock-reconcile.service");
    let good = fs::read_to_string(&file).unwrap();
    for (from, to) in [
        ("ProtectSystem=strict", "ProtectSystem=tight"),
        ("UMask=0077", "Umask=0077"),
        ("ExecStart=/", "ExecStart=x/"),
        ("WatchdogSec=5min", "WatchdogSec=often"),
        (
            "SystemCallFilter=@system-service",
            "SystemCallFilter=@all-of-them",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let Some(output) = analyze(&["verify", "--man=no"], &[&file]) else {
            return;
        };
        assert!(!complaints(&output).is_empty(), "{to}: {}", text(&output));
    }
}

/// Its figure for how much a service is exposed: 0 is best, 10 worst.
fn exposure(file: &Path) -> Option<f64> {
    let output = analyze(&["security", "--no-pager", "--offline=true"], &[file])?;
    let text = text(&output);
    let line = text
        .lines()
        .find(|line| line.contains("Overall exposure level"))
        .unwrap_or_else(|| panic!("{text}"));
    let figure = line.rsplit(": ").next().unwrap();
    Some(figure.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn it_calls_them_well_guarded() {
    // no files of this machine, and one of them
    let far = World::new();
    far.declare_on(
        &[("A", "1")],
        &["far: { file: { host: me@vps.example, path: /x.env }, variables: [A] }"],
    );
    let near = world();
    for (world, kind, most) in [
        (&far, "systemd", 2.5),
        (&near, "systemd", 3.0),
        (&near, "systemd-timer", 3.0),
    ] {
        let folder = put(world, &[kind, "--system"]);
        let Some(figure) = exposure(&folder.join("driftlock-reconcile.service")) else {
            return;
        };
        println!("exposure of {kind} --system: {figure}");
        assert!(figure < most, "{kind}: {figure}");
    }
    let folder = put(&near, &["systemd", "--user", "--name", "user"]);
    let Some(figure) = exposure(&folder.join("driftlock-user.service")) else {
        return;
    };
    println!("exposure of systemd --user: {figure}");
    // it counts capabilities against it, which no service of a user has
    assert!(figure < 6.0, "{figure}");
}

/// The unit with another program, of a kind that ends.
fn stand_in(unit: &str, program_of_test: &Path) -> String {
    let ours = program().display().to_string();
    assert!(unit.contains(&format!("ExecStart={ours} ")), "{unit}");
    unit.replace(
        &format!("ExecStart={ours} "),
        &format!("ExecStart={} ", program_of_test.display()),
    )
}

#[tokio::test]
async fn what_it_starts_has_every_word_as_it_was_meant() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let world = world();
    let folders = odd_folders(&world);
    let (program, pipe) = listed(manager.folder());
    let mut taken = 0;
    for (place, folder) in folders.iter().enumerate() {
        let printed = run(
            &world,
            &["schedule", "print", "systemd-timer", "--user", "--", folder],
        )
        .success();
        let unit = printed.stdout;
        let unit = unit
            .split("# ----- driftlock-reconcile.timer")
            .next()
            .unwrap();
        let name = format!("odd{place}");
        fs::write(manager.file_of(&name), stand_in(unit, &program)).unwrap();
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || {
                let mut line = String::new();
                let file = fs::File::open(pipe).unwrap();
                BufReader::new(file).read_line(&mut line).unwrap();
                line
            })
        };
        manager.systemctl(&["daemon-reload"]).await;
        let unit = manager.unit(&name).unit;
        let started = manager.systemctl(&["start", &unit]).await;
        assert!(started.succeeded(), "{folder}: {started:?}");
        let line = reader.join().unwrap();
        let given = words(line.trim_end());
        assert_eq!(given[..2], ["reconcile", "--once"], "{given:?}");
        let (key, manifests) = given[2..].split_at(2);
        assert_eq!(key[0], "--identity");
        assert!(
            key[1].ends_with("/identity-1") && key[1].starts_with('/'),
            "{key:?}"
        );
        assert_eq!(manifests, ["--", folder]);
        taken += 1;
    }
    assert_eq!(taken, folders.len());
}

/// Tries what the sandbox is for, and tells the outcome on the pipe.
const TRIES: &str = r#"#!/bin/sh
can() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
{
  echo "key $(can cat "$CREDENTIALS_DIRECTORY/identity-1")"
  echo "state $(can touch 'STATE/written')"
  echo "target $(can touch 'TARGET/written')"
  echo "elsewhere $(can touch 'ELSEWHERE/written')"
  echo "token $RAILWAY_TOKEN"
  echo "machine $DRIFTLOCK_MACHINE"
  echo "mode $(umask)"
  echo "cores $(ulimit -c)"
} >'PIPE'
systemd-notify --ready
exec sleep 600
"#;

#[tokio::test]
async fn the_service_starts_when_it_says_so_and_has_what_it_needs_and_no_more() {
    if peers::program("systemd-notify").is_none() {
        return;
    }
    let Some(manager) = UserManager::start() else {
        return;
    };
    let world = world();
    let tokens = world.write("tokens.env", "RAILWAY_TOKEN=a-token\n");
    fs::set_permissions(&tokens, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let unit = printed(
        &world,
        &["systemd", "--user", "--environment-file", "tokens.env"],
    );
    let (program, pipe) = listed(manager.folder());
    let state = world.root().join("state/driftlock");
    fs::create_dir_all(&state).unwrap();
    let text = TRIES
        .replace("STATE", state.to_str().unwrap())
        .replace("TARGET", world.path("").to_str().unwrap())
        .replace("ELSEWHERE", world.root().to_str().unwrap())
        .replace("PIPE", pipe.to_str().unwrap());
    assert_ne!(text, LISTED);
    fs::write(&program, text).unwrap();
    // the worlds of tests lie there
    assert!(!unit.contains("PrivateTmp"), "{unit}");
    let unit = stand_in(&unit, &program);
    let unit = unit.replace("Type=notify\n", "Type=notify\nNotifyAccess=all\n");
    fs::write(manager.file_of("guarded"), unit).unwrap();
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    manager.systemctl(&["daemon-reload"]).await;
    let name = manager.unit("guarded").unit;
    let started = manager.systemctl(&["start", &name]).await;
    assert!(started.succeeded(), "{started:?}");
    let told = reader.join().unwrap();
    let shown = manager
        .systemctl(&["show", "-p", "ActiveState,SubState,NoNewPrivileges", &name])
        .await;
    let shown = String::from_utf8_lossy(&shown.output).into_owned();
    assert!(shown.contains("SubState=running"), "{shown}");
    assert!(shown.contains("NoNewPrivileges=yes"), "{shown}");
    for line in [
        "key yes",
        "state yes",
        "target yes",
        "elsewhere no",
        "token a-token",
        "machine here",
        "mode 0077",
        "cores 0",
    ] {
        assert!(told.lines().any(|one| one == line), "{line}\n{told}");
    }
    manager.systemctl(&["stop", &name]).await;
}

#[tokio::test]
async fn driftlock_itself_works_in_its_sandbox() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    for (place, system) in ["--user", "--system"].into_iter().enumerate() {
        let world = world();
        world.run("apply --yes --take-over local").success();
        world.run_with("set TOKEN", "another").success();
        let printed = printed(&world, &["systemd-timer", system]);
        let unit = printed
            .split("# ----- driftlock-reconcile.timer")
            .next()
            .unwrap();
        // what a scheduled run may do: it opens, reads, writes, and keeps a receipt
        let unit = unit.replacen(" reconcile --once ", " apply --yes -vv ", 1);
        assert!(unit.contains("driftlock apply --yes"), "{unit}");
        let log = world.root().join("log");
        let told = format!("StandardError=append:{}\n[Service]\n", log.display());
        let unit = unit.replacen("[Service]\n", &format!("[Service]\n{told}"), 1);
        let name = format!("itself{place}");
        fs::write(manager.file_of(&name), unit).unwrap();
        manager.systemctl(&["daemon-reload"]).await;
        let unit = manager.unit(&name).unit;
        let started = manager.systemctl(&["start", &unit]).await;
        let said = fs::read_to_string(&log).unwrap_or_default();
        assert!(started.succeeded(), "{system}: {started:?}\n{said}");
        assert!(
            world.read(".env").contains("TOKEN=another"),
            "{system}: {said}"
        );
        world.run("plan --detailed-exitcode").success();
        let history = world.run("history --limit 1").success();
        assert!(!history.stdout.is_empty(), "a receipt was kept");
    }
}
