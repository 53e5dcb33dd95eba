//! `status` through the binary: the wrong side first.

use crate::support::world::World;

#[test]
fn it_says_who_differs_where() {
    let world = World::new();
    let targets = [
        "one: { file: { path: ../one.env }, variables: [SAME, MOVED, GONE] }",
        "two: { file: { path: ../two.env }, variables: [SAME] }",
        "far: { file: { machine: elsewhere, path: /x.env }, variables: [SAME] }",
    ];
    let vars = |moved| [("SAME", "s"), ("MOVED", moved), ("GONE", "g")];
    world.declare_on(&vars("old"), &targets);
    world.run("status").success().says("missing").says("never");
    world.run("apply --yes").success();
    world
        .run("status")
        .success()
        .says("dev: 3 variables on 3 targets");
    world.declare_on(&vars("new"), &targets);
    world.write("one.env", "SAME=outside\nMOVED=old\n");
    let run = world.run("status").success().hides("outside");
    let order: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| ["SAME", "MOVED", "GONE"].contains(word))
        .collect();
    assert_eq!(order, ["SAME", "GONE", "MOVED"], "{run:?}");
    run.says("drift")
        .says("missing")
        .says("to change")
        .says("elsewhere");
    let limited = world.run("status --target two").success();
    assert!(!limited.stdout.contains("MOVED"), "{limited:?}");
    let limited = world.run("status --only MOVED").success();
    assert!(!limited.stdout.contains("GONE"), "{limited:?}");
    std::fs::remove_file(world.path("two.env")).unwrap();
    std::fs::create_dir(world.path("two.env")).unwrap();
    world
        .run("status")
        .exits(1)
        .says("unknown")
        .says("is a directory");
}

#[test]
fn without_an_identity_secrets_are_unknown() {
    let world = World::with_env("TOKEN=c4naryOne\n");
    world.run("apply --yes").success();
    std::fs::remove_file(world.config("driftlock/keys.txt")).unwrap();
    world
        .run("status")
        .exits(1)
        .says("stays sealed")
        .hides("c4nary");
    world.run("plan").exits(1).hides("c4nary");
    world.run("apply --yes").exits(1).hides("c4nary");
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\n");
}
