//! How often the remote is asked: exact, because each time is half a second for somebody.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::lab::Team;
use crate::support::world::{Run, World};

/// Runs with a `git` that writes down what it is asked.
fn counted(world: &World, line: &str) -> Vec<String> {
    let bin = world.path("").join("../bin");
    fs::create_dir_all(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    let script = format!(
        "#!/bin/sh\nPATH='{path}'\nfor word; do case $word in ls-remote|fetch|push) echo $word >> '{}'; break;; esac; done\nexec git \"$@\"\n",
        bin.join("log").display()
    );
    fs::write(bin.join("git"), script).unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let log = bin.join("log");
    let _none = fs::remove_file(&log);
    let mut command = world.command(line.split_whitespace());
    command.env("PATH", format!("{}:{path}", bin.display()));
    Run::of(command).success();
    let log = fs::read_to_string(log).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

#[test]
fn a_plan_asks_once_and_an_apply_pushes_thrice() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (one, two) = (team.clone(), team.clone());
    let first = counted(&one, "--journal git apply --yes");
    // the first one makes the key of a manifest without recipients, too
    assert_eq!(first, ["ls-remote", "push", "push", "push", "push"]);
    // nothing new: one question
    assert_eq!(counted(&one, "plan"), ["ls-remote"]);
    // for the first time here: what is there, and whether it is one
    assert_eq!(counted(&two, "plan"), ["ls-remote", "ls-remote", "fetch"]);
    assert_eq!(counted(&two, "status"), ["ls-remote"]);
    team.edit(&[&two], &[("A", "new")]);
    assert_eq!(
        counted(&two, "apply --yes"),
        ["ls-remote", "push", "push", "push"]
    );
    // nothing to do: the lease comes and goes
    assert_eq!(counted(&two, "apply --yes"), ["ls-remote", "push", "push"]);
    assert_eq!(counted(&one, "plan"), ["ls-remote", "fetch"]);
}

#[test]
fn a_remote_without_a_journal_is_asked_once_in_a_while() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let world = team.clone();
    assert_eq!(counted(&world, "apply --yes"), ["ls-remote"]);
    for line in ["plan", "status", "history"] {
        assert!(counted(&world, line).is_empty(), "{line}");
    }
    // who writes has to know
    assert_eq!(counted(&world, "apply --yes"), ["ls-remote"]);
}

#[test]
fn a_remote_that_cannot_be_reached_is_not_waited_for_each_time() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let world = team.clone();
    world.run("apply --yes").success();
    let none = world.path("../state/driftlock/git");
    fs::remove_dir_all(none).unwrap();
    fs::rename(team.remote(), team.folder.path().join("away.git")).unwrap();
    assert_eq!(counted(&world, "plan"), ["ls-remote"]);
    assert!(counted(&world, "plan").is_empty());
    // who writes asks, and says what is not known
    assert_eq!(counted(&world, "apply --yes"), ["ls-remote"]);
}
