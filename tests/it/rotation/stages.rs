//! Each stage is an ordinary plan, stands in the manifest, and is not left before it is in force.

use crate::support::world::World;

pub const OLD: &str = "c4nary-0123456789abcdef";
pub const MANIFEST: &str = "manifests/dev.yaml";
const ROLES: &str = "accepted_by: [api, mesh]\n    used_by: [worker, mesh]";

/// Files that accept a secret, use it, and do both; all have [`OLD`].
pub fn world(overlap: &str, more: &str) -> World {
    let world = World::with_env(&format!("AUTH={OLD}\n"));
    let text = world.manifest();
    let (begin, end) = (
        text.find("\ntargets:\n").unwrap(),
        text.find("\nkey: ").unwrap(),
    );
    let targets = "
targets:
  api: { file: { path: ../api.env }, variables: [AUTH] }
  mesh: { file: { path: ../mesh.env }, variables: [AUTH] }
  worker: { file: { path: ../worker.env }, variables: [{ TOKEN: { from: AUTH } }] }
";
    let text = format!("{}{targets}{}", &text[..begin], &text[end..]);
    let at = text.find("    age: ").unwrap();
    let at = at + text[at..].find('\n').unwrap();
    let roles = format!("\n    overlap: {overlap}\n    {ROLES}{more}");
    world.write(MANIFEST, format!("{}{roles}{}", &text[..at], &text[at..]));
    world.run("apply --yes").success();
    world.in_sync();
    world
}

/// What a target's file has under a name.
pub fn value(world: &World, file: &str, name: &str) -> String {
    let text = world.read(format!("{file}.env"));
    let mut lines = text.lines();
    lines
        .find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
        .unwrap_or_default()
}

/// `AUTH` and `AUTH_PREVIOUS` of what accepts, then what does both, and the worker's: old, new or neither.
fn picture(world: &World) -> String {
    let shown = |file: &str, name: &str| match value(world, file, name) {
        value if value == OLD => "old",
        value if value.is_empty() => "none",
        _ => "new",
    };
    [
        ("api", "AUTH"),
        ("api", "AUTH_PREVIOUS"),
        ("mesh", "AUTH"),
        ("mesh", "AUTH_PREVIOUS"),
        ("worker", "TOKEN"),
    ]
    .map(|(file, name)| shown(file, name))
    .join(" ")
}

#[test]
fn acceptors_come_first_then_users_then_the_former_value_goes() {
    let world = world("1h", "");
    assert_eq!(picture(&world), "old old old old old");
    world
        .run("rotate AUTH")
        .success()
        .says("next: driftlock apply --only AUTH")
        .says("then: driftlock rotate --continue")
        .hides(OLD);
    assert_eq!(picture(&world), "old old old old old");
    world
        .run("rotate --continue")
        .exits(3)
        .says("api: AUTH is not there as the manifest says")
        .says("next: driftlock apply --only AUTH");
    world
        .run("apply --yes --only AUTH")
        .success()
        .says("2 written");
    assert_eq!(picture(&world), "new old old new old");
    world.in_sync();
    world
        .run("rotate --status")
        .success()
        .says("AUTH api and mesh accept both values; worker and mesh use the former one")
        .says("every target is where it should be")
        .says("next: driftlock rotate --continue AUTH")
        .hides(OLD);
    let json = world.run("rotate --status --json").success().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let schema = include_str!("../../../schemas/rotation.json");
    let schema = serde_json::from_str(schema).unwrap();
    jsonschema::validate(&schema, &json).unwrap();
    assert_eq!(json["rotations"][0]["stage"], "accept");
    assert_eq!(json["rotations"][0]["waits_for"], serde_json::json!([]));
    world
        .run("rotate --continue AUTH")
        .success()
        .says("worker and mesh use the new value from now on");
    assert_eq!(picture(&world), "new old old new old");
    world.run("apply --yes").success().says("3 written");
    assert_eq!(picture(&world), "new old new old new");
    world.in_sync();
    // an hour has to pass
    let before = (world.manifest(), picture(&world));
    world
        .run("rotate --continue --apply --yes")
        .success()
        .says("the former one stays good until 20")
        .says("next, then: driftlock rotate --continue AUTH --apply --yes");
    assert_eq!(before, (world.manifest(), picture(&world)));
    world.run("rotate --status").says("stays good until 20");
}

#[test]
fn one_command_does_all_of_it_and_no_receipt_deletes() {
    let world = world("1s", "");
    let run = world.run("rotate AUTH --apply --yes --wait").success();
    run.says("waiting for that")
        .says("AUTH: rotated everywhere, and the former value is gone")
        .hides(OLD);
    assert_eq!(picture(&world), "new new new new new");
    world.in_sync();
    world.run("check --strict").success();
    let text = world.manifest();
    assert!(
        !text.contains("rotating:") && !text.contains("AUTH_PREVIOUS"),
        "{text}"
    );
    world
        .run("rotate --status")
        .says("No rotation is under way.");
    // and once more, from where it is
    world.run("rotate AUTH --apply --yes --wait").success();
    world.in_sync();
}

#[test]
fn a_former_stage_put_back_is_held_as_a_rollback() {
    let world = world("1s", "");
    world.run("rotate AUTH --apply --yes").success();
    let under_way = world.manifest();
    assert!(under_way.contains("rotating: use"));
    world
        .run("rotate --continue --apply --yes --wait")
        .success();
    assert_eq!(picture(&world), "new new new new new");
    for text in [
        under_way.clone(),
        under_way.replace("rotating: use", "rotating: accept"),
    ] {
        world.write(MANIFEST, text);
        world
            .run("apply --yes")
            .exits(3)
            .says("an older value was put back");
        assert_eq!(picture(&world), "new new new new new");
    }
}

#[test]
fn the_new_value_can_be_taken_back_at_each_stage() {
    let world = world("1h", "");
    world.run("rotate AUTH").success();
    world
        .run("rotate --abort AUTH")
        .success()
        .says("the new value goes; it is what it was before");
    world.run("apply --yes").success();
    assert_eq!(picture(&world), "old old old old old");
    world.in_sync();

    world.run("rotate AUTH --apply --yes").success();
    assert_eq!(picture(&world), "new old new old new");
    let run = world.run("rotate --abort AUTH --apply --yes").success();
    run.says("worker and mesh use the former value again")
        .says("AUTH: as before, and the new value is gone");
    assert_eq!(picture(&world), "old old old old old");
    world.in_sync();
    assert!(!world.manifest().contains("rotating"));
}

#[test]
fn nobody_takes_a_value_back_that_is_still_used() {
    let world = world("1h", "");
    world.run("rotate AUTH --apply --yes").success();
    // back to the stage before, and no apply of that yet
    world.run("rotate --abort AUTH").success();
    world
        .run("rotate --abort AUTH")
        .exits(3)
        .says("worker: TOKEN is not there as the manifest says");
    world.run("apply --yes").success();
    world.run("rotate --abort AUTH").success();
    world.run("apply --yes").success();
    assert_eq!(picture(&world), "old old old old old");
}

#[test]
fn both_values_can_stand_in_one() {
    let world = world("1s", "\n    previous: { list: \",\" }");
    assert_eq!(picture(&world), "old none old none old");
    world.run("rotate AUTH").success();
    world.run("apply --yes").success();
    let (api, mesh) = (value(&world, "api", "AUTH"), value(&world, "mesh", "AUTH"));
    let new = api.strip_suffix(&format!(",{OLD}")).unwrap();
    assert_eq!(mesh, format!("{OLD},{new}"));
    world.run("rotate --continue").success();
    world.run("apply --yes").success();
    assert_eq!(value(&world, "mesh", "AUTH"), api);
    assert_eq!(value(&world, "worker", "TOKEN"), new);
    world
        .run("rotate --continue --apply --yes --wait")
        .success();
    for (file, name) in [("api", "AUTH"), ("mesh", "AUTH"), ("worker", "TOKEN")] {
        assert_eq!(value(&world, file, name), new, "{file}");
    }
    world.in_sync();
}

#[test]
fn a_pull_request_says_what_a_stage_means() {
    let world = world("1h", "");
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm rest");
    world.run("rotate AUTH").success();
    world
        .run("diff")
        .success()
        .says("AUTH another value")
        .says("its rotation begins")
        .says("AUTH_PREVIOUS added")
        .omits("authority change")
        .omits("removed")
        .hides(OLD);
}

/// A target that drifts in the middle stops it there.
#[test]
fn drift_in_the_middle_is_seen() {
    let world = world("1h", "");
    world.run("rotate AUTH").success();
    world.run("apply --yes").success();
    world.write("mesh.env", "AUTH=somebody\nAUTH_PREVIOUS=else\n");
    world
        .run("rotate --continue")
        .exits(3)
        .says("mesh: AUTH is not there as the manifest says");
    world.run("apply --yes").success();
    world.run("rotate --continue").success();
}

/// What cannot be read is not taken for switched.
#[test]
fn a_target_that_cannot_be_read_stops_it() {
    let world = world("1h", "");
    world.run("rotate AUTH").success();
    world.run("apply --yes").success();
    std::fs::remove_file(world.path("worker.env")).unwrap();
    std::fs::create_dir(world.path("worker.env")).unwrap();
    world
        .run("rotate --continue")
        .exits(3)
        .says("worker: it cannot be read");
}

/// A value that somebody else gave out comes in stages too.
#[test]
fn a_given_value_comes_in_stages() {
    let world = world("1h", "");
    let given = "c4nary-given-by-somebody";
    world
        .run_with("rotate AUTH --from-file - --apply --yes", given)
        .success()
        .says("stays good until")
        .hides(given);
    assert_eq!(value(&world, "api", "AUTH"), given);
    assert_eq!(value(&world, "api", "AUTH_PREVIOUS"), OLD);
    assert_eq!(value(&world, "worker", "TOKEN"), given);
}

/// What is due begins its stages, and the next run of the same line leaves it alone.
#[test]
fn what_is_due_comes_in_stages() {
    let world = world("1h", "\n    owner: ops");
    world
        .run("rotate --owner ops --apply --yes")
        .success()
        .says("stays good until");
    let stage = picture(&world);
    assert_eq!(stage, "new old new old new");
    world
        .run("rotate --owner ops --apply --yes")
        .exits(3)
        .says("a rotation of AUTH is under way");
    assert_eq!(picture(&world), stage);
}
