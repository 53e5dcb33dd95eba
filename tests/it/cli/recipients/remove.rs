//! Removing: a new key, the same values with the same numbers and dates, and what was seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftlock::crypto::{IdentityRequest, Keyring, NoPrompt};
use driftlock::model::VarName;
use driftlock::reconcile::load::{OpenValue, Opener, load, open};

use super::lab::{Person, listed, opens_for, own, put, recovered, run, run_as, sealed_lines};
use crate::support::shop::{PASSWORD, TOKEN, shop};
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::World;

/// What each value is, with its number and date, as the library opens it.
fn opened(world: &World) -> BTreeMap<VarName, OpenValue> {
    let loaded = load(&world.manifest()).unwrap();
    let request = IdentityRequest {
        explicit: vec![own(world)],
        ..IdentityRequest::default()
    };
    let mut keyring = Keyring::new(&request, Arc::new(NoPrompt));
    let opening = open(&loaded.manifest, &mut keyring);
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let names = loaded.manifest.variables.iter();
    names
        .filter(|(_, variable)| variable.source.is_encrypted())
        .map(|(name, _)| (name.clone(), opener.value(&loaded.manifest, name).unwrap()))
        .collect()
}

#[test]
fn nothing_opens_for_whoever_is_gone_and_all_is_as_it_was() {
    let world = shop();
    let (Some(alice), Some(bob)) = (
        Person::age(&world, "alice"),
        Person::ssh(&world, "bob", &["ed25519"]),
    ) else {
        return;
    };
    world.run("apply --yes").success();
    run(&world, "recipients add --name", &["alice", &alice.public]).success();
    run(&world, "recipients add", &[&bob.public]).success();
    let (before, values) = (world.manifest(), opened(&world));
    let said = run(&world, "recipients remove", &["alice"]).success();
    said.says("alice (X25519 age1")
        .says("is no reader of manifests/dev.yaml any more")
        .says("2 secrets sealed anew, with the number and the date that each had")
        .says("who reads it: tester@here, bob")
        .says("alice could read 2 secrets, and git still shows them to that key")
        .says("API_TOKEN  local")
        .says("driftlock rotate API_TOKEN DB_PASSWORD -f manifests/dev.yaml")
        .hides("canary");
    let after = world.manifest();
    assert_eq!(opened(&world), values);
    let (old, new) = (sealed_lines(&before), sealed_lines(&after));
    assert!(old.iter().all(|line| !new.contains(line)));
    assert_eq!(listed(&after).len(), 2);
    let own = own(&world);
    let (stay, gone) = ([&*own, &*bob.file], [&*alice.file]);
    opens_for(&world, "API_TOKEN", TOKEN, &stay, &gone);
    opens_for(&world, "DB_PASSWORD", PASSWORD, &stay, &gone);
    // git still opens for alice, as is said
    let seen = recovered(&world, &before, "API_TOKEN", &alice.file);
    assert_eq!(seen.as_deref(), Some(TOKEN));
    run_as(&world, &alice, "recipients verify", &[]).exits(1);
    run_as(&world, &bob, "recipients verify", &[]).success();
    world.run("check --strict").success();
}

#[test]
fn only_lines_that_hold_ciphertext_or_keys_change() {
    let world = shop();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    let before = world.manifest().replace(
        "  API_TOKEN:\n",
        "  # from the vendor\n  API_TOKEN: # ours\n    owner: ops\n    rotate: 90d\n",
    );
    put(&world, &before);
    run(&world, "recipients add", &[&alice.public]).success();
    run(&world, "recipients remove", &[&alice.public]).success();
    let after = world.manifest();
    let rest = |text: &str| -> Vec<String> {
        let head = text.split("\nkey: ").next().unwrap();
        let lines = head.lines().filter(|line| !line.starts_with("    age: "));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(rest(&before), rest(&after));
    assert!(after.contains("\nformer_fingerprints:\n  - "), "{after}");
}

#[test]
fn the_last_reader_stays() {
    let world = shop();
    let before = world.files();
    world
        .run("recipients remove --yes age1qqqqq")
        .exits(64)
        .says("mistyped or cut off");
    let own = listed(&world.manifest());
    run(&world, "recipients remove --yes", &[&own[0]])
        .exits(3)
        .says("nobody could read manifests/dev.yaml any more")
        .says("driftlock recipients add KEY");
    assert_eq!(world.files(), before);
}

#[test]
fn oneself_is_asked_for() {
    let world = shop();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    run(&world, "recipients add --name", &["alice", &alice.public]).success();
    let before = world.files();
    let me = listed(&world.manifest())[0].clone();
    let line = format!("recipients remove {me}");
    world
        .run(&line)
        .exits(3)
        .says("you could not read manifests/dev.yaml afterwards")
        .says("--yes removes you all the same");
    assert_eq!(world.files(), before);
    for (typed, code) in [("n", 3), ("y", 0)] {
        let steps = [Typed::Shown("Go on? [y/N]", typed)];
        let Some(run) = at_terminal(&world, &line, &steps) else {
            return;
        };
        run.exits(code);
        assert_eq!(world.files() == before, code == 3, "{typed}");
    }
    let own = own(&world);
    opens_for(&world, "API_TOKEN", TOKEN, &[&alice.file], &[&own]);
}

#[test]
fn what_waits_for_a_reader_comes_first() {
    let world = shop();
    let (Some(alice), Some(bob)) = (Person::age(&world, "alice"), Person::age(&world, "bob"))
    else {
        return;
    };
    run(&world, "recipients add --name", &["alice", &alice.public]).success();
    let key = world.hide_identity();
    world.run_with("set API_TOKEN", "canary-next").success();
    std::fs::rename(key, own(&world)).unwrap();
    // the newcomer cannot open what was written for the readers of then
    run(&world, "recipients add --name", &["bob", &bob.public])
        .success()
        .says("not yet: API_TOKEN, written without the key");
    let before = world.files();
    world
        .run("recipients remove alice")
        .exits(3)
        .says("API_TOKEN is written without the key, for the readers of then")
        .says("driftlock accept API_TOKEN -f manifests/dev.yaml");
    assert_eq!(world.files(), before);
    world
        .run("recipients rekey")
        .success()
        .says("as before: API_TOKEN");
    world.run("accept API_TOKEN").success();
    world.run("recipients remove alice").success();
    opens_for(
        &world,
        "API_TOKEN",
        "canary-next",
        &[&own(&world), &bob.file],
        &[&alice.file],
    );
}

#[test]
fn somebody_taken_out_by_hand_is_still_removed() {
    let world = shop();
    let (Some(alice), Some(bob)) = (Person::age(&world, "alice"), Person::age(&world, "bob"))
    else {
        return;
    };
    run(&world, "recipients add", &[&alice.public, &bob.public]).success();
    let good = world.manifest();
    put(
        &world,
        &good.replace(&format!("  - {}\n", alice.public), ""),
    );
    let before = world.manifest();
    // the header still opens for her: the list alone takes nothing away
    opens_for(&world, "API_TOKEN", TOKEN, &[&alice.file], &[]);
    world
        .run("recipients rekey")
        .exits(3)
        .says("somebody took a reader out of it");
    run(&world, "recipients accept --yes", &[&bob.public]).exits(3);
    run(&world, "recipients remove", &[&bob.public]).exits(3);
    assert_eq!(world.manifest(), before);
    run(&world, "recipients remove", &[&alice.public])
        .success()
        .says("could read 2 secrets");
    let own = own(&world);
    opens_for(
        &world,
        "API_TOKEN",
        TOKEN,
        &[&own, &bob.file],
        &[&alice.file],
    );
    world.run("recipients verify").success();
    // and who never was one is nobody
    run(&world, "recipients remove", &[&alice.public])
        .exits(1)
        .says("is not a reader of manifests/dev.yaml");
}

#[test]
fn what_somebody_else_gives_out_is_named_apart() {
    let world = World::new();
    world.write(
        ".env",
        "MADE=0123456789abcdef0123456789abcdef\nSTRIPE_KEY=sk_live_0123456789abcdefghijklmn\n",
    );
    world.run("init --yes").success();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    run(&world, "recipients add --name", &["alice", &alice.public]).success();
    world
        .run("recipients remove alice")
        .success()
        .says("driftlock rotate MADE -f")
        .says("renew where it comes from, then driftlock set NAME -f")
        .says(": STRIPE_KEY");
}
