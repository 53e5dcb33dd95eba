//! Whether a value is one of before, through keys and renames.

use std::collections::BTreeMap;

use super::variable;
use crate::support::peers;
use crate::support::rekeyed::{self, FILE, Keys, Reader};
use crate::support::world::World;

/// A world whose user is this reader.
fn world(reader: &Reader, texts: &[String]) -> World {
    let world = World::new();
    world.write("../config/driftlock/keys.txt", &reader.identity);
    rekeyed::commit_all(&world, texts);
    world
}

#[test]
fn a_value_of_another_key_is_found() {
    if peers::program("git").is_none() {
        return;
    }
    const VARIABLES: usize = 5;
    let reader = Reader::new();
    let texts = rekeyed::history(&reader, VARIABLES, 60);
    let world = world(&reader, &texts);
    let keys = Keys::new(&[&reader], 99);
    let sources = |round: usize| -> BTreeMap<_, _> {
        (0..VARIABLES)
            .map(|one| {
                let name = rekeyed::variable(one);
                let value = keys.value(&name, 500, &rekeyed::secret(one, round));
                (name, value)
            })
            .collect()
    };
    // the values of the first commit, which were sealed two keys before
    world.write(FILE, keys.manifest(&sources(0)));
    let review = world.reviewed("");
    let first = world.git("rev-list --max-parents=0 HEAD").stdout;
    for one in 0..VARIABLES {
        let found = variable(&review, rekeyed::variable(one).as_str());
        let commit = found["earlier"]["commit"].as_str().unwrap();
        // the newest one that had it: the first for the variable that was set in the second commit
        if one == 1 {
            assert_eq!(commit, first.trim());
        }
        assert_eq!(found["value"], "changed");
    }
    world
        .run("diff")
        .says("back to a value of before, last in ");
    let none = world.run("diff --no-history").success().stdout;
    assert!(!none.contains("of before"), "{none}");
    // a value that nobody had
    world.write(FILE, keys.manifest(&sources(9_999)));
    let review = world.reviewed("");
    let found = variable(&review, "V000");
    assert_eq!(found["earlier"], serde_json::Value::Null);
}

#[test]
fn a_key_that_is_lost_is_said_and_hides_nothing_else() {
    if peers::program("git").is_none() {
        return;
    }
    let (old, new) = (Reader::new(), Reader::new());
    let name = rekeyed::variable(0);
    let text = |keys: &Keys, sequence, value: &str| {
        let value = keys.value(&name, sequence, value);
        keys.manifest(&[(name.clone(), value)].into())
    };
    let (lost, known) = (Keys::new(&[&old], 1), Keys::new(&[&new], 2));
    let texts = [
        text(&lost, 1, "the value of the lost key"),
        text(&known, 2, "a value of the known key"),
        text(&known, 3, "another value of the known key"),
    ];
    let world = world(&new, &texts);
    world.write(FILE, text(&known, 4, "a value of the known key"));
    let run = world.run("diff").success();
    run.says("back to a value of before").says("1 changed");
    // the value of the lost key cannot be compared, and that is said
    world.write(FILE, text(&known, 4, "a quite new value"));
    world
        .run("diff")
        .says("1 older revision could not be opened or read");
    // where the base is the lost one, nothing of it is known
    let review = world.reviewed("HEAD~2..HEAD");
    assert_eq!(
        (&review["base"], &review["head"]),
        (&"locked".into(), &"open".into())
    );
    assert_eq!(variable(&review, "V000")["value"], "sealed-anew");
    world
        .run("diff HEAD~2..HEAD")
        .says("the former revision stays sealed")
        .says("new file key");
}

#[test]
fn a_former_value_is_found_through_a_rename_of_the_file_and_a_shallow_clone_says_how_far_it_saw() {
    if peers::program("git").is_none() {
        return;
    }
    let reader = Reader::new();
    let keys = Keys::new(&[&reader], 1);
    let name = rekeyed::variable(0);
    let text = |sequence, value: &str| {
        let value = keys.value(&name, sequence, value);
        keys.manifest(&[(name.clone(), value)].into())
    };
    let world = world(
        &reader,
        &[text(1, "the first value"), text(2, "the second value")],
    );
    world.git("mv manifests/test.yaml manifests/new.yaml");
    world.git("commit -qm moved");
    world.write("manifests/new.yaml", text(3, "the first value"));
    world
        .run("diff")
        .success()
        .says("back to a value of before");
    let clone = world.path("clone");
    world.git("clone -q --depth 1 --no-local . clone").success();
    std::fs::write(clone.join("manifests/new.yaml"), text(3, "the first value")).unwrap();
    let mut command = world.command(["diff"]);
    command.current_dir(&clone);
    crate::support::world::Run::of(command)
        .success()
        .says("only as far as this clone has it");
}
