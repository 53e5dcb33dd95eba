//! Receipts that cannot be undone: one error each, and nothing is written.

use rusqlite::Connection;

use super::{file, moved, retarget, set, sql, target};
use crate::support::lab::manifest;
use crate::support::world::World;

#[track_caller]
fn refuses(world: &World, line: &str, words: &str) {
    let before = world.read("one.env");
    let receipts = world.run("history").success().stdout;
    world.run(line).exits(3).says(words).hides("c4nary");
    assert_eq!(world.read("one.env"), before);
    let after = world.run("history").success().stdout;
    let heads = |text: &str| text.lines().filter(|line| line.contains(" by ")).count();
    assert_eq!(heads(&receipts), heads(&after), "no receipt was written");
}

#[test]
fn a_receipt_that_is_none() {
    let world = moved();
    refuses(
        &world,
        "undo 9 --yes",
        "this manifest has no receipt of that number",
    );
    refuses(&world, "undo 2 9 --yes", "cannot undo receipt 9");
    world.write("one.env", "TOKEN=c4naryTwo\nKEY=c4naryKey\n");
    std::fs::remove_file(world.journal()).unwrap();
    world.run("apply --yes").success();
    refuses(&world, "undo 1 --yes", "nothing was written by it");
    world.run("undo x --yes").exits(64);
}

#[test]
fn a_receipt_that_does_not_verify() {
    let world = moved();
    let journal = Connection::open(world.journal()).unwrap();
    journal
        .execute_batch(
            "UPDATE receipts SET body = replace(body, 'tester', 'nobody') WHERE number = 2",
        )
        .unwrap();
    refuses(&world, "undo 2 --yes", "it does not verify");
    world.run("undo").says("it does not verify");
}

#[test]
fn a_target_that_is_gone_or_moved() {
    let world = moved();
    retarget(&world, &[&target("other", "TOKEN, KEY", "")]);
    refuses(
        &world,
        "undo 2 --yes",
        "the manifest has no target one any more",
    );
    retarget(
        &world,
        &["one: { file: { path: ../elsewhere.env }, variables: [TOKEN, KEY] }"],
    );
    refuses(&world, "undo 2 --yes", "one was another place then");
}

#[test]
fn a_receipt_of_another_machine() {
    let world = moved();
    std::fs::remove_file(file(&world)).unwrap();
    let mut command = world.command(["undo", "2", "--yes"]);
    command.env("DRIFTLOCK_MACHINE", "laptop");
    let run = crate::support::world::Run::of(command).exits(3);
    // its place is named by its machine
    run.says("one was another place then");
    let text = world.read("manifests/dev.yaml");
    world.write(
        "manifests/dev.yaml",
        text.replace(
            "{ path: ../one.env }",
            "{ machine: here, path: ../one.env }",
        ),
    );
    world.run("apply --yes --allow authority").success();
    set(&world, "TOKEN", "c4naryThree");
    world.run("apply --yes").success();
    std::fs::remove_file(file(&world)).unwrap();
    let mut command = world.command(["undo", "4", "--yes"]);
    command.env("DRIFTLOCK_MACHINE", "laptop");
    crate::support::world::Run::of(command)
        .exits(3)
        .says("kept on the machine that applied it: tester@here");
}

#[test]
fn a_row_that_was_edited_or_moved() {
    for edit in [
        // another variable's payload, another kind
        "UPDATE kept SET body = (SELECT body FROM kept WHERE variable = 'KEY') WHERE receipt = 2",
        "UPDATE kept SET kind = 'absent' WHERE receipt = 2",
        "UPDATE kept SET kind = 'clear' WHERE receipt = 2",
        "UPDATE kept SET variable = 'KEY' WHERE receipt = 2",
        "UPDATE kept SET mac = zeroblob(32) WHERE receipt = 2",
    ] {
        let world = moved();
        sql(&world, edit);
        refuses(&world, "undo 2 --yes", "somebody edited the undo file");
    }
    for edit in [
        // damage of a whole row is a row less, and so is one of another receipt
        "UPDATE kept SET kind = 'c4nary' WHERE receipt = 2",
        "UPDATE kept SET plan = 'c4nary' WHERE receipt = 2",
        "DELETE FROM kept WHERE receipt = 2; UPDATE kept SET receipt = 2 WHERE variable = 'TOKEN'",
    ] {
        let world = moved();
        sql(&world, edit);
        refuses(&world, "undo 2 --yes", "are not kept, or no longer");
    }
    // an older value of the same variable under the name of this receipt
    let world = moved();
    set(&world, "TOKEN", "c4naryThree");
    world.run("apply --yes").success();
    sql(
        &world,
        "UPDATE kept SET (body, wanted, key, mac) =
            (SELECT body, wanted, key, mac FROM kept WHERE receipt = 2)
         WHERE receipt = 3",
    );
    refuses(&world, "undo 3 --yes", "somebody edited the undo file");
}

#[test]
fn a_row_of_another_manifest() {
    let world = moved();
    let other = moved();
    let path = file(&other).display().to_string();
    sql(
        &world,
        &format!(
            "ATTACH '{path}' AS o;
             UPDATE kept SET (body, key, mac) =
                (SELECT body, key, mac FROM o.kept WHERE receipt = 2)
             WHERE receipt = 2"
        ),
    );
    refuses(&world, "undo 2 --yes", "somebody edited the undo file");
}

#[test]
fn without_an_identity() {
    let world = moved();
    world.hide_identity();
    world.run("undo 2 --yes").exits(1).says("stays sealed");
    world
        .run("undo")
        .success()
        .says("the manifest stays sealed")
        .hides("c4nary");
}

#[test]
fn several_manifests_are_told_apart() {
    let world = moved();
    let b = manifest(
        "b",
        &[("A", "x")],
        &["app: { file: { path: ../b.env }, variables: [A] }"],
    );
    world.write("manifests/b.yaml", b);
    world
        .run("undo 2 --yes")
        .exits(64)
        .says("there are several manifests");
    world
        .run("undo 2 --yes -f manifests/b.yaml")
        .exits(3)
        .says("this manifest has no receipt of that number");
    world.run("undo 2 --yes -f manifests/dev.yaml").success();
}
