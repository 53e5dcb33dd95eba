//! Several manifests in one run, and two runs at once.

use driftlock::journal::{Holder, Journal, LeaseRequest, Scope, SqliteJournal};

use crate::support::lab::manifest;
use crate::support::world::World;

fn two_manifests() -> World {
    let world = World::new();
    for name in ["a", "b"] {
        let target = format!("app: {{ file: {{ path: ../{name}.env }}, variables: [X] }}");
        let text = manifest(name, &[("X", name)], &[&target]);
        world.write(format!("manifests/{name}.yaml"), text);
    }
    world
}

fn scope(world: &World, name: &str) -> Scope {
    let file = world.path("manifests").canonicalize().unwrap();
    let file = file.join(format!("{name}.yaml"));
    Scope(format!("{name}@{}", file.display()))
}

fn request() -> LeaseRequest {
    LeaseRequest {
        holder: Holder {
            pid: 4242,
            who: "somebody@else".to_owned(),
            run: None,
            since: "2026-01-02T03:04:05Z".parse().unwrap(),
        },
        breaks: None,
    }
}

#[test]
fn all_manifests_are_planned_and_applied() {
    let world = two_manifests();
    world
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("Plan: 2 to create");
    world.run("apply --yes manifests/b.yaml").success();
    assert!(!world.path("a.env").exists());
    // where something is on record, a manifest that is not waits for a word
    world.run("apply --yes").exits(3).says("a.yaml is new here");
    world.run("apply --yes --allow authority").success();
    assert_eq!(world.read("a.env") + &world.read("b.env"), "X=a\nX=b\n");
    world.in_sync();
    world
        .run("status")
        .success()
        .says("a: 1 variable on 1 target");
}

#[test]
fn one_broken_manifest_stops_the_run_before_anything_is_written() {
    let world = two_manifests();
    world.write("manifests/b.yaml", "driftlock: 1\nname: b\nnonsense: 1\n");
    world
        .run("apply --yes")
        .exits(1)
        .says("manifests/b.yaml:3:1")
        .says("nothing was read or written");
    assert!(!world.path("a.env").exists());
}

#[test]
fn two_manifests_of_one_place_are_refused() {
    let world = two_manifests();
    let text = world.read("manifests/b.yaml").replace("b.env", "a.env");
    world.write("manifests/b.yaml", text);
    world.run("plan").exits(1).says("are the same place");
}

#[test]
fn who_comes_second_is_told_who_was_first() {
    let world = two_manifests();
    let mut journal = SqliteJournal::new(world.journal());
    let lease = journal.lease(&[&scope(&world, "a")], &request()).unwrap();
    world
        .run("apply --yes manifests/a.yaml")
        .exits(3)
        .says("held by process 4242 (somebody@else) since 2026-01-02T03:04:05Z")
        .says("nothing was written");
    assert!(!world.path("a.env").exists());
    // looking needs no lease
    world.run("plan").success();
    // the other manifest is not concerned
    world.run("apply --yes manifests/b.yaml").success();
    drop(lease);
    world.run("apply --yes --allow authority").success();
    world.in_sync();
}

#[test]
fn one_lease_that_is_held_stops_the_whole_run() {
    let world = two_manifests();
    let mut journal = SqliteJournal::new(world.journal());
    let lease = journal.lease(&[&scope(&world, "b")], &request()).unwrap();
    world
        .run("apply --yes")
        .exits(3)
        .says("held by process 4242")
        .says("nothing was written");
    assert!(!world.path("a.env").exists() && !world.path("b.env").exists());
    drop(lease);
    world.run("apply --yes").success();
    world.in_sync();
}

/// Both begin at once, again and again: each ends with 0, or with 3 and the other's name.
#[test]
fn two_applies_at_once_do_not_mix() {
    let world = two_manifests();
    for round in 0..10 {
        let name = format!("r{round}");
        let target = "app: { file: { path: ../a.env }, variables: [X, Y] }";
        let text = manifest("a", &[("X", &name), ("Y", &name)], &[target]);
        world.write("manifests/a.yaml", text);
        let children = [(); 2].map(|()| {
            world
                .command(["apply", "--yes", "manifests/a.yaml"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        });
        let codes = children.map(|child| {
            let output = child.wait_with_output().unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            let code = output.status.code().unwrap();
            assert!(
                code == 0 || errors.contains("the lease"),
                "{code}: {errors}"
            );
            code
        });
        assert!(codes.contains(&0) && codes.iter().all(|code| [0, 3].contains(code)));
        let wanted = format!("X={name}\nY={name}\n");
        assert_eq!(world.read("a.env"), wanted);
    }
}
