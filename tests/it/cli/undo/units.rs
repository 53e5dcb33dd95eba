//! A variable of several targets is taken back on all of them, or somebody says that it is not.

use super::{set, target, world};
use crate::support::world::World;

fn two() -> World {
    let world = world(
        "OWN=c4naryOwn\nSHARED=c4naryOld\n",
        &[
            &target("one", "SHARED, OWN", ""),
            &target("two", "{ RENAMED: { from: SHARED } }", ""),
        ],
    );
    set(&world, "SHARED", "c4naryNew");
    world.run("apply --yes").success();
    world
}

#[test]
fn one_side_alone_is_held_and_names_the_other_receipt() {
    let world = two();
    let held = world.run("undo 3 --yes").exits(3).hides("c4nary");
    held.clone()
        .says("SHARED is on two too")
        .says("`driftlock undo 3 4` takes it back on both");
    assert_eq!(world.read("two.env"), "RENAMED=c4naryNew\n");
    world.run("undo 3 4 --yes").success();
    assert_eq!(world.read("one.env"), "OWN=c4naryOwn\nSHARED=c4naryOld\n");
    assert_eq!(world.read("two.env"), "RENAMED=c4naryOld\n");
    world.run("undo 5 6 --yes").success();
    world.in_sync();
    // on one side, because somebody says so
    let release = held.release("unit");
    assert_eq!(release, "driftlock undo 3 --yes --partial SHARED");
    world.paste(&release).success();
    assert_eq!(world.read("one.env"), "OWN=c4naryOwn\nSHARED=c4naryOld\n");
    assert_eq!(world.read("two.env"), "RENAMED=c4naryNew\n");
    // the other side has no new value to keep any more
    world.run("undo 4 --yes").success();
    assert_eq!(world.read("two.env"), "RENAMED=c4naryOld\n");
}

#[test]
fn a_side_that_moved_holds_both() {
    let world = two();
    world.write("two.env", "RENAMED=c4naryOutside\n");
    let held = world.run("undo 3 4 --yes").exits(3).hides("c4nary");
    held.clone().says("held by conflict").says("held by unit");
    assert_eq!(world.read("one.env"), "OWN=c4naryOwn\nSHARED=c4naryNew\n");
    world.paste(&held.release("conflict")).success();
    assert_eq!(world.read("two.env"), "RENAMED=c4naryOld\n");
    assert_eq!(world.read("one.env"), "OWN=c4naryOwn\nSHARED=c4naryOld\n");
}

#[test]
fn a_new_variable_is_not_taken_away_on_one_side_only() {
    let world = world(
        "A=c4naryA\nB=c4naryB\n",
        &[&target("one", "A", ""), &target("two", "A", "")],
    );
    super::retarget(
        &world,
        &[&target("one", "A, B", ""), &target("two", "A, B", "")],
    );
    world.run("apply --yes --allow authority").success();
    let allow = "--yes --allow deletes=1";
    world
        .run(&format!("undo 4 {allow}"))
        .exits(3)
        .says("`driftlock undo 3 4` takes it back on both");
    world.run(&format!("undo 3 4 {allow}")).success();
    assert_eq!(world.read("one.env"), "A=c4naryA\n");
    assert_eq!(world.read("two.env"), "A=c4naryA\n");
}

#[test]
fn a_half_written_unit_can_be_taken_back_where_it_was_written() {
    let world = two();
    set(&world, "SHARED", "c4naryNewer");
    std::fs::remove_file(world.path("two.env")).unwrap();
    std::fs::create_dir(world.path("two.env")).unwrap();
    world.run("apply --yes --partial SHARED").exits(1);
    std::fs::remove_dir(world.path("two.env")).unwrap();
    world.write("two.env", "RENAMED=c4naryNew\n");
    assert!(world.read("one.env").contains("c4naryNewer"));
    world.run("undo 5 --yes").success().hides("c4nary");
    assert_eq!(world.read("one.env"), "OWN=c4naryOwn\nSHARED=c4naryNew\n");
}
