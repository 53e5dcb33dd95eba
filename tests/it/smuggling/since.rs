//! A pipeline without a journal: of base and head, the stricter one counts.

use crate::support::world::World;

const FIVE: [(&str, &str); 5] = [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")];

/// A commit whose manifest was applied, with these limits; the journal is gone.
fn base(rails: Option<&str>, more: &str) -> Option<World> {
    crate::support::peers::program("git")?;
    let world = World::applied_with(&FIVE, more);
    if let Some(rails) = rails {
        limit(&world, rails);
    }
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm base");
    std::fs::remove_dir_all(world.root().join("state")).unwrap();
    Some(world)
}

fn limit(world: &World, rails: &str) {
    world.write(
        "manifests/rails.yaml",
        format!("driftlock-rails: 1\n{rails}"),
    );
}

fn moved(world: &World, more: &str) {
    world.declare_with(&FIVE.map(|(name, _)| (name, "new")), more);
}

#[track_caller]
fn held(world: &World, rail: &str) {
    let before = world.read("app.env");
    for line in ["plan --since HEAD", "apply --yes --since HEAD"] {
        world.run(line).says(&format!("held by {rail}:"));
        assert_eq!(world.read("app.env"), before);
    }
    world.run("apply --yes --since HEAD").exits(3);
}

#[test]
fn the_base_is_stricter() {
    let Some(world) = base(None, ", rails: { changes: 1 }") else {
        return;
    };
    moved(&world, ", rails: { changes: none }");
    held(&world, "changes");
    // by its rails.yaml, which the head deletes, loosens or keeps
    let world = base(Some("rails: { changes: 1 }\n"), "").unwrap();
    moved(&world, "");
    held(&world, "changes");
    limit(&world, "rails: { changes: 9 }\n");
    held(&world, "changes");
    std::fs::remove_file(world.path("manifests/rails.yaml")).unwrap();
    held(&world, "changes");
    let world = base(Some("protected: [A]\n"), "").unwrap();
    let mut first = FIVE;
    first[0].1 = "new";
    world.declare(&first);
    limit(&world, "");
    held(&world, "protected");
    world
        .run("plan --since HEAD")
        .says("A is no longer protected");
}

#[test]
fn the_head_is_stricter() {
    let Some(world) = base(None, "") else { return };
    moved(&world, ", rails: { changes: 1 }");
    held(&world, "changes");
    let world = base(Some("rails: { changes: 9 }\n"), "").unwrap();
    limit(&world, "rails: { changes: 1 }\n");
    moved(&world, "");
    held(&world, "changes");
    let world = base(None, "").unwrap();
    limit(&world, "rails: { changes: 1 }\n");
    moved(&world, "");
    held(&world, "changes");
}

#[test]
fn a_base_whose_limits_cannot_be_read_is_an_error() {
    let Some(world) = base(Some("nonsense: 1\n"), "") else {
        return;
    };
    limit(&world, "");
    world
        .run("apply --yes --since HEAD")
        .exits(1)
        .says("rails.yaml of that revision has problems");
    let path = world.path("manifests/rails.yaml");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("dev.yaml", &path).unwrap();
    world.git("add manifests");
    world.git("commit -qm link");
    std::fs::remove_file(&path).unwrap();
    world
        .run("plan --since HEAD")
        .exits(1)
        .says("not a regular file then");
}

#[test]
fn a_manifest_that_the_base_does_not_have_waits() {
    let Some(world) = base(None, "") else { return };
    world.git("mv manifests/dev.yaml manifests/again.yaml");
    let text = world.read("manifests/again.yaml");
    world.write("manifests/again.yaml", text.replace("app.env", "loot.env"));
    for _ in 0..2 {
        world
            .run("apply --yes --since HEAD")
            .exits(3)
            .says("new target app at file ../loot.env");
        assert!(!world.path("loot.env").exists());
    }
    world
        .run("apply --yes --since HEAD --allow authority")
        .success();
    assert!(world.path("loot.env").exists());
}
