//! An apply that was killed after its write: what it overwrote is not lost.

use super::{count, hides, retarget, set, target, world};
use crate::support::world::World;

/// `TOKEN` and `KEY` on `one`, whose activation kills the program that runs it: after the write and
/// before the receipt.
fn killed(value: &str) -> Option<World> {
    crate::support::peers::program("sh")?;
    let world = world(
        "KEY=c4naryKey\nTOKEN=c4naryOne\n",
        &[&target("one", "TOKEN, KEY", "")],
    );
    set(&world, "TOKEN", value);
    kill(&world, "");
    Some(world)
}

fn kill(world: &World, more: &str) {
    let deadly = target("one", "TOKEN, KEY", ", activate: 'kill -9 $PPID'");
    retarget(world, &[&deadly]);
    let run = world.run(&format!("apply --yes --allow authority {more}"));
    assert_eq!(run.code, -1, "{run:?}");
    retarget(world, &[&target("one", "TOKEN, KEY", "")]);
}

#[test]
fn the_next_receipt_takes_back_what_the_killed_one_overwrote() {
    let Some(world) = killed("c4naryTwo") else {
        return;
    };
    assert!(world.read("one.env").contains("TOKEN=c4naryTwo"));
    assert_eq!(count(&world), 3);
    // finds it equal, and has nothing to write
    world.run("apply --yes").success().says("nothing written");
    world
        .run("undo")
        .says("2 receipts of dev can be undone")
        .hides("c4nary");
    world.run("undo 2 --yes").success().hides("c4nary");
    assert_eq!(world.read("one.env"), "KEY=c4naryKey\nTOKEN=c4naryOne\n");
    world.run("undo 3 --yes").success();
    assert!(world.read("one.env").contains("TOKEN=c4naryTwo"));
    hides(&world, "c4nary");
}

#[test]
fn the_oldest_value_is_what_several_applies_go_back_to() {
    let Some(world) = killed("c4naryTwo") else {
        return;
    };
    set(&world, "TOKEN", "c4naryThree");
    kill(&world, "--overwrite TOKEN@one");
    set(&world, "TOKEN", "c4naryFour");
    // somebody has to say that the killed ones were ours
    world.run("apply --yes --overwrite TOKEN@one").success();
    assert!(world.read("one.env").contains("TOKEN=c4naryFour"));
    world.run("undo 2 --yes").success();
    assert!(world.read("one.env").contains("TOKEN=c4naryOne"));
    assert_eq!(
        count(&world),
        4,
        "two of the first, one of receipt 2, one of the undo"
    );
}

#[test]
fn what_somebody_wrote_in_between_is_what_was_overwritten() {
    let Some(world) = killed("c4naryTwo") else {
        return;
    };
    world.write("one.env", "KEY=c4naryKey\nTOKEN=c4naryOutside\n");
    world.run("apply --yes --overwrite TOKEN@one").success();
    world.run("undo 2 --yes").success();
    assert!(world.read("one.env").contains("TOKEN=c4naryOutside"));
}

#[test]
fn a_receipt_that_says_nothing_of_it_leaves_it_for_a_later_one() {
    let Some(world) = killed("c4naryTwo") else {
        return;
    };
    set(&world, "KEY", "c4naryKey2");
    world.run("apply --yes --only KEY").success();
    world.run("apply --yes").success();
    world.run("undo 3 --yes").success();
    assert_eq!(world.read("one.env"), "KEY=c4naryKey2\nTOKEN=c4naryOne\n");
    world.run("undo 2 --yes").success();
    assert_eq!(world.read("one.env"), "KEY=c4naryKey\nTOKEN=c4naryOne\n");
}
