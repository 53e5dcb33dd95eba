//! `rotate --due` and `--owner`: what can be rotated is, what cannot is told and left.

use super::refuses;
use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::world::World;

/// The shop: its token is due, its password is not yet.
fn aged() -> World {
    let world = shop();
    world.age("API_TOKEN", TOKEN, 91);
    world.age("DB_PASSWORD", PASSWORD, 30);
    world.say_of("API_TOKEN", &["rotate: 90d", "owner: payments"]);
    world.say_of("DB_PASSWORD", &["rotate: 90d", "owner: data"]);
    world
}

#[test]
fn what_is_due_gets_new_values() {
    let world = aged();
    let run = world
        .run("rotate --due")
        .success()
        .says("API_TOKEN rotated in manifests/dev.yaml")
        .says("next: driftlock apply --only API_TOKEN")
        .hides(TOKEN);
    assert!(!run.all().contains("DB_PASSWORD"), "{}", run.all());
    assert_ne!(world.revealed("API_TOKEN"), TOKEN);
    assert_eq!(world.revealed("DB_PASSWORD"), PASSWORD);
    // the new value is sealed today
    let before = world.files();
    world
        .run("rotate --due")
        .success()
        .says("nothing is due for rotation");
    assert!(before == world.files());
    // within two weeks of its end
    world.age("DB_PASSWORD", PASSWORD, 77);
    world
        .run("rotate --due --dry-run")
        .success()
        .says("DB_PASSWORD would be rotated");
    world.run("rotate --due --apply --yes").exits(3);
    assert_ne!(world.revealed("DB_PASSWORD"), PASSWORD);
}

#[test]
fn an_owner_has_a_part() {
    let world = aged();
    let run = world.run("rotate --due --owner data").success();
    run.says("nothing is due for rotation");
    let run = world
        .run("rotate --owner data")
        .success()
        .says("DB_PASSWORD rotated");
    assert!(!run.all().contains("API_TOKEN"), "{}", run.all());
    world
        .run("rotate --due --owner payments")
        .success()
        .says("API_TOKEN rotated");
    refuses(
        &world,
        "rotate --owner canary",
        1,
        &["no variable of this manifest has that owner"],
    );
    refuses(
        &world,
        "rotate API_TOKEN --due",
        64,
        &["cannot be used with"],
    );
    refuses(
        &world,
        "rotate API_TOKEN --owner data",
        64,
        &["cannot be used with"],
    );
    refuses(&world, "rotate --due --prompt", 64, &[]);
}

#[test]
fn what_cannot_be_made_is_left() {
    let world = aged();
    world.age("DB_PASSWORD", "postgres://app:canary@db/app", 100);
    let run = world
        .run("rotate --due")
        .exits(4)
        .says("API_TOKEN rotated")
        .says("DB_PASSWORD is a URL, which whoever serves it gives out: a new one cannot be made by chance; it is left as it is")
        .says("driftlock set DB_PASSWORD")
        .hides("canary");
    assert!(!run.all().contains("error:"), "{}", run.all());
    let before = world.files();
    world
        .run("rotate --due")
        .exits(3)
        .says("it is left as it is")
        .says("nothing was changed");
    assert!(before == world.files());
    // an owner's clear variables and templates are nothing to rotate
    world.write(
        MANIFEST,
        world
            .manifest()
            .replace("  LOG_LEVEL: info", "  LOG_LEVEL: { value: info, owner: payments }\n\n  URL: { template: 'x${API_TOKEN}', owner: payments }"),
    );
    let run = world.run("rotate --owner payments").success();
    assert!(!run.all().contains("LOG_LEVEL"), "{}", run.all());
}

#[test]
fn an_end_that_the_manifest_gives_is_left_to_people() {
    let world = aged();
    world.say_of("DB_PASSWORD", &["expires: 2020-01-31"]);
    world
        .run("rotate --due")
        .exits(4)
        .says("API_TOKEN rotated")
        .says("DB_PASSWORD has the end 2020-01-31")
        .says("driftlock rotate DB_PASSWORD, and write the new date behind `expires:`");
    world
        .run("rotate DB_PASSWORD")
        .success()
        .says("DB_PASSWORD still ends on 2020-01-31");
    // one that is due for rotation too is rotated, and the date is told
    world.age("DB_PASSWORD", PASSWORD, 100);
    world
        .run("rotate --due")
        .success()
        .says("DB_PASSWORD rotated")
        .says("still ends on 2020-01-31");
}

#[test]
fn where_nobody_looks_only_listed_commands_run() {
    let world = aged();
    world.say_of(
        "API_TOKEN",
        &["generate: { command: 'echo canary-minted' }"],
    );
    world
        .run("rotate --due --yes")
        .exits(3)
        .says(
            "API_TOKEN is made by a command that the authority.yaml of this machine does not list",
        )
        .hides("canary-minted\n");
    assert_eq!(world.revealed("API_TOKEN"), TOKEN);
    world.run("rotate --due --yes --dry-run").exits(3);
    world.run("rotate --due --dry-run").success();
    let list = |machine: &str, command: &str| {
        let text = format!(
            "driftlock-authority: 1\nallow: [{{ machines: [{machine}], commands: ['{command}'] }}]\n"
        );
        std::fs::write(world.config("driftlock/authority.yaml"), text).unwrap();
    };
    for (machine, command) in [
        ("there", "echo canary-minted"),
        ("here", "echo canary-other"),
    ] {
        list(machine, command);
        world.run("rotate --due --yes").exits(3);
    }
    list("here", "echo canary-minted");
    world.run("rotate --due --yes").success();
    assert_eq!(world.revealed("API_TOKEN"), "canary-minted");
    // without a terminal and without a yes nobody runs it
    world.age("API_TOKEN", TOKEN, 91);
    refuses(&world, "rotate --due", 64, &["no terminal to ask on"]);
}

#[test]
fn a_command_that_fails_is_left_and_the_others_go() {
    let world = aged();
    world.age("DB_PASSWORD", PASSWORD, 100);
    world.say_of("API_TOKEN", &["generate: { command: 'exit 3' }"]);
    std::fs::write(
        world.config("driftlock/authority.yaml"),
        "driftlock-authority: 1\nallow: [{ machines: [here], commands: [exit 3] }]\n",
    )
    .unwrap();
    world
        .run("rotate --due --yes")
        .exits(4)
        .says("API_TOKEN got no new value: its command failed with exit status 3; it is left as it is")
        .says("DB_PASSWORD rotated");
    assert_eq!(world.revealed("API_TOKEN"), TOKEN);
}

#[test]
fn what_a_target_could_not_hold_is_left_and_the_others_go() {
    let world = aged();
    world.age("DB_PASSWORD", PASSWORD, 100);
    world.say_of(
        "DB_PASSWORD",
        &["generate: { ed25519: pkcs8, public: PUBLIC }"],
    );
    let text = world.manifest().replacen(
        "targets:\n",
        "targets:\n  plain: { file: { path: ../two.env, format: docker }, variables: [DB_PASSWORD] }\n",
        1,
    );
    world.write(MANIFEST, text);
    world
        .run("rotate --due")
        .exits(4)
        .says("plain could not hold the new value of DB_PASSWORD")
        .says("API_TOKEN rotated");
    assert_eq!(world.revealed("DB_PASSWORD"), PASSWORD);
    assert!(!world.manifest().contains("  PUBLIC:"));
    world
        .run("rotate --due")
        .exits(3)
        .says("nothing was changed");
}

#[test]
fn what_waits_or_does_not_open_is_left() {
    let world = aged();
    world.age("DB_PASSWORD", PASSWORD, 100);
    let text = world.manifest();
    let at = text.find("  DB_PASSWORD:\n    age: ").unwrap() + 60;
    let other = if text[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    world.write(
        MANIFEST,
        format!("{}{other}{}", &text[..at], &text[at + 1..]),
    );
    world
        .run("rotate --owner data")
        .exits(3)
        .says("DB_PASSWORD does not open")
        .says("it is left as it is");
}
