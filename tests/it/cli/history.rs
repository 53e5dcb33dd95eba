//! `history` through the binary: what was applied, newest first.

use crate::support::world::World;

#[test]
fn receipts_are_listed_newest_first() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = World::applied(&[("A", "one"), ("B", "b")]);
    world.git("init -q");
    world.git("add .");
    world.git("commit -qm first");
    world.declare(&[("A", "two"), ("B", "b")]);
    world.run("apply --yes").success();
    world.write("app.env", "A=two\n");
    world.run("apply --yes").success();
    let all = world.run("history").success().says("3 receipts of dev.");
    let heads: Vec<&str> = all
        .stdout
        .lines()
        .filter(|line| line.contains("by tester@here"))
        .collect();
    assert_eq!(heads.len(), 3, "{all:?}");
    world.run("history A").says("2 receipts of A.");
    world.run("history B").says("2 receipts of B.");
    world.run("history NEVER").success().says("No receipts of");
    world.run("history --target app").says("3 receipts of app.");
    world
        .run("history --limit 1")
        .says("1 receipt of dev")
        .says("older");
    let json = world.run("history --json").success();
    let json = super::plan::fits_schema(&json, "history");
    // the second one came from a commit with edits on top
    let revision = json["entries"][1]["revision"].as_str().unwrap();
    assert!(revision.ends_with('+') && revision.len() > 12, "{revision}");
}

#[test]
fn a_journal_that_was_never_made_has_no_history() {
    let world = World::new();
    world.declare(&[("A", "one")]);
    world.run("history").success().says("No receipts of");
    assert!(!world.journal().exists(), "looking makes nothing");
    world.run("plan").success();
    assert!(!world.journal().exists(), "planning makes nothing");
}

#[test]
fn it_shows_refusals_and_adoptions() {
    let world = World::applied(&[("A", "one")]);
    world.write("app.env", "A=one\nB=theirs\n");
    world.declare(&[("A", "one"), ("B", "ours")]);
    world.run("apply --yes --adopt B@app").success();
    let json = world.run("history B --json").success();
    let json = super::plan::fits_schema(&json, "history");
    assert_eq!(json["entries"][0]["variables"][0]["action"], "adopt");
    world.run("history B").success().hides("theirs");
}
