//! Limits of the manifest: what one revision loosens it cannot use, however often it is applied.

use super::thief::Victim;
use crate::support::world::World;

const FIVE: [(&str, &str); 5] = [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")];

/// This revision, applied again and again, never does it.
#[track_caller]
fn never(world: &World, rail: &str) {
    let before = world.read("app.env");
    for _ in 0..3 {
        world
            .run("apply --yes")
            .exits(3)
            .says(&format!("held by {rail}:"));
        assert_eq!(world.read("app.env"), before);
    }
}

#[test]
fn limits_that_are_loosened_and_used_at_once() {
    let world = World::applied_with(&FIVE, ", rails: { changes: 1 }");
    let moved = FIVE.map(|(name, _)| (name, "new"));
    world.declare_with(&moved, ", rails: { changes: none }");
    never(&world, "changes");
}

#[test]
fn pruning_that_is_switched_on_and_used_at_once() {
    let world = World::applied(&FIVE);
    world.declare_with(&FIVE[1..], ", prune: true");
    never(&world, "prune");
}

#[test]
fn protection_that_is_dropped_and_used_at_once() {
    let keep = "{ value: one, protected: true }";
    let world = World::applied_with(&[("A", keep), ("B", "x")], ", prune: true");
    world.declare_with(&[("A", "two"), ("B", "x")], ", prune: true");
    never(&world, "protected");
    let world = World::applied_with(
        &[("A", keep), ("B", "x"), ("C", "x"), ("D", "x"), ("E", "x")],
        ", prune: true",
    );
    let rest = [("B", "x"), ("C", "x"), ("D", "x"), ("E", "x")];
    world.declare_with(&rest, ", prune: true");
    never(&world, "protected");
}

/// Held by another rail for now: what was loosened must not be used once that one lets go.
#[test]
fn what_waits_for_something_else_does_not_loosen_meanwhile() {
    let world = World::applied_with(&FIVE, ", rails: { changes: 1 }");
    let moved = FIVE.map(|(name, _)| (name, "new"));
    let drifted = "A=drift\nB=drift\nC=drift\nD=drift\nE=drift\n";
    std::fs::write(world.app(), drifted).unwrap();
    world.declare_with(&moved, ", rails: { changes: none }");
    never(&world, "conflict");
    std::fs::write(world.app(), "A=1\nB=2\nC=3\nD=4\nE=5\n").unwrap();
    never(&world, "changes");
}

#[test]
fn what_was_loosened_alone_counts_from_then_on() {
    let world = World::applied_with(&FIVE, ", rails: { changes: 1 }");
    world.declare_with(&FIVE, ", rails: { changes: none }");
    world
        .run("apply --yes")
        .success()
        .says("limits of app were loosened");
    world.in_sync();
    let moved = FIVE.map(|(name, _)| (name, "new"));
    world.declare_with(&moved, ", rails: { changes: none }");
    world.run("apply --yes").success();
    assert_eq!(world.read("app.env"), "A=new\nB=new\nC=new\nD=new\nE=new\n");
}

/// A limit that a secret's own targets have is no way out either.
#[test]
fn a_secret_is_not_deleted_by_a_limit_that_was_dropped() {
    let victim = Victim::new();
    let more = "    prune: true\n    rails: { deletes_percent: none }\n";
    let without = Victim::app("app.env", "PLAIN", more);
    victim.targets(&without);
    victim.holds("prune");
    assert!(victim.world.read("app.env").contains("c4nary-auth"));
}
