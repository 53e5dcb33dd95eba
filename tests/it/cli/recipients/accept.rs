//! Accepting: only who is named, and only what was added.

use super::lab::{Person, listed, opens_for, own, put, run, sealed_lines, with_line};
use crate::support::shop::{TOKEN, changed_lines, shop};
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::World;

/// A shop whose list has two readers more, by somebody without the key.
fn proposed() -> Option<(World, Person, Person)> {
    let world = shop();
    let eve = Person::age(&world, "eve")?;
    let mallory = Person::ssh(&world, "mallory", &["ed25519"])?;
    world.run("apply --yes").success();
    let text = with_line(&world.manifest(), &eve.public, "eve");
    put(&world, &with_line(&text, &mallory.public, "ops laptop"));
    Some((world, eve, mallory))
}

#[test]
fn whoever_is_named_is_signed_and_no_value_changes() {
    let Some((world, eve, mallory)) = proposed() else {
        return;
    };
    let before = world.manifest();
    let own = own(&world);
    opens_for(
        &world,
        "API_TOKEN",
        TOKEN,
        &[&own],
        &[&eve.file, &mallory.file],
    );
    run(
        &world,
        "recipients accept --yes",
        &[&eve.public, &mallory.key()],
    )
    .success()
    .says("is signed as it is, and its key wrapped for all of it")
    .says("each of them reads 2 secrets: API_TOKEN, DB_PASSWORD")
    .hides("canary");
    let after = world.manifest();
    assert_eq!(sealed_lines(&before), sealed_lines(&after));
    assert_eq!(listed(&before), listed(&after));
    assert!(
        changed_lines(&before, &after)
            .iter()
            .any(|line| line.starts_with("+key: "))
    );
    opens_for(
        &world,
        "API_TOKEN",
        TOKEN,
        &[&own, &eve.file, &mallory.file],
        &[],
    );
    world.run("recipients verify").success();
    world.run("plan").success().says("No changes.");
    run(&world, "recipients accept --yes", &[&eve.public])
        .exits(1)
        .says("needs no accepting");
}

#[test]
fn nobody_else_comes_in_with_them() {
    let Some((world, eve, mallory)) = proposed() else {
        return;
    };
    let before = world.files();
    let first = listed(&world.manifest())[0].clone();
    run(&world, "recipients accept --yes", &[&eve.public])
        .exits(3)
        .says("those are not the ones who were added")
        .says("added too, and not named: SHA256:")
        .says("if you know each of them");
    run(
        &world,
        "recipients accept --yes",
        &[&eve.public, &mallory.key(), &first],
    )
    .exits(3)
    .says("signed already: tester@here");
    // what somebody is called, the stranger chose
    run(&world, "recipients accept --yes", &["ops laptop"])
        .exits(64)
        .says("is a name, which whoever wrote the list chose");
    run(&world, "recipients accept", &[&eve.public])
        .exits(3)
        .says("nobody can be asked here")
        .says("--yes asks nobody");
    for line in ["add --name", "remove", "rekey"] {
        let mut words = vec![];
        match line {
            "add --name" => words.extend([
                "x",
                "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
            ]),
            "remove" => words.push("eve"),
            _ => {}
        }
        run(&world, &format!("recipients {line}"), &words)
            .exits(3)
            .says("is not the one that a reader signed")
            .says("driftlock recipients accept ");
    }
    assert_eq!(world.files(), before);
}

#[test]
fn the_key_is_shown_and_asked_for() {
    let Some((world, eve, mallory)) = proposed() else {
        return;
    };
    let before = world.manifest();
    let print = {
        let list = world.run("recipients list").stdout;
        let at = list.find("SHA256:").unwrap();
        list[at..].split_whitespace().next().unwrap().to_owned()
    };
    let line = format!("recipients accept {} {print}", eve.public);
    for (typed, code) in [("n", 3), ("y", 0)] {
        let steps = [Typed::Shown("of manifests/dev.yaml? [y/N]", typed)];
        let Some(run) = at_terminal(&world, &line, &steps) else {
            return;
        };
        run.says(&mallory.key())
            .says("Let these keys read 2 secrets")
            .exits(code);
        assert_eq!(world.manifest() == before, code == 3);
    }
    world.run("recipients verify").success();
}

#[test]
fn a_list_that_lost_somebody_is_not_accepted() {
    let Some((world, eve, mallory)) = proposed() else {
        return;
    };
    run(
        &world,
        "recipients accept --yes",
        &[&eve.public, &mallory.key()],
    )
    .success();
    let other = Person::age(&world, "other").unwrap();
    let text = world.manifest();
    let gone = text.replacen(&format!("  - {} # eve\n", eve.public), "", 1);
    assert_ne!(gone, text);
    put(&world, &with_line(&gone, &other.public, "other"));
    let before = world.manifest();
    run(&world, "recipients accept --yes", &[&other.public])
        .exits(3)
        .says("somebody took a reader out of it")
        .says("restore `recipients:` from git");
    assert_eq!(world.manifest(), before);
}
