//! After a re-key nothing is new: the plan is empty, unattended applies go on, what was overwritten
//! can still be put back; and whoever was removed cannot use what they know.

use std::sync::Arc;

use driftlock::crypto::{IdentityRequest, Keyring, NoPrompt, Recipient};
use driftlock::manifest::Editor;
use driftlock::reconcile::load::{Opener, load, open};
use driftlock::reconcile::readers::{listed, rekey};
use rusqlite::Connection;

use super::lab::{Person, put, run};
use crate::support::peers;
use crate::support::shop::{TOKEN, shop};
use crate::support::world::World;

/// Applied twice, so that there is something to undo; alice reads too.
fn applied(world: &World, journal: &str) -> Option<Person> {
    let alice = Person::age(world, "alice")?;
    run(world, "recipients add --name", &["alice", &alice.public]).success();
    let line = |line: &str| world.run(&format!("{journal}{line}"));
    line("apply --yes").success();
    world.run_with("set API_TOKEN", "canary-second").success();
    line("apply --yes").success();
    Some(alice)
}

fn goes_on(world: &World, journal: &str) {
    let line = |line: &str| world.run(&format!("{journal}{line}"));
    world
        .run("recipients remove alice")
        .success()
        .hides("canary");
    // who went is told until it is applied; nothing is to be written
    line("plan")
        .success()
        .says("reader removed")
        .says("No changes.")
        .omits("take-over")
        .omits("new-key");
    // what one reader changed after it goes out where nobody is asked
    world.run_with("set DB_PASSWORD", "canary-third").success();
    let plan = line("plan").success();
    plan.omits("held by").says("the manifest has a new value");
    line("apply --yes").success().hides("canary");
    assert!(world.read(".env").contains("canary-third"));
    line("plan --detailed-exitcode").exits(0);
    line("history --limit 9").success().omits("not verif");
    // what the apply before the re-key overwrote
    line("undo 2 --yes").success().hides("canary");
    assert!(world.read(".env").contains(TOKEN));
    let list = line("undo").success();
    list.omits("another key").omits("does not verify");
    line("doctor").omits("new-key");
}

#[test]
fn with_a_journal_of_this_machine() {
    let world = shop();
    if applied(&world, "").is_some() {
        goes_on(&world, "");
    }
}

#[test]
fn with_a_journal_in_git() {
    if peers::program("git").is_none() {
        return;
    }
    let world = shop();
    let remote = world.root().join("remote.git");
    world.git(&format!("init -q --bare {}", remote.display()));
    world.git("init -q");
    world.git(&format!("remote add origin {}", remote.display()));
    world.git("add manifests");
    world.git("commit -qm first");
    world.git("push -q origin HEAD:main");
    let journal = "--journal git ";
    if applied(&world, journal).is_some() {
        goes_on(&world, journal);
    }
}

#[test]
fn against_a_revision_of_before() {
    if peers::program("git").is_none() {
        return;
    }
    let world = shop();
    let Some(_alice) = applied(&world, "") else {
        return;
    };
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm first");
    world.run("recipients remove alice").success();
    world.run_with("set DB_PASSWORD", "canary-third").success();
    let plan = world.run("plan --since HEAD").success();
    plan.omits("new-key").says("the manifest has a new value");
    // for who reviews it: who went, by whom the key was made, and that no value changed but one
    let diff = world.run("diff HEAD").success();
    diff.says("made by a reader of the former key")
        .says("sealed anew with the same value")
        .says("alice")
        .hides("canary");
}

#[test]
fn several_keys_later_the_first_records_still_count() {
    let world = shop();
    world.run("apply --yes").success();
    for _ in 0..3 {
        world.run("recipients rekey").success();
    }
    world.in_sync();
    let seal = load(&world.manifest()).unwrap().manifest.seal.unwrap();
    assert_eq!(seal.former_fingerprints.len(), 3);
    world.run_with("set API_TOKEN", "canary-second").success();
    world.run("apply --yes").success();
    world.in_sync();
    world.run("undo 2 --yes").success();
    assert!(world.read(".env").contains(TOKEN));
}

/// What somebody makes who could read before, and has the repository: a key of their own for the
/// present readers, with the fingerprint key that they know.
fn forged(text: &str, with: &Person, readers: &[Recipient]) -> String {
    let loaded = load(text).unwrap();
    let request = IdentityRequest {
        explicit: vec![with.file.clone()],
        ..IdentityRequest::default()
    };
    let prompt: driftlock::crypto::SharedPrompt = Arc::new(NoPrompt);
    let mut keyring = Keyring::new(&request, prompt.clone());
    let opening = open(&loaded.manifest, &mut keyring);
    let opened = opening.as_open().expect("could read then");
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let now = "2026-01-31T00:00:00Z".parse().unwrap();
    let made = rekey(&loaded.manifest, &mut opener, opened, readers, now, &prompt).unwrap();
    let spelled: Vec<String> = readers
        .iter()
        .map(|one| one.canonical().to_owned())
        .collect();
    let mut editor = Editor::new(text).unwrap();
    editor.set_recipients(&spelled).unwrap();
    for (name, source) in &made.sources {
        editor.set(name, source).unwrap();
    }
    editor.set_seal(&made.seal).unwrap();
    editor.finish().unwrap().0
}

#[test]
fn a_removed_reader_who_knows_the_former_key_is_a_stranger() {
    let world = shop();
    let Some(alice) = applied(&world, "") else {
        return;
    };
    let before = world.manifest();
    world.run("recipients remove alice").success();
    world.run("apply --yes").success();
    let readers = listed(&load(&world.manifest()).unwrap().manifest).unwrap();
    put(&world, &forged(&before, &alice, &readers));
    // it opens for us and its list is signed: only the records tell it apart
    world.run("recipients verify").success();
    std::fs::write(world.path(".env"), "API_TOKEN=outside\n").unwrap();
    world.run("apply --yes").exits(3).says("held by new-key");
    assert_eq!(world.read(".env"), "API_TOKEN=outside\n");
    // nor does the old file itself
    put(&world, &before);
    world.run("apply --yes").exits(3).says("held by new-key");
}

fn kept(world: &World) -> i64 {
    let file = world.journal().with_file_name("undo.sqlite3");
    let database = Connection::open(file).unwrap();
    database
        .query_row("SELECT count(*) FROM kept", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn what_is_kept_is_carried_over_once() {
    let world = shop();
    let Some(_alice) = applied(&world, "") else {
        return;
    };
    let before = kept(&world);
    assert!(before > 0);
    world.run("recipients rekey").success();
    assert_eq!(kept(&world), before);
    world.run("recipients remove alice").success();
    assert_eq!(kept(&world), before);
    world.run("apply --yes").success().omits("dropped");
    world.run("undo 2 --yes").success();
    assert!(world.read(".env").contains(TOKEN));
}

#[test]
fn an_undo_file_that_cannot_be_used_stops_no_removal() {
    let world = shop();
    let Some(_alice) = applied(&world, "") else {
        return;
    };
    let file = world.journal().with_file_name("undo.sqlite3");
    std::fs::write(&file, "garbage").unwrap();
    world
        .run("recipients remove alice")
        .success()
        .says("what can be undone here does not follow to the new key");
    world.run("plan").success().says("No changes.");
}

#[test]
fn a_new_reader_is_asked_for_and_then_counts() {
    let world = shop();
    world.run("apply --yes").success();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    run(&world, "recipients add --name", &["alice", &alice.public]).success();
    world
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("reader added")
        .says("No changes.");
    world.run_with("set API_TOKEN", "canary-second").success();
    world
        .run("apply --yes")
        .exits(3)
        .says("held by authority")
        .says("--allow authority");
    world.run("apply --yes --allow authority").success();
    world.run("plan").success().omits("reader added");
}
