//! What the system could copy out of a process, and what a library would print.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::shop::{TOKEN, shop};
use crate::support::world::{Run, World};

#[test]
fn a_run_that_would_make_age_print_keys_is_refused() {
    let world = shop();
    let before = world.files();
    for value in ["plugin", "1"] {
        for line in [
            "plan",
            "apply --yes",
            "check",
            "reveal API_TOKEN --yes-print-the-secret",
        ] {
            let mut command = world.command(line.split_whitespace());
            command.env("AGEDEBUG", value);
            Run::of(command)
                .exits(3)
                .says("AGEDEBUG is set")
                .says("unset AGEDEBUG")
                .hides(TOKEN);
        }
    }
    assert!(world.files() == before);
    let mut command = world.command(["plan"]);
    command.env("AGEDEBUG", "");
    Run::of(command).success();
}

/// A run that waits for its value, started with core files allowed, as a user who is not root.
#[cfg(target_os = "linux")]
#[test]
fn a_process_with_secrets_leaves_no_core_and_lets_nobody_look() {
    let world = shop();
    let mut child = waiting(&world);
    let proc = format!("/proc/{}", child.id());
    let limit = || fs::read_to_string(format!("{proc}/limits")).unwrap_or_default();
    let none = |limits: &str| {
        limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .is_some_and(|line| line.split_whitespace().nth(4) == Some("0"))
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    // it is set first of all; until then the process is still starting. The owner of what is not
    // dumpable is root.
    while !none(&limit()) || fs::metadata(format!("{proc}/environ")).unwrap().uid() != 0 {
        assert!(
            Instant::now() < deadline,
            "core files stay allowed, or the process dumpable"
        );
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(target_os = "linux")]
fn waiting(world: &World) -> Child {
    let inner = world.command(["set", "API_TOKEN"]);
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -S -c unlimited 2>/dev/null; exec \"$@\"",
            "sh",
        ])
        .current_dir("/")
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // what root owns looks the same either way: be somebody else, with a copy of the program
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if root {
        let copy = world.path("driftlock");
        fs::copy(inner.get_program(), &copy).unwrap();
        open_to_all(world);
        command
            .arg(copy)
            .args(inner.get_args())
            .uid(65534)
            .gid(65534);
        command.current_dir(world.path(""));
    } else {
        command.arg(inner.get_program()).args(inner.get_args());
        command.current_dir(world.path(""));
    }
    command.spawn().unwrap()
}

#[cfg(target_os = "linux")]
fn open_to_all(world: &World) {
    let mut folders = vec![world.root().to_owned()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}
