//! `accept`: what was written without the key waits until a reader vouches for it.

use crate::support::shop::{TOKEN, changed_lines, shop};

#[test]
fn it_turns_a_waiting_value_into_a_sealed_one() {
    let world = shop();
    world.run("apply --yes").success();
    let key = world.hide_identity();
    let before = world.manifest();
    world
        .run_with("set API_TOKEN", "canary-next-value")
        .success();
    world
        .run_with("set NEW --target local", "canary-new")
        .success();
    world.run("accept API_TOKEN").exits(1).says("stays sealed");
    std::fs::rename(key, world.config("driftlock/keys.txt")).unwrap();

    let held = world.read(".env");
    world
        .run("apply --yes")
        .exits(3)
        .says("held by unauthenticated")
        .says("driftlock accept API_TOKEN")
        .hides("canary");
    assert_eq!(world.read(".env"), held);
    world.run("check --strict").exits(2).says("unauthenticated");

    world
        .run("accept API_TOKEN NEW")
        .success()
        .says("API_TOKEN is accepted")
        .says("next: driftlock plan")
        .hides("canary");
    let manifest = world.manifest();
    assert!(!manifest.contains("BEGIN AGE"), "{manifest}");
    let changed = changed_lines(&before, &manifest);
    assert_eq!(
        changed.iter().filter(|line| line.starts_with('-')).count(),
        1
    );
    world.run("check --strict").success();
    world.run("apply --yes").success().hides("canary");
    assert!(world.read(".env").contains("API_TOKEN=canary-next"));
}

#[test]
fn only_what_waits_can_be_accepted() {
    let world = shop();
    let before = world.files();
    world
        .run("accept API_TOKEN")
        .exits(1)
        .says("API_TOKEN needs no accepting");
    world
        .run("accept LOG_LEVEL")
        .exits(1)
        .says("needs no accepting");
    world
        .run("accept NOPE")
        .exits(1)
        .says("NOPE is not declared");
    world.run("accept").exits(64);
    assert_eq!(world.files(), before);
    world.run("plan").hides(TOKEN);
}

#[test]
fn one_that_cannot_be_accepted_stops_all() {
    let world = shop();
    let key = world.hide_identity();
    world.run_with("set API_TOKEN", "next").success();
    let before = world.manifest();
    world
        .run(&format!("accept API_TOKEN DB_PASSWORD --identity {key}"))
        .exits(1)
        .says("DB_PASSWORD needs no accepting");
    assert_eq!(world.manifest(), before);
}
