//! Looking: the list for people and for machines, with and without an identity.

use std::process::Command;

use super::lab::{Person, put, run, with_line};
use crate::cli::fits_schema;
use crate::support::peers;
use crate::support::shop::shop;

#[test]
fn it_names_each_reader_as_others_name_the_key() {
    let world = shop();
    let (Some(alice), Some(keygen)) = (
        Person::ssh(&world, "alice@laptop", &["ed25519"]),
        peers::program("ssh-keygen"),
    ) else {
        return;
    };
    run(&world, "recipients add", &[&alice.public]).success();
    let print = Command::new(keygen)
        .arg("-lf")
        .arg(&alice.file)
        .output()
        .unwrap();
    let print = String::from_utf8(print.stdout).unwrap();
    let print = print.split(' ').nth(1).unwrap();
    let list = world.run("recipients list").success();
    list.clone()
        .says(&format!("alice@laptop ssh-ed25519 {print}"))
        .says("list    signed by a reader, as it is")
        .says("header  for exactly this list, as far as X25519 keys can be counted")
        .says("yours")
        .says("2 readers of 1 manifest.");
    assert_eq!(list.stdout.matches("yours").count(), 1);
    world
        .run("recipients list --full")
        .success()
        .says(&alice.key());

    let document = fits_schema(&world.run("recipients list --json"), "recipients");
    let manifest = &document["manifests"][0];
    assert_eq!(manifest["signed"], true);
    assert_eq!(manifest["fits"], true);
    assert_eq!(manifest["values"]["encrypted"], 2);
    assert!(manifest["values"]["open"].is_null());
    let readers = manifest["readers"].as_array().unwrap();
    assert_eq!(readers[0]["yours"], true);
    assert_eq!(readers[1]["yours"], false);
    assert_eq!(readers[1]["fingerprint"], print);
    assert_eq!(readers[1]["name"], "alice@laptop");
    assert_eq!(readers[1]["key"], alice.key());
    let proved = fits_schema(&world.run("recipients verify --json"), "recipients");
    assert_eq!(proved["manifests"][0]["values"]["open"], 2);
    assert_eq!(proved["proves"], true);
}

#[test]
fn without_an_identity_it_lists_and_verify_fails() {
    let world = shop();
    world.hide_identity();
    world
        .run("recipients list")
        .success()
        .says("not checked: no identity here opens the manifest")
        .omits("[sealed]")
        .says("1 reader of 1 manifest.");
    let run = world.run("recipients verify").exits(1);
    run.says("[sealed]").says("1 not in order");
    let document = fits_schema(&world.run("recipients verify --json"), "recipients");
    assert!(document["manifests"][0]["signed"].is_null());
    assert!(document["manifests"][0]["values"]["open"].is_null());
    assert_eq!(document["manifests"][0]["readers"][0]["yours"], false);
}

#[test]
fn what_is_wrong_is_named_with_the_command_for_it() {
    let world = shop();
    let Some(eve) = Person::age(&world, "eve") else {
        return;
    };
    let good = world.manifest();
    put(&world, &with_line(&good, &eve.public, "ops"));
    for command in ["recipients list", "check --only recipients"] {
        world
            .run(command)
            .says("[recipients-changed]")
            .says(&format!("driftlock recipients accept {}", eve.public));
    }
    let run = world.run("recipients verify").exits(1);
    run.says("not the one that a reader signed")
        .says("header  not for this list")
        .says("[recipients-differ]")
        .says("all 2 encrypted values open");
    // a value of another key under the right name
    let other = shop();
    let stranger = other.manifest();
    let line = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("    age: "));
        line.unwrap().to_owned()
    };
    let (mine, theirs) = (line(&good), line(&stranger));
    let key = mine.split_once('.').unwrap().0;
    let forged = format!("{key}.{}", theirs.split_once('.').unwrap().1);
    put(&world, &good.replace(&mine, &forged));
    world
        .run("recipients verify")
        .exits(1)
        .says("1 of 2 encrypted values open")
        .says("[does-not-open]");
    put(&world, &good);
    world.run("recipients verify").exits(0);
}

#[test]
fn one_that_does_not_parse_does_not_hide_the_others() {
    let world = shop();
    world.write("manifests/two.yaml", "driftlock: 1\nname: two\noops: 1\n");
    world
        .run("recipients list")
        .exits(1)
        .says("tester@here")
        .says("manifests/two.yaml");
    fits_schema(&world.run("recipients verify --json"), "recipients");
}

#[test]
fn values_that_wait_are_no_proof() {
    let world = shop();
    let key = world.hide_identity();
    world.run_with("set API_TOKEN", "canary-waiting").success();
    world
        .run(&format!("-i {key} recipients verify"))
        .exits(2)
        .says("1 written without the key, for a reader to accept");
}
