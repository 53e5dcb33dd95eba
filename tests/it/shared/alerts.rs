//! The book of alerts in the ref: one for everybody, and nothing that somebody said about it is lost.

use std::process::Stdio;

use driftlock::model::{AlertClass, Sighting};

use super::killed::treacherous;
use super::lab::Team;
use crate::cli::fits_schema;
use crate::support::alerts::{now, pass, sighting};
use crate::support::world::World;

const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

fn wrong() -> Vec<Sighting> {
    NAMES
        .map(|name| sighting(AlertClass::Drift, Some(name), "changed outside"))
        .into()
}

/// A team whose journal is in the remote, with eight alerts.
fn team() -> Option<(Team, World)> {
    let team = Team::new(&[("A", "one")])?;
    let world = team.clone();
    world.run("apply --yes").success();
    pass(&world, now(), &wrong());
    world.run("journal move git").success();
    Some((team, world))
}

fn muted(world: &World) -> usize {
    let json = fits_schema(&world.run("alert list --json").success(), "alerts-list");
    let alerts = json["manifests"][0]["alerts"].as_array().unwrap().clone();
    assert_eq!(alerts.len(), NAMES.len());
    alerts
        .iter()
        .filter(|alert| !alert["muted"].is_null())
        .count()
}

fn generation(world: &World) -> u64 {
    let json = fits_schema(&world.run("alert list --json").success(), "alerts-list");
    json["manifests"][0]["generation"].as_u64().unwrap()
}

#[test]
fn it_moves_to_the_remote_and_everybody_reads_it() {
    let Some((team, world)) = team() else { return };
    let other = team.clone();
    other.run("alert list").success().says("8 alerts open.");
    other
        .run("alert mute A@app --reason known --until 3d")
        .success();
    world
        .run("alert list")
        .success()
        .says("7 alerts open, 1 muted.")
        .says("known");
    world.run("journal move own.sqlite3").success();
    world
        .run("--journal own.sqlite3 alert list")
        .success()
        .says("7 alerts open, 1 muted.");
    // an apply of a value leaves it as it is
    team.edit(&[&world], &[("A", "two")]);
    world.run("apply --yes").success();
    world.run("alert list").says("7 alerts open, 1 muted.");
}

#[test]
fn eight_that_change_it_at_once_are_all_heard() {
    let Some((team, _)) = team() else { return };
    let worlds: Vec<World> = NAMES.iter().map(|_| team.clone()).collect();
    let before = generation(&worlds[0]);
    let children: Vec<_> = worlds
        .iter()
        .zip(NAMES)
        .map(|(world, name)| {
            let place = format!("{name}@app");
            let words = ["alert", "mute", &place, "--reason", "race", "--until", "1d"];
            let mut command = world.command(words);
            command
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
    let world = team.clone();
    assert_eq!(muted(&world), NAMES.len());
    assert_eq!(generation(&world), before + NAMES.len() as u64);
}

#[test]
fn killed_at_each_step_of_git_it_was_said_or_it_was_not() {
    let Some((team, world)) = team() else { return };
    let bin = treacherous(&world);
    let path = std::env::var("PATH").unwrap();
    let mut kills = 0;
    for how in ["before", "while", "after"] {
        for at in 1.. {
            for (file, text) in [("steps", ""), ("at", &at.to_string()), ("how", how)] {
                std::fs::write(bin.join(file), text).unwrap();
            }
            let words = ["alert", "mute", "B@app", "--until", "1d", "--reason"];
            let mut command = world.command(words);
            command.arg(format!("{how} {at}"));
            command.env("PATH", format!("{}:{path}", bin.display()));
            let code = command.output().unwrap().status.code();
            assert!(matches!(code, None | Some(0)), "{how} {at}: {code:?}");
            // whatever it came to, the next word is heard by everybody
            world
                .run("alert mute A@app --reason next --until 1d")
                .success();
            assert!(muted(&team.clone()) >= 1);
            world.run("alert unmute A@app").success();
            if code.is_some() {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills >= 9, "{kills}");
    assert_eq!(muted(&world), 1);
}

#[test]
fn set_back_or_taken_away_alone_it_is_noticed() {
    let Some((team, world)) = team() else { return };
    let other = team.clone();
    let old = other.run("alert list").success();
    drop(old);
    let before = team.everything();
    assert!(before.contains("alerts.json"));
    let mut book = String::new();
    team.tamper(|path, text| {
        Some(if path.ends_with("/alerts.json") {
            format!("{text}\n")
        } else {
            text.to_owned()
        })
    });
    for commit in super::lab::sure(&team.remote(), &["rev-list", super::lab::JOURNAL]).lines() {
        let paths = super::lab::sure(&team.remote(), &["ls-tree", "-r", "--name-only", commit]);
        for path in paths.lines().filter(|path| path.ends_with("/alerts.json")) {
            book = super::lab::sure(
                &team.remote(),
                &["cat-file", "blob", &format!("{commit}:{path}")],
            );
        }
    }
    world
        .run("alert mute A@app --reason known --until 3d")
        .success();
    let put = |new: Option<&str>| {
        team.tamper(|path, text| match path.ends_with("/alerts.json") {
            true => new.map(str::to_owned),
            false => Some(text.to_owned()),
        });
    };
    // genuine, and older than what was seen
    put(Some(&book));
    world
        .run("apply --yes")
        .exits(3)
        .says("the alerts of dev are older than what this machine saw");
    world.run("alert list").says("7 alerts open, 1 muted.");
    world.run("journal restore --yes").success();
    other
        .run("alert list")
        .success()
        .says("7 alerts open, 1 muted.");
    put(None);
    world.run("apply --yes").exits(3).says("are gone from it");
    world.run("journal accept --yes").success();
    world.run("alert list").success().says("No alert is open.");
}

#[test]
fn forged_it_counts_as_none() {
    let Some((team, world)) = team() else { return };
    team.tamper(|path, text| {
        let other = text.replace("changed outside", "all is well");
        Some(if path.ends_with("/alerts.json") {
            other
        } else {
            text.to_owned()
        })
    });
    world
        .run("alert list")
        .exits(1)
        .says("does not verify")
        .hides("all is well");
    team.tamper(|path, text| {
        let garbage = "{ \"body\": ".to_owned();
        Some(if path.ends_with("/alerts.json") {
            garbage
        } else {
            text.to_owned()
        })
    });
    world
        .run("plan")
        .says("which this machine saw, are gone from it");
    let fresh = team.clone();
    fresh.run("plan").says("cannot be read, and counts as none");
    fresh.run("alert list").success().says("No alert is open.");
}

#[test]
fn a_cache_that_an_older_program_kept_is_read_anew() {
    let Some((_team, world)) = team() else { return };
    world.run("alert list").says("8 alerts open.");
    let folder = world.root().join("state/driftlock/git");
    let mut caches = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "sqlite3") {
            continue;
        }
        let connection = rusqlite::Connection::open(path).unwrap();
        connection
            .execute_batch(
                "INSERT INTO garbage SELECT name || '/alerts.json' FROM folders;
                 DROP TABLE alerts; PRAGMA user_version = 3;",
            )
            .unwrap();
        caches += 1;
    }
    assert_eq!(caches, 1);
    let run = world.run("alert list").success().says("8 alerts open.");
    assert!(!run.stderr.contains("counts as none"), "{}", run.stderr);
}

#[test]
fn where_the_remote_cannot_be_reached_nothing_is_changed() {
    let Some((team, world)) = team() else { return };
    world.run("alert list").success();
    let away = team.folder.path().join("away.git");
    std::fs::rename(team.remote(), &away).unwrap();
    world
        .run("alert list")
        .success()
        .says("8 alerts open.")
        .says("going on from what this machine saw");
    world.run("alert mute A@app --reason x --until 1d").exits(1);
    std::fs::rename(&away, team.remote()).unwrap();
    world.run("alert list").says("8 alerts open.");
}
