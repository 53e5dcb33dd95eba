//! One clear refusal each, and not a byte changed.

use super::stages::{MANIFEST, world};
use crate::support::world::World;

#[track_caller]
fn refuses(world: &World, line: &str, code: i32, why: &[&str]) {
    let before = world.files();
    let run = why
        .iter()
        .fold(world.run(line).exits(code), |run, words| run.says(words))
        .hides("c4nary");
    assert!(before == world.files(), "`{line}` changed a file");
    assert!(run.stdout.is_empty(), "{}", run.all());
}

#[test]
fn a_rotation_under_way_is_not_begun_again() {
    let world = world("1h", "");
    refuses(
        &world,
        "rotate --continue AUTH",
        3,
        &["no rotation of AUTH is under way", "driftlock rotate AUTH"],
    );
    refuses(&world, "rotate --abort", 64, &["NAME"]);
    world.run("rotate AUTH").success();
    refuses(
        &world,
        "rotate AUTH",
        3,
        &[
            "a rotation of AUTH is under way",
            "driftlock rotate --continue AUTH",
            "driftlock rotate --abort AUTH",
        ],
    );
    refuses(
        &world,
        "rotate AUTH_PREVIOUS",
        3,
        &["AUTH_PREVIOUS is the former value of AUTH"],
    );
    refuses(
        &world,
        "set AUTH_PREVIOUS",
        3,
        &["AUTH_PREVIOUS is the former value of AUTH"],
    );
    refuses(&world, "rotate --continue --abort AUTH", 64, &[]);
    refuses(&world, "rotate --continue --wait", 64, &["--apply"]);
    let run = world.run("unset AUTH_PREVIOUS").exits(1);
    drop(run.says("its former value is not there"));
}

#[test]
fn a_name_that_is_taken() {
    let world = world("1h", "");
    world
        .run_with("set AUTH_PREVIOUS", "c4nary-other")
        .success();
    refuses(
        &world,
        "rotate AUTH",
        3,
        &["AUTH_PREVIOUS is declared already", "previous: _OLD"],
    );
    let text = world.manifest();
    let text = text.replace("    overlap: 1h", "    overlap: 1h\n    previous: _OLD");
    world.write(MANIFEST, text);
    world.run("rotate AUTH").success();
    assert!(world.manifest().contains("  AUTH_OLD:"));
}

#[test]
fn a_probe_that_fails_stops_it() {
    let world = world("1h", "");
    let works = world.path("works").display().to_string();
    let text = world.manifest().replace(
        "path: ../worker.env }, ",
        &format!("path: ../worker.env }}, probe: {{ command: 'test -e {works}' }}, "),
    );
    world.write(MANIFEST, text);
    world.write("works", "");
    world.run("apply --yes --allow authority@worker").success();
    world.run("rotate AUTH").success();
    world.run("apply --yes").success();
    std::fs::remove_file(world.path("works")).unwrap();
    refuses(
        &world,
        "rotate --continue",
        3,
        &["worker: `test -e", "exit status 1", "driftlock doctor AUTH"],
    );
    world.write("works", "");
    world.run("rotate --continue").success();
}

/// `set` is for a value that is no good any more: it says that nobody is waited for.
#[test]
fn setting_a_value_goes_past_the_stages_and_says_so() {
    let world = world("1h", "");
    world
        .run_with("set AUTH", "c4nary-at-once")
        .success()
        .says("comes to all of its targets at once")
        .says("driftlock rotate AUTH --prompt")
        .hides("c4nary");
    // the same value again is no news
    let run = world.run_with("set AUTH", "c4nary-at-once").success();
    assert!(!run.all().contains("at once"), "{}", run.all());
}

/// The halves of a key pair would be at different stages.
#[test]
fn a_key_pair_has_no_overlap() {
    let world = world(
        "1h",
        "\n    generate: { ed25519: pkcs8, public: AUTH_PUBLIC }",
    );
    refuses(
        &world,
        "rotate AUTH",
        3,
        &["AUTH has an overlap", "key pair", "take `overlap` out"],
    );
}
