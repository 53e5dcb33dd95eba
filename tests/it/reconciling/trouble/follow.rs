//! A checkout of its own: what comes after the last commit is followed, and nothing else.

use std::fs;

use super::{APPLY, came_to, round, text, told};
use crate::support::peers;
use crate::support::world::World;

/// A repository whose manifest is followed, applied once from the checkout by a person.
fn world() -> Option<World> {
    peers::program("git")?;
    let world = World::new();
    world.git("init -q");
    commit(&world, "one");
    round(&world, &line(&world), 0);
    let checkouts = world.root().join("state/driftlock/checkouts");
    let key = fs::read_dir(checkouts).unwrap().next().unwrap().unwrap();
    let tree = key.path().join("tree/manifests");
    world
        .run(&format!("apply --yes {}", tree.display()))
        .success();
    Some(world)
}

fn line(world: &World) -> String {
    format!(
        "--checkout file://{}#main manifests",
        world.path("").display()
    )
}

/// Commits another value, for a place outside of any checkout.
fn commit(world: &World, value: &str) -> String {
    let place = format!("{}, machine: here", world.home("dev.env").display());
    let text = text("dev", APPLY, value, "b").replace("../dev.env", &place);
    world.write("manifests/dev.yaml", text);
    world.git("add manifests");
    world.git(&format!("commit -q -m {value}"));
    world.git("rev-parse HEAD").stdout.trim().to_owned()
}

fn env(world: &World) -> String {
    fs::read_to_string(world.home("dev.env")).unwrap()
}

#[test]
fn a_branch_is_followed_forward_only() {
    let Some(world) = world() else { return };
    let line = line(&world);
    commit(&world, "two");
    assert_eq!(came_to(&round(&world, &line, 0), "app")[0], 1);
    assert_eq!(env(&world), "A=two\nB=b\n");
    world.git("reset -q --hard HEAD~1");
    let other = commit(&world, "forced");
    for kinds in [&["opened"][..], &[]] {
        let round = round(&world, &line, 1);
        assert_eq!(told(&round, "manifest"), kinds);
        // the last good one is looked at
        assert_eq!(came_to(&round, "app"), [0; 4]);
        assert_eq!(env(&world), "A=two\nB=b\n");
    }
    round(
        &world,
        &format!("{line} --accept-rewind {}", &other[..12]),
        0,
    );
    assert_eq!(env(&world), "A=forced\nB=b\n");
    commit(&world, "three");
    assert_eq!(told(&round(&world, &line, 0), "manifest"), [""; 0]);
    assert_eq!(env(&world), "A=three\nB=b\n");
}

#[test]
fn while_it_cannot_be_followed_the_last_good_one_is_watched() {
    type Step = fn(&World);
    let ways: [(Step, Step); 2] = [
        (
            |world| fs::rename(world.path(".git"), world.path("away")).unwrap(),
            |world| fs::rename(world.path("away"), world.path(".git")).unwrap(),
        ),
        (
            |world| drop(world.git("branch -m main other")),
            |world| drop(world.git("branch -m other main")),
        ),
    ];
    for (damage, mend) in ways {
        let Some(world) = world() else { return };
        let line = line(&world);
        damage(&world);
        fs::write(world.home("dev.env"), "A=outside\nB=b\n").unwrap();
        let first = round(&world, &line, 1);
        assert_eq!(told(&first, "manifest"), ["opened"]);
        assert_eq!(
            told(&first, "drift"),
            ["opened"],
            "drift on it is still told"
        );
        let second = round(&world, &line, 1);
        assert_eq!(
            (told(&second, "manifest"), told(&second, "drift")),
            (vec![], vec![])
        );
        mend(&world);
        round(&world, &line, 0);
        let listed = world.run(&format!("reconcile --once {line}")).success();
        assert!(!listed.stdout.contains("manifest:"), "{}", listed.all());
    }
}
