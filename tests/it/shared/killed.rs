//! An apply with its journal in a remote, killed at each step that git takes for it.
#![expect(clippy::print_stdout, reason = "how far a long run is")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::lab::{Team, git, sure};
use crate::support::world::{Run, World};

/// A `git` that counts, and at one step ends the one who called it: before the real one, after it, or
/// while it goes on.
pub(super) fn treacherous(world: &World) -> PathBuf {
    let bin = world.path("../bin");
    fs::create_dir_all(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    let script = format!(
        r#"#!/bin/sh
PATH='{path}'
echo x >> '{bin}/steps'
step=$(wc -l < '{bin}/steps')
if [ "$step" -ne "$(cat '{bin}/at')" ]; then exec git "$@"; fi
case $(cat '{bin}/how') in
  before) kill -9 $PPID ;;
  while) kill -9 $PPID; exec git "$@" ;;
  after) git "$@"; kill -9 $PPID ;;
esac
"#,
        bin = bin.display()
    );
    fs::write(bin.join("git"), script).unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

const TARGETS: [&str; 3] = ["one", "two", "three"];

fn declare(team: &Team, value: &str) {
    let lines: Vec<String> = TARGETS
        .iter()
        .map(|name| {
            let path = team.file(name).display().to_string();
            format!("{name}: {{ file: {{ path: {path}, machine: any }}, variables: [A, B], prune: true }}")
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let text = crate::support::lab::manifest("dev", &[("A", value), ("B", value)], &lines);
    fs::write(team.folder.path().join("seed/manifests/dev.yaml"), text).unwrap();
}

/// Kills one apply there. `false` if it ended before that step.
fn kill(world: &World, bin: &std::path::Path, at: usize, how: &str) -> bool {
    fs::write(bin.join("steps"), "").unwrap();
    fs::write(bin.join("at"), at.to_string()).unwrap();
    fs::write(bin.join("how"), how).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = world.command(["--journal", "git", "apply", "--yes"]);
    command.env("PATH", format!("{}:{path}", bin.display()));
    let output = command.output().unwrap();
    let code = output.status.code();
    assert!(
        matches!(code, None | Some(0)),
        "step {at} {how}: {output:?}"
    );
    code.is_none()
}

#[test]
fn at_each_step_of_git() {
    let Some(team) = Team::new(&[("A", "v0")]) else {
        return;
    };
    declare(&team, "v0");
    let (world, other) = (team.clone(), team.clone());
    team.commit(&[&world, &other], "three");
    let bin = treacherous(&world);
    let (mut runs, mut kills, mut value) = (0, 0, String::new());
    for how in ["before", "while", "after"] {
        for at in 1.. {
            runs += 1;
            value = format!("{how}{at}");
            declare(&team, &value);
            team.commit(&[&world, &other], "edit");
            let killed = kill(&world, &bin, at, how);
            kills += usize::from(killed);
            converges(&team, &world, &other, &value, runs);
            if !killed {
                break;
            }
        }
    }
    println!("{kills} kills at {runs} steps");
    assert!(kills >= 30, "{kills}");
    let _last = value;
}

/// The next run ends where an undisturbed one would, on this machine or on another.
fn converges(team: &Team, world: &World, other: &World, value: &str, run: usize) {
    if run.is_multiple_of(2) {
        world.run("--journal git apply --yes").success();
    } else {
        let words = [
            "--journal",
            "git",
            "apply",
            "--yes",
            "--break-lease",
            "killed",
        ];
        Run::of(other.command(words)).success();
    }
    for name in TARGETS {
        assert_eq!(team.read(name), format!("A={value}\nB={value}\n"));
    }
    for world in [world, other] {
        world
            .run("--journal git plan --detailed-exitcode")
            .success()
            .says("No changes.");
        let history = world.run("--journal git history --json").success().stdout;
        assert!(!history.contains("\"verified\": false"), "{history}");
    }
    sure(&team.remote(), &["fsck", "--no-progress"]);
    let refs = git(
        &world.path(""),
        &["for-each-ref", "--format=%(refname)", "refs/driftlock"],
    );
    assert_eq!(String::from_utf8(refs.stdout).unwrap().lines().count(), 1);
}
