//! `--since REV`: the manifest at a revision as what was last applied, in real repositories.

use crate::support::world::World;

/// Two commits: the first applied, the second with a new value. No journal is left.
fn repository() -> World {
    let world = World::new();
    world.declare(&[("A", "one"), ("B", "b")]);
    world.run("apply --yes").success();
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm first");
    world.declare(&[("A", "two"), ("B", "b")]);
    world.git("commit -qam second");
    forget(&world);
    world
}

fn forget(world: &World) {
    std::fs::remove_dir_all(world.root().join("state")).unwrap();
}

#[test]
fn a_revision_stands_for_the_journal() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = repository();
    world.run("plan").says("first take-over of this target");
    world
        .run("plan --since HEAD~1")
        .success()
        .says("change: the manifest has a new value")
        .says("$ driftlock apply --since HEAD~1");
    // drift and conflict are told apart without a journal too
    world.write("app.env", "A=one\nB=outside\n");
    world
        .run("plan --since HEAD~1")
        .says("drift: changed outside");
    world.write("app.env", "A=outside\nB=b\n");
    world.run("apply --yes --since HEAD~1").exits(3);
    world.write("app.env", "A=one\nB=b\n");
    world.run("apply --yes --since HEAD~1").success();
    assert_eq!(world.read("app.env"), "A=two\nB=b\n");
    world.in_sync();
    world.run("plan --since HEAD").says("No changes.");
}

#[test]
fn a_revision_that_is_not_there_is_an_error() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = repository();
    for line in ["plan --since nowhere", "apply --yes --since nowhere"] {
        world.run(line).exits(1).says("nowhere");
    }
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
    // a flag in disguise
    world.run("plan --since=--output=x").exits(1);
    assert!(!world.path("x").exists());
}

#[test]
fn a_shallow_clone_says_what_is_missing() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = repository();
    let origin = format!("file://{}", world.path("").display());
    world.git(&format!("clone -q --depth 1 {origin} clone"));
    let manifest = "clone/manifests/dev.yaml";
    world
        .run(&format!("plan {manifest} --since HEAD~1"))
        .exits(1)
        .says("shallow");
}

#[test]
fn outside_of_a_repository_it_cannot_help() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = World::applied(&[("A", "1")]);
    world.run("plan --since HEAD~1").exits(1);
}

#[test]
fn before_the_manifest_was_there_nothing_was_applied() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = World::new();
    world.write("README", "x");
    world.git("init -q");
    world.git("add README");
    world.git("commit -qm first");
    world.declare(&[("A", "one")]);
    world.write("app.env", "A=theirs\n");
    world
        .run("plan --since HEAD")
        .success()
        .says("first take-over");
}

#[test]
fn encrypted_revisions_compare_too() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm first");
    world.run_with("set TOKEN", "c4naryTwo").success();
    world
        .run("plan --since HEAD")
        .success()
        .says("change: the manifest has a new value")
        .hides("c4nary");
    world.write(".env", "TOKEN=c4naryThree\nLOG=x\n");
    world
        .run("plan --since HEAD")
        .says("conflict")
        .hides("c4nary");
}
