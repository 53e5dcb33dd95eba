//! `alert list`, `mute`, `unmute` and `release`: what scheduled runs left in the journal.

use driftlock::alert::brake::{braked, note_heals};
use driftlock::journal::{Journal, SqliteJournal};
use driftlock::model::{AlertBook, AlertClass, Sighting, Who};

use super::fits_schema;
use crate::support::alerts::{auth, now, pass, scope, sighting};
use crate::support::world::World;

fn wrong() -> Vec<Sighting> {
    let mut drift = sighting(AlertClass::Drift, Some("A"), "changed outside");
    drift.who = Some(Who {
        by: Some("ann\u{1b}[2J".to_owned()),
        source: "the file's owner".to_owned(),
        ..Who::default()
    });
    let mut other = sighting(AlertClass::Conflict, Some("B"), "both moved");
    other.owner = Some("ops".to_owned());
    vec![
        drift,
        other,
        sighting(AlertClass::Held, None, "held by changes"),
    ]
}

fn world() -> (World, AlertBook) {
    let world = World::applied(&[("A", "one"), ("B", "b")]);
    let book = pass(&world, now(), &wrong());
    (world, book)
}

fn id_of(book: &AlertBook, class: AlertClass) -> &str {
    let mut open = book.open.values();
    &open.find(|alert| alert.key.class == class).unwrap().id
}

#[test]
fn what_is_open_is_listed_with_what_to_do() {
    let (world, book) = world();
    let run = world.run("alert list").success();
    let run = run
        .says("drift A on app: changed outside")
        .says("conflict B on app: both moved")
        .says("held app: held by changes")
        .says("; ask ops")
        .says("by ann")
        .says("$ driftlock plan --target app")
        .says("3 alerts open.")
        .hides("\u{1b}[2J");
    for alert in book.open.values() {
        assert!(run.stdout.contains(&alert.id));
    }
    let json = fits_schema(&world.run("alert list --json").success(), "alerts-list");
    assert_eq!(json["manifests"][0]["alerts"].as_array().unwrap().len(), 3);
    assert_eq!(json["manifests"][0]["generation"], 1);
    world.run("alert list --all").says("drift A on app: opened");
    pass(&world, now(), &[]);
    world.run("alert list").success().says("No alert is open.");
    world.run("alert list --all").says("drift A on app: over");
}

#[test]
fn nobody_ever_looked() {
    let world = World::applied(&[("A", "one")]);
    world.run("alert list").success().says("No alert is open.");
    let json = fits_schema(&world.run("alert list --json").success(), "alerts-list");
    assert!(json["manifests"][0]["book"].is_null());
    let empty = World::new();
    empty.declare(&[("A", "one")]);
    empty.run("alert list").success();
    assert!(!empty.journal().exists(), "looking makes nothing");
    empty
        .run("alert mute A@app --reason x --until 1d")
        .exits(1)
        .says("no alert A@app is open");
    assert!(!empty.journal().exists());
}

#[test]
fn a_mute_is_silent_about_it_and_hides_nothing() {
    let (world, book) = world();
    world.write("app.env", "A=hand\nB=b\n");
    let run = world
        .run("alert mute A@app --reason debugging --until 3d")
        .success();
    run.says("drift A on app")
        .says("is muted until")
        .says("plan, status and check show it all the same");
    world
        .run("alert list")
        .says("muted until")
        .says("by tester@here: debugging")
        .says("2 alerts open, 1 muted.");
    let json = fits_schema(&world.run("alert list --json").success(), "alerts-list");
    let alerts = json["manifests"][0]["alerts"].as_array().unwrap();
    let muted: Vec<_> = alerts
        .iter()
        .filter(|one| !one["muted"].is_null())
        .collect();
    assert_eq!(muted.len(), 1);
    assert_eq!(muted[0]["muted"]["reason"], "debugging");
    world.run("plan").success().says("drift: changed outside");
    world.run("status").says("A");
    // a pass that sees the same tells nothing; one that sees another state does
    let same = pass(&world, now(), &wrong());
    assert_eq!(same.last_event, book.last_event);
    let mut moved = wrong();
    moved[0].pin = "again".to_owned();
    assert_eq!(pass(&world, now(), &moved).last_event, book.last_event + 1);
    world.run("alert list").says("3 alerts open.");
}

#[test]
fn a_mute_is_taken_back_by_id_or_by_name() {
    let (world, book) = world();
    let held = id_of(&book, AlertClass::Held);
    let mute = format!("alert mute {} --until 2w --reason known", &held[..6]);
    world.run(&mute).success().says(held);
    world.run("alert list").says("2 alerts open, 1 muted.");
    world
        .run(&format!("alert unmute {held}"))
        .success()
        .says("is not muted any more");
    world
        .run(&format!("alert unmute {held}"))
        .success()
        .says("was not muted");
    world.run("alert list").says("3 alerts open.");
    // what is over for now can be unmuted too
    world
        .run("alert mute B@app --reason x --until 1d")
        .success();
    pass(&world, now(), &[]);
    world
        .run("alert unmute B@app")
        .success()
        .says("is not muted any more");
    world
        .run("alert unmute B@app")
        .exits(1)
        .says("no alert B@app is open")
        .says("alert list");
}

#[test]
fn a_mute_that_makes_no_sense_is_refused() {
    let (world, book) = world();
    let before = pass(&world, now(), &wrong());
    for (line, code, words) in [
        ("alert mute A@app --until 3d", 64, "--reason"),
        ("alert mute A@app --reason x", 64, "--until"),
        (
            "alert mute A@app --reason x --until 91d",
            64,
            "more than 90 days",
        ),
        (
            "alert mute A@app --reason x --until 2020-01-01",
            64,
            "passed already",
        ),
        (
            "alert mute A@app --reason x --until soon",
            64,
            "this is no end",
        ),
        ("alert mute A --reason x --until 3d", 64, "VARIABLE@TARGET"),
        (
            "alert mute C@app --reason x --until 3d",
            1,
            "no alert C@app is open",
        ),
        (
            "alert mute 000000000000 --reason x --until 3d",
            1,
            "is open",
        ),
        ("alert unmute C@app", 1, "no alert C@app is open"),
        ("alert release A@app", 1, "alert list"),
        ("alert release 0123abcd", 64, "VARIABLE@TARGET"),
    ] {
        let run = world.run(line).exits(code).says(words);
        assert!(!run.stderr.contains("panicked"));
    }
    let mut empty = world.command(["alert", "mute", "A@app", "--until", "3d", "--reason"]);
    empty.arg("two\nlines");
    crate::support::world::Run::of(empty)
        .exits(64)
        .says("a mute needs a reason");
    let after = pass(&world, now(), &wrong());
    assert_eq!((after.generation, &after), (before.generation, &book));
}

#[test]
fn the_manifest_is_found_or_named() {
    let world = World::new();
    let text = |name: &str, path: &str| {
        let target = format!("app: {{ file: {{ path: ../{path} }}, variables: [A] }}");
        crate::support::lab::manifest(name, &[("A", "one")], &[&target])
    };
    world.write("manifests/dev.yaml", text("dev", "app.env"));
    world.write("manifests/prod.yaml", text("prod", "prod.env"));
    world.run("apply --yes").success();
    pass(&world, now(), &wrong()[..1]);
    world
        .run("alert mute A@app --reason x --until 1d")
        .success();
    world
        .run("alert mute A@app --reason x --until 1d -f manifests/prod.yaml")
        .exits(1)
        .says("no alert A@app is open");
    world
        .run("alert unmute A@app -f manifests/dev.yaml")
        .success();
    world
        .run("alert list manifests/prod.yaml")
        .says("No alert is open.");
}

#[test]
fn a_brake_is_listed_and_released() {
    let (world, _) = world();
    let mut journal = SqliteJournal::new(world.journal());
    let (scope, auth) = (scope(&world), auth(&journal, &scope(&world)));
    let one = ("app".parse().unwrap(), "A".parse().unwrap());
    for _ in 0..3 {
        let heal =
            &mut |book: &AlertBook| Some(note_heals(book, std::slice::from_ref(&one), now()));
        journal.change_alerts(&scope, &auth, heal).unwrap();
    }
    world
        .run("alert list")
        .says("not healed any more: A on app")
        .says("$ driftlock alert release A@app");
    let json = fits_schema(&world.run("alert list --json").success(), "alerts-list");
    assert_eq!(json["manifests"][0]["braked"][0]["variable"], "A");
    world.run("alert release B@app").exits(1);
    world
        .run("alert release A@app")
        .success()
        .says("healed again from the next run on");
    let book = journal.alerts(&scope, &auth).unwrap();
    let driftlock::journal::Remembered::Known(book) = book else {
        panic!("{book:?}");
    };
    assert!(braked(&book, now()).is_empty());
    world.run("alert release A@app").exits(1);
}

#[test]
fn what_cannot_be_believed_or_read_is_not_taken_for_nothing() {
    let (world, _) = world();
    let sql = |text: &str| {
        let connection = rusqlite::Connection::open(world.journal()).unwrap();
        connection.execute_batch(text).unwrap();
    };
    sql("CREATE TABLE kept AS SELECT * FROM alerts;
         UPDATE alerts SET body = replace(body, 'changed outside', 'all is well');");
    world
        .run("alert list")
        .exits(1)
        .says("does not verify")
        .says("of 1 manifest nothing is known")
        .hides("all is well");
    let json = fits_schema(&world.run("alert list --json").exits(1), "alerts-list");
    assert!(json["manifests"][0]["unknown"].is_string());
    world
        .run("alert mute A@app --reason x --until 1d")
        .exits(1)
        .says("does not verify");
    sql("DELETE FROM alerts; INSERT INTO alerts SELECT * FROM kept; DROP TABLE kept;");
    world.run("alert list").success().says("3 alerts open.");
    sql("UPDATE alerts SET key = zeroblob(8)");
    world.run("alert list").exits(1).says("under a key");
}

#[test]
fn without_an_identity_nothing_is_known() {
    let world = World::with_env("TOKEN=abc123\n");
    world.run("apply --yes --take-over local").success();
    world.run("alert list").success().says("No alert is open.");
    std::fs::remove_file(world.config("driftlock/keys.txt")).unwrap();
    world.run("alert list").says("stays sealed");
}
