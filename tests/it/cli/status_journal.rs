//! `status --from-journal`: what scheduled runs last saw, without asking anybody.

use jiff::{SignedDuration, Timestamp};

use super::fits_schema;
use crate::support::sighted::{alerts, look};
use crate::support::world::World;

const SOON: SignedDuration = SignedDuration::from_mins(5);

fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

/// Two files, applied.
fn world(stale_after: &str) -> World {
    let world = World::new();
    let one = format!(
        "one: {{ file: {{ path: ../one.env }}, variables: [A, B], stale_after: {stale_after} }}"
    );
    let two = "two: { file: { path: ../two.env }, variables: [A] }";
    world.declare_on(&[("A", "alpha"), ("B", "beta")], &[&one, two]);
    world.run("apply --yes").success();
    world
}

#[test]
fn it_shows_what_was_seen_and_asks_nobody() {
    let world = world("24h");
    world
        .run("status --from-journal")
        .success()
        .says("one unknown, never seen")
        .says("driftlock reconcile");
    world
        .run("status --from-journal --require-all")
        .exits(1)
        .says("one was never seen by a scheduled run");
    assert!(look(&world, "here", ago(4), SOON));
    let seen = world.run("status --from-journal --require-all").success();
    seen.says("one in sync, seen 4 min ago by here")
        .says("dev: 2 variables on 2 targets, equal everywhere.");

    // what happens now is not asked for
    world.write("one.env", "A=c4naryOutside\n");
    std::fs::remove_file(world.path("two.env")).unwrap();
    world
        .run("status --from-journal")
        .success()
        .says("equal everywhere")
        .hides("c4nary");
    world.run("status --live").success().says("drift");
    world.run("status").success().says("drift");

    assert!(look(&world, "here", ago(3), SOON));
    let run = world.run("status --from-journal").success().hides("c4nary");
    run.says("one differed then (A); missing then (B), seen 3 min ago by here")
        .says("two missing then (A), seen 3 min ago by here")
        .says("2 not as wanted");
    let run = world
        .run("status --from-journal --json")
        .success()
        .hides("c4nary");
    let json = fits_schema(&run, "status");
    let manifest = &json["manifests"][0];
    assert_eq!(manifest["source"], "journal");
    assert_eq!(manifest["targets"][0]["elsewhere"]["machine"], "here");
    assert_eq!(manifest["targets"][0]["unmanaged"], serde_json::Value::Null);
    let live = fits_schema(&world.run("status --json").success(), "status");
    assert_eq!(live["manifests"][0]["source"], "platforms");
    assert_eq!(live["manifests"][0]["targets"][0]["unmanaged"], 0);

    let limited = world.run("status --from-journal --target two").success();
    assert!(!limited.stdout.contains("one"), "{limited:?}");
    world.run("status --from-journal --live").exits(64);
}

#[test]
fn what_was_seen_too_long_ago_is_unknown() {
    let world = world("1h");
    assert!(look(&world, "here", ago(61), SOON));
    let run = world.run("status --from-journal").success();
    run.says("one unknown, last seen 1 h ago by here, which is too long")
        .says("two in sync, seen 1 h ago by here")
        .says("equal wherever it was seen lately");
    world
        .run("status --from-journal --require-all")
        .exits(1)
        .says("one was last looked at by here");
    assert!(look(&world, "here", ago(-20), SOON));
    world
        .run("status --from-journal")
        .success()
        .says("one of the two clocks is wrong");
}

#[test]
fn a_target_that_could_not_be_read_is_not_equal_and_not_missing() {
    let world = world("24h");
    assert!(look(&world, "here", ago(9), SOON));
    std::fs::remove_file(world.path("one.env")).unwrap();
    std::fs::create_dir(world.path("one.env")).unwrap();
    assert!(look(&world, "here", ago(8), SOON));
    let run = world.run("status --from-journal").success();
    run.says("one unknown, could not be read 8 min ago by here")
        .says("two in sync, seen 9 min ago");
    world.run("status --from-journal --require-all").exits(1);
}

#[test]
fn scheduled_runs_write_news_and_signs_of_life() {
    let world = world("24h");
    assert!(look(&world, "here", ago(30), SOON));
    assert!(!look(&world, "here", ago(26), SOON), "nothing new");
    assert!(look(&world, "here", ago(25), SOON), "five minutes later");
    // other commands keep what only this machine can see, and leave these alone
    world.run("plan").success();
    world
        .run("status --from-journal")
        .success()
        .says("one in sync, seen 25 min ago");
    // a file of every machine is another one there
    assert!(look(&world, "laptop", ago(1), SOON));
    world
        .run("status --from-journal")
        .success()
        .says("one in sync, seen 25 min ago by here");
    let mut there = world.command(["status", "--from-journal"]);
    there.env("DRIFTLOCK_MACHINE", "laptop");
    crate::support::world::Run::of(there)
        .success()
        .says("seen 1 min ago by laptop");
}

#[test]
fn a_host_is_seen_by_whoever_looked_last() {
    let world = World::new();
    let far = "far: { file: { host: nobody@vps.invalid, path: /srv/x.env }, variables: [A] }";
    world.declare_on(&[("A", "alpha")], &[far]);
    assert!(look(&world, "laptop", ago(9), SOON));
    assert!(look(&world, "mini", ago(2), SOON));
    world
        .run("status --from-journal")
        .success()
        .says("far unknown, could not be read 2 min ago by mini");
}

#[test]
fn a_forged_sight_counts_as_none() {
    let world = world("24h");
    assert!(look(&world, "here", ago(4), SOON));
    let journal = rusqlite::Connection::open(world.journal()).unwrap();
    let forge = "UPDATE observations SET body = replace(body, '\"equal\"', '\"missing\"')";
    assert_eq!(journal.execute(forge, []).unwrap(), 2);
    drop(journal);
    world
        .run("status --from-journal")
        .success()
        .says("one unknown, never seen");
}

#[test]
fn a_journal_that_cannot_be_read_is_an_error() {
    let world = world("24h");
    std::fs::write(
        world.journal(),
        "no database at all, and long enough to be none",
    )
    .unwrap();
    for more in ["-wal", "-shm"] {
        let path = format!("{}{more}", world.journal().display());
        std::fs::remove_file(path).ok();
    }
    world.run("status --from-journal").exits(1).says("journal");
}

#[test]
fn alerts_that_are_open_are_counted() {
    let world = world("24h");
    assert!(look(&world, "here", ago(4), SOON));
    let none = fits_schema(
        &world.run("status --from-journal --json").success(),
        "status",
    );
    assert_eq!(none["manifests"][0]["alerts"], serde_json::Value::Null);
    alerts(
        &world,
        &[
            ("one", true, false),
            ("two", false, false),
            ("far", false, true),
        ],
    );
    world
        .run("status --from-journal")
        .success()
        .says("equal everywhere, 2 alerts open (1 urgent), 1 muted.")
        .says("$ driftlock alert list");
    let run = world.run("status --from-journal --json").success();
    let counts = fits_schema(&run, "status")["manifests"][0]["alerts"].clone();
    assert_eq!(
        counts,
        serde_json::json!({ "open": 2, "urgent": 1, "muted": 1 })
    );
    let live = fits_schema(&world.run("status --json").success(), "status");
    assert_eq!(live["manifests"][0]["alerts"], serde_json::Value::Null);
    // what somebody wrote into the file is nobody's alert, and is not "none" either
    let journal = rusqlite::Connection::open(world.journal()).unwrap();
    let forge = "UPDATE alerts SET body = replace(body, 'outside', 'nowhere')";
    assert_eq!(journal.execute(forge, []).unwrap(), 1);
    drop(journal);
    world
        .run("status --from-journal")
        .success()
        .says("alerts of dev are not known: they were damaged or forged");
}
