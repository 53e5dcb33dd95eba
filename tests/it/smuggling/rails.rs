//! `rails.yaml`: limits that other people own.

use crate::support::world::{Run, World};

const FIVE: [(&str, &str); 5] = [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")];

fn limit(world: &World, rails: &str) {
    world.write(
        "manifests/rails.yaml",
        format!("driftlock-rails: 1\n{rails}"),
    );
}

/// Applied once under these limits.
fn applied(rails: &str, more: &str) -> World {
    let world = World::new();
    limit(&world, rails);
    world.declare_with(&FIVE, more);
    world.run("apply --yes").success();
    world.in_sync();
    world
}

fn moved(world: &World, more: &str) {
    world.declare_with(&FIVE.map(|(name, _)| (name, "new")), more);
}

fn first_moved(world: &World) {
    let mut variables = FIVE;
    variables[0].1 = "new";
    world.declare(&variables);
}

#[track_caller]
fn held(world: &World, rail: &str) -> Run {
    let before = world.read("app.env");
    for _ in 0..2 {
        let run = world.run("apply --yes").exits(3);
        run.says(&format!("held by {rail}:"));
        assert_eq!(world.read("app.env"), before);
    }
    world.run("apply --yes").exits(3)
}

#[test]
fn they_count_whatever_a_manifest_says() {
    let loose = ", rails: { changes: none, deletes: none, deletes_percent: none }";
    for rails in [
        "rails: { changes: 2 }\n",
        "rails: { changes_percent: 40 }\n",
        "targets: { dev/app: { rails: { changes: 1 } } }\n",
    ] {
        let world = applied(rails, loose);
        moved(&world, loose);
        let run = held(&world, "changes");
        world.paste(&run.release("changes")).success();
        world.in_sync();
    }
    let world = applied("targets: { dev/other: { rails: { changes: 0 } } }\n", loose);
    moved(&world, loose);
    world.run("apply --yes").success();
}

#[test]
fn pruning_is_off_whatever_a_manifest_says() {
    let world = applied("prune: false\n", ", prune: true");
    world.declare_with(&FIVE[1..], ", prune: true");
    world.run("apply --yes").success();
    assert_eq!(world.read("app.env"), "A=1\nB=2\nC=3\nD=4\nE=5\n");
    // switched on there, it waits as in a manifest
    limit(&world, "prune: true\n");
    world.run("plan").says("pruning switched on, app");
    held(&world, "prune");
}

#[test]
fn protected_names_are_held_by_either_name() {
    for rails in [
        "protected: [A]\n",
        "targets: { dev/app: { protected: [A] } }\n",
    ] {
        let world = applied(rails, "");
        first_moved(&world);
        held(&world, "protected");
    }
    let world = World::new();
    limit(&world, "protected: [RENAMED]\n");
    let uses = "app: { file: { path: ../app.env }, variables: [{ RENAMED: { from: A } }] }";
    world.declare_on(&[("A", "1")], &[uses]);
    world.run("apply --yes").success();
    world.declare_on(&[("A", "2")], &[uses]);
    held(&world, "protected");
}

#[test]
fn loosening_is_told_and_counts_later() {
    for (strict, loose, words) in [
        (
            "rails: { changes: 1 }\n",
            "rails: { changes: 9 }\n",
            "limits of app were loosened",
        ),
        ("rails: { changes: 1 }\n", "", "limits of app were loosened"),
        ("protected: [A]\n", "", "A is no longer protected"),
        (
            "targets: { dev/app: { protected: [A] } }\n",
            "targets: { dev/app: {} }\n",
            "A is no longer protected on app",
        ),
    ] {
        let world = applied(strict, "");
        limit(&world, loose);
        let rail = if strict.contains("rails") {
            moved(&world, "");
            "changes"
        } else {
            first_moved(&world);
            "protected"
        };
        world.run("plan").says(words);
        held(&world, rail).says(words);
        // alone it counts from the next apply on
        world.declare(&FIVE);
        world.run("apply --yes").success();
        moved(&world, "");
        world.run("apply --yes").success();
        world.in_sync();
    }
}

#[test]
fn deleted_together_with_what_it_forbids() {
    let world = applied("rails: { changes: 1 }\nprotected: [A]\n", "");
    std::fs::remove_file(world.path("manifests/rails.yaml")).unwrap();
    first_moved(&world);
    held(&world, "protected");
    moved(&world, "");
    world.run("apply --yes").exits(3).says("held by changes:");
    world.declare(&FIVE);
    world.run("apply --yes").success();
    world.in_sync();
}

/// Unknown is not empty: nothing of the folder is read or written.
#[test]
fn what_cannot_be_read_stops_everything() {
    let world = applied("rails: { changes: 1 }\n", "");
    moved(&world, "");
    let before = world.read("app.env");
    let stops = |words: &str| {
        for line in ["apply --yes", "plan", "check", "status"] {
            world.run(line).exits(1).says(words);
        }
        let doctor = world.run("doctor");
        assert_eq!(doctor.code, 1, "{}", doctor.all());
        assert_eq!(world.read("app.env"), before);
    };
    for (text, words) in [
        ("", "rails.yaml"),
        ("# nothing\n", "rails.yaml"),
        ("prune: false\n", "manifests/rails.yaml:1:1"),
        (
            "driftlock-rails: 1\nrails: { change: 1 }\n",
            "rails.yaml:2:10",
        ),
        (
            "driftlock-rails: 1\nprune: false\nprune: true\n",
            "rails.yaml:3:1",
        ),
        ("driftlock: 1\nname: rails\n", "this is a manifest"),
    ] {
        world.write("manifests/rails.yaml", text);
        stops(words);
    }
    let path = world.path("manifests/rails.yaml");
    std::fs::remove_file(&path).unwrap();
    let elsewhere = world.write("elsewhere.yaml", "driftlock-rails: 1\n");
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    stops("must be a regular file in it");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("nowhere", &path).unwrap();
    stops("must be a regular file in it");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    stops("must be a regular file in it");
}

#[test]
fn it_is_no_manifest() {
    let world = applied("", "");
    world
        .run("plan manifests/rails.yaml")
        .exits(1)
        .says("it holds the limits of the manifests beside it");
    world.run("plan manifests").success().says("No changes.");
    world.run("check").success();
    // under another name it would limit nothing
    world.write("manifests/rails.yml", "driftlock-rails: 1\n");
    world
        .run("plan")
        .exits(1)
        .says("this is no manifest but the limits of a folder");
}

#[test]
fn a_limit_for_a_target_that_is_not_there_is_told() {
    let world = applied(
        "targets:\n  dev/app: { prune: false }\n  dev/aps: { prune: false }\n  prod/app: {}\n",
        "",
    );
    world
        .run("check")
        .success()
        .says("rails.yaml:4:3")
        .says("no manifest of this folder has a target dev/aps")
        .says("no manifest of this folder has a target prod/app");
    world.run("check --strict").exits(2);
    world.run("check --json").says("unknown-target");
    // of a manifest that is there and was not named
    let target = "app: { file: { path: ../prod.env }, variables: [A] }";
    let text = crate::support::lab::manifest("prod", &[("A", "1")], &[target]);
    world.write("manifests/prod.yaml", text);
    world
        .run("check manifests/dev.yaml")
        .success()
        .says("dev/aps")
        .omits("prod/app");
}
