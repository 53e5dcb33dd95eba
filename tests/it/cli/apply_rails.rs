//! Rails through the binary: each is held where nobody is asked, and let go by the flag that the
//! plan prints, pasted as it stands.

use crate::support::lab::app;
use crate::support::world::World;

/// Held by this rail, and nothing is written; released by what is printed.
#[track_caller]
fn held_then_released(world: &World, rail: &str, file: &str) {
    let before = std::fs::read(world.path(file)).ok();
    let planned = world.run("plan").says(&format!("held by {rail}:"));
    let refused = world.run("apply --yes").exits(3);
    assert_eq!(std::fs::read(world.path(file)).ok(), before, "{rail}");
    let release = refused.release(rail);
    assert_eq!(
        release,
        planned.release(rail).replace("apply", "apply --yes")
    );
    world.paste(&release).success();
    world.in_sync();
}

const FIVE: [(&str, &str); 5] = [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")];

#[test]
fn deletes_are_counted() {
    let world = World::applied_with(&FIVE, ", prune: true");
    world.declare_with(&FIVE[2..], ", prune: true");
    held_then_released(&world, "deletes", "app.env");
    assert_eq!(world.read("app.env"), "C=3\nD=4\nE=5\n");
}

#[test]
fn changes_are_counted() {
    let rails = ", rails: { changes: 1 }";
    let world = World::applied_with(&FIVE, rails);
    let moved = FIVE.map(|(name, _)| (name, "new"));
    world.declare_with(&moved, rails);
    held_then_released(&world, "changes", "app.env");
}

#[test]
fn a_target_does_not_become_empty() {
    let rails = ", prune: true, rails: { deletes_percent: none }";
    let world = World::applied_with(&FIVE[..1], rails);
    world.write("manifests/dev.yaml", "");
    let keep = [
        "app: { file: { path: ../app.env }, variables: [], prune: true, rails: { deletes_percent: none } }",
    ];
    world.declare_on(&[("UNUSED", "x")], &keep);
    held_then_released(&world, "would-be-empty", "app.env");
    assert_eq!(world.read("app.env"), "");
}

#[test]
fn protected_is_overwritten_only_when_somebody_says_so() {
    let world = World::applied(&[("A", "{ value: one, protected: true }"), ("B", "x")]);
    world.declare(&[("A", "{ value: two, protected: true }"), ("B", "x")]);
    held_then_released(&world, "protected", "app.env");
    assert_eq!(world.read("app.env"), "A=two\nB=x\n");
}

#[test]
fn pruning_that_was_just_switched_on_waits() {
    let world = World::applied(&FIVE);
    world.declare_with(&FIVE[1..], ", prune: true");
    world.run("plan").says("pruning switched on, app");
    held_then_released(&world, "prune", "app.env");
    assert_eq!(world.read("app.env"), "B=2\nC=3\nD=4\nE=5\n");
}

#[test]
fn pruning_counts_one_apply_later() {
    let world = World::applied(&FIVE);
    world.declare_with(&FIVE, ", prune: true");
    world.run("apply --yes").success();
    world.declare_with(&FIVE[1..], ", prune: true");
    world.run("apply --yes").success();
    assert_eq!(world.read("app.env"), "B=2\nC=3\nD=4\nE=5\n");
}

#[test]
fn limits_that_were_just_loosened_wait() {
    let strict = ", rails: { changes: 1 }";
    let world = World::applied_with(&FIVE, strict);
    let moved = FIVE.map(|(name, _)| (name, "new"));
    world.declare_with(&moved, ", rails: { changes: 9 }");
    let run = world.run("apply --yes").exits(3);
    assert!(
        run.stdout.contains("limits of app were loosened"),
        "{run:?}"
    );
}

#[test]
fn a_file_that_vanished_is_not_made_again_in_silence() {
    let world = World::applied(&FIVE);
    std::fs::remove_file(world.app()).unwrap();
    held_then_released(&world, "vanished", "app.env");
    assert_eq!(world.read("app.env"), "A=1\nB=2\nC=3\nD=4\nE=5\n");
}

#[test]
fn a_secret_that_looks_wrong_waits() {
    for (value, rail) in [("", "empty"), ("changeme", "placeholder")] {
        let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
        world.run("apply --yes").success();
        world.run_with("set TOKEN --allow-empty", value);
        if world.run("plan").stdout.contains("No changes") {
            world.run_with("set TOKEN", value).success();
        }
        held_then_released(&world, rail, ".env");
    }
}

#[test]
fn a_clear_value_may_be_empty_or_say_todo() {
    let world = World::applied(&[("A", "one"), ("B", "two")]);
    world.declare(&[("A", "''"), ("B", "todo")]);
    world.run("apply --yes").success();
    assert_eq!(world.read("app.env"), "A=\nB=todo\n");
    world.in_sync();
}

#[test]
fn a_private_key_waits_only_where_another_value_was() {
    let key = "-----BEGIN PRIVATE KEY-----\nc4nary\n-----END PRIVATE KEY-----\n";
    let world = World::with_env("TOKEN=c4naryOne\n");
    world.run("apply --yes").success();
    world.write("key.pem", key);
    let set = "set TLS_KEY --from-file key.pem --target local";
    world.run(set).success();
    world.run("apply --yes").success().hides("c4nary");
    world.run("set TOKEN --from-file key.pem").success();
    let held = world.run("apply --yes").exits(3).hides("c4nary");
    world.paste(&held.release("private-key")).success();
    world.in_sync();
}

#[test]
fn a_second_place_for_a_secret_waits_for_a_word() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    world.run("apply --yes").success();
    let edited = |with: &str| {
        let text = world.read("manifests/dev.yaml");
        let at = text.find("targets:\n").unwrap() + "targets:\n".len();
        format!("{}{with}{}", &text[..at], &text[at..])
    };
    // a target of its own
    let added = "  two:\n    file: { path: ../two.env }\n    variables: [LOG]\n";
    world.write("manifests/dev.yaml", edited(added));
    world.run("plan").says("target added, two");
    held_then_released(&world, "authority", "two.env");
    assert_eq!(world.read("two.env"), "LOG=x\n");
    // one more secret on it
    let text = world.read("manifests/dev.yaml");
    let more = text.replace("variables: [LOG]", "variables: [LOG, TOKEN]");
    world.write("manifests/dev.yaml", more);
    world
        .run("plan")
        .says("secret reaches one more target, two");
    held_then_released(&world, "authority", "two.env");
    // another destination
    let text = world.read("manifests/dev.yaml");
    world.write(
        "manifests/dev.yaml",
        text.replace("../two.env", "../three.env"),
    );
    world.run("plan").says("destination changed, two");
    held_then_released(&world, "authority", "three.env");
    assert_eq!(world.read("three.env"), "LOG=x\nTOKEN=c4naryOne\n");
}

#[test]
fn a_stranger_on_the_recipients_list_is_noticed() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    world.run("apply --yes").success();
    let text = world.read("manifests/dev.yaml");
    let other = World::with_env("X=1\n").read("manifests/dev.yaml");
    let stranger = other
        .lines()
        .find(|line| line.contains("- age1"))
        .unwrap()
        .split('#')
        .next()
        .unwrap()
        .trim_end();
    let edited = text.replacen("recipients:\n", &format!("recipients:\n{stranger}\n"), 1);
    world.write("manifests/dev.yaml", edited);
    world.write(".env", "TOKEN=outside\nLOG=x\n");
    world
        .run("apply --yes")
        .exits(3)
        .says("reader added")
        .says("held by recipients")
        .says("--yes --allow authority\n")
        .hides("c4nary");
    assert_eq!(world.read(".env"), "TOKEN=outside\nLOG=x\n");
    // the reader was approved, the list was not signed
    world.run("apply --yes --allow authority").exits(3);
    world
        .run("apply --yes --allow authority --allow recipients")
        .success();
    world.in_sync();
}

#[test]
fn a_file_that_was_applied_under_another_key_waits() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    world.run("apply --yes").success();
    // a whole new manifest of the same name, by somebody who only has the folder
    std::fs::remove_file(world.path("manifests/dev.yaml")).unwrap();
    world.write(".env", "TOKEN=c4naryTwo\nLOG=x\n");
    world.run("init --yes --name dev").success();
    world.write(".env", "TOKEN=c4naryOne\nLOG=x\n");
    let held = world.run("apply --yes").exits(3).hides("c4nary");
    assert!(held.stdout.contains("held by new-key"), "{held:?}");
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\nLOG=x\n");
}

#[test]
fn an_older_value_put_back_is_noticed() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    world.run("apply --yes").success();
    let old = world.read("manifests/dev.yaml");
    world.run_with("set TOKEN", "c4naryTwo").success();
    world.run("apply --yes").success();
    world.write("manifests/dev.yaml", old);
    held_then_released(&world, "rollback", ".env");
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\nLOG=x\n");
}

#[test]
fn an_override_that_names_no_rail_is_a_mistake() {
    let world = World::new();
    world.declare_on(&[("A", "1")], &[&app(&[("A", "1")], "")]);
    for (flag, words) in [
        ("--allow everything", "names no rail"),
        ("--allow deletes=many", "--allow takes RAIL"),
        ("--overwrite A", "--overwrite takes VARIABLE@TARGET"),
        ("--adopt A@", "--adopt takes VARIABLE@TARGET"),
    ] {
        world
            .run(&format!("apply --yes {flag}"))
            .exits(64)
            .says(words);
    }
    assert!(!world.app().exists());
}
