//! Journals that cannot be used: a plan goes on where it can, an apply refuses before it writes.

use std::fs;

use driftlock::journal::{Journal, SqliteJournal};
use jiff::{SignedDuration, Timestamp};

use super::Disk;
use crate::support::world::World;

fn applied() -> World {
    let world = World::applied(&[("A", "one")]);
    world.declare(&[("A", "two")]);
    world
}

#[track_caller]
fn nothing_was_written(world: &World) {
    assert_eq!(world.read("app.env"), "A=one\n");
}

#[test]
fn from_a_newer_version() {
    let world = applied();
    let journal = rusqlite::Connection::open(world.journal()).unwrap();
    journal.pragma_update(None, "user_version", 99).unwrap();
    drop(journal);
    for line in ["plan", "apply --yes", "status", "history"] {
        world
            .run(line)
            .exits(1)
            .says("was written by a newer driftlock");
    }
    nothing_was_written(&world);
}

#[test]
fn damaged_foreign_or_empty() {
    let other = b"SQLite format 3\0 but not really".as_slice();
    for (bytes, words) in [
        (b"nonsense, nonsense and nonsense".as_slice(), "is damaged"),
        (b"", "is damaged"),
        (other, "is damaged"),
    ] {
        let world = applied();
        fs::write(world.journal(), bytes).unwrap();
        for line in ["plan", "apply --yes", "status"] {
            world.run(line).exits(1).says(words);
        }
        nothing_was_written(&world);
        assert_eq!(fs::read(world.journal()).unwrap(), bytes, "left for a look");
    }
    let world = applied();
    fs::remove_file(world.journal()).unwrap();
    fs::create_dir(world.journal()).unwrap();
    world
        .run("apply --yes")
        .exits(1)
        .says("is not a driftlock journal");
    nothing_was_written(&world);
}

#[test]
fn damaged_in_the_middle() {
    let world = applied();
    let mut bytes = fs::read(world.journal()).unwrap();
    let half = bytes.len() / 2;
    bytes[4096..half].fill(0xa5);
    fs::write(world.journal(), bytes).unwrap();
    world.run("plan").exits(1).says("is damaged");
    world.run("apply --yes").exits(1).says("is damaged");
    nothing_was_written(&world);
}

#[test]
fn locked_by_another_process() {
    let world = applied();
    let other = rusqlite::Connection::open(world.journal()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // readers are not in the way of a writer
    world
        .run("plan")
        .success()
        .says("the manifest has a new value");
    world
        .run("apply --yes")
        .exits(1)
        .says("another process is writing to it");
    nothing_was_written(&world);
    other.execute_batch("ROLLBACK").unwrap();
    world.run("apply --yes").success();
    world.in_sync();
}

#[test]
fn on_a_read_only_disk() {
    let world = World::new();
    let Some(disk) = Disk::mount(&world, "state/driftlock", "1m") else {
        return;
    };
    world.declare(&[("A", "one")]);
    world.run("apply --yes").success();
    world.declare(&[("A", "two")]);
    disk.make_read_only();
    world
        .run("plan")
        .success()
        .says("the manifest has a new value")
        .says("read-only");
    world
        .run("apply --yes")
        .exits(1)
        .says("Read-only file system");
    nothing_was_written(&world);
}

#[test]
fn on_a_full_disk() {
    let world = World::new();
    let Some(disk) = Disk::mount(&world, "state/driftlock", "256k") else {
        return;
    };
    world.declare(&[("A", "one")]);
    world.run("apply --yes").success();
    world.declare(&[("A", "two")]);
    disk.fill();
    world
        .run("plan")
        .success()
        .says("the manifest has a new value")
        .says("nothing can be recorded");
    world.run("apply --yes").exits(1).says("full");
    nothing_was_written(&world);
}

#[test]
fn the_clock_went_backwards() {
    let world = applied();
    let mut journal = SqliteJournal::new(world.journal());
    let scope = scope(&world);
    let key = journal.existing_local_key(&scope).unwrap().unwrap();
    let fingerprinter = driftlock::model::Fingerprinter::new(key, vec![]);
    let auth = driftlock::journal::Authenticator::new(&fingerprinter);
    #[expect(
        clippy::disallowed_methods,
        reason = "a time to come, whenever it runs"
    )]
    let later = Timestamp::now() + SignedDuration::from_hours(24);
    let history = journal.history(&scope, &Default::default(), &auth).unwrap();
    let mut receipt = history[0].receipt.clone().unwrap();
    receipt.at = later;
    journal.record(&scope, &[receipt], &auth).unwrap();
    drop(journal);
    world.run("plan").success();
    world
        .run("apply --yes")
        .success()
        .says("the clock of this machine is behind the last receipt");
    world.in_sync();
    world.run("history").success().says("3 receipts");
    world.run("status").success();
}

fn scope(world: &World) -> driftlock::journal::Scope {
    let file = world.path("manifests/dev.yaml").canonicalize().unwrap();
    driftlock::journal::Scope(format!("dev@{}", file.display()))
}
