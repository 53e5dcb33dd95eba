//! Approved on a branch, merged by squashing, applied in another clone.

use crate::support::world::{Run, World};

/// A repository whose manifest keeps its secrets in one place, however it is cloned. The place holds
/// what the first commit says.
fn repository() -> World {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    let place = world.home("app.env");
    std::fs::rename(world.path(".env"), &place).unwrap();
    let text = world.read("manifests/dev.yaml").replace(
        "path: ../.env,",
        &format!("machine: here, path: {},", place.display()),
    );
    assert!(text.contains("machine: here"), "{text}");
    world.write("manifests/dev.yaml", text);
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm first");
    world.git("clone -q . clone");
    world.git("checkout -qb feature");
    world.run_with("set TOKEN", "c4naryTwo").success();
    world.git("commit -qam second");
    world.run_with("set LOG", "debug").success();
    world.git("commit -qam third");
    world
}

fn live(world: &World) -> String {
    std::fs::read_to_string(world.home("app.env")).unwrap()
}

/// Runs in the other clone, which has a journal of its own.
fn clone(world: &World, line: &str) -> Run {
    let mut command = world.command(line.split_whitespace());
    command
        .current_dir(world.path("clone"))
        .env("DRIFTLOCK_JOURNAL", world.path("ci.sqlite3"));
    Run::of(command)
}

#[test]
fn a_squash_merge_keeps_the_approval() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = repository();
    let id = world.plan_out("");
    let file = world.path("plan.json");
    let line = format!("apply {} --id {id}", file.display());
    // not merged yet: the clone has another manifest
    clone(&world, &line)
        .exits(3)
        .says("the manifest changed since the plan was made");
    world.git("-C clone fetch -q origin feature");
    world.git("-C clone merge -q --squash FETCH_HEAD");
    world.git("-C clone commit -qm merged");
    assert_ne!(
        world.git("-C clone rev-parse HEAD").stdout,
        world.git("rev-parse HEAD").stdout
    );
    clone(&world, &line).success().hides("c4nary");
    assert_eq!(live(&world), "TOKEN=c4naryTwo\nLOG=debug\n");
    clone(&world, &line).success().says("as planned already");
    // from a folder below, too
    let mut below = world.command(line.split_whitespace());
    below
        .current_dir(world.path("clone/manifests"))
        .env("DRIFTLOCK_JOURNAL", world.path("ci.sqlite3"));
    Run::of(below).success();
    world.in_sync();
}

#[test]
fn a_merge_that_brought_more_needs_another_approval() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = repository();
    let id = world.plan_out("");
    world.run_with("set LOG", "trace").success();
    world
        .apply_id(&id)
        .exits(3)
        .says("the manifest changed since the plan was made");
    assert_eq!(live(&world), "TOKEN=c4naryOne\nLOG=x\n");
}

#[test]
fn what_it_was_compared_with_is_a_commit_and_no_name() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = repository();
    let id = world.plan_out("--since main");
    let commit = world.git("rev-parse main").stdout.trim().to_owned();
    assert_eq!(world.saved()["selection"]["since"], commit.as_str());
    // the name moves on, the plan does not
    world.git("branch -f main feature");
    world.apply_id(&id).success().omits("first take-over");
    assert_eq!(live(&world), "TOKEN=c4naryTwo\nLOG=debug\n");
    world.apply_id(&id).success();
    world.run("plan --out other.json --since nowhere").exits(1);
    assert!(!world.path("other.json").exists());
}
