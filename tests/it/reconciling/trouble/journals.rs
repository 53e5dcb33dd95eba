//! Journals that are lost or cannot be used while a loop runs.

use std::fs;

use super::{APPLY, Loop, text};
use crate::support::world::World;

/// Two manifests that may be written by themselves, one with a key of its own; `A` is another one on both
/// places.
fn world() -> World {
    let world = World::new();
    world.write("manifests/clear.yaml", text("clear", APPLY, "one", "b"));
    world.write("sealed.env", "A=one\nB=b\n");
    world
        .run("init --yes --name sealed --env-file sealed.env --clear B")
        .success();
    let sealed = world.read("manifests/sealed.yaml");
    let sealed = sealed.replacen("name: sealed\n", &format!("name: sealed\n{APPLY}\n"), 1);
    world.write("manifests/sealed.yaml", sealed);
    world.run("apply --yes").success();
    for name in NAMES {
        world.write(format!("{name}.env"), "A=outside\nB=b\n");
    }
    world
}

const NAMES: [&str; 2] = ["clear", "sealed"];

/// Both manifests move `B`.
fn moves(world: &World, from: &str, to: &str) {
    for name in NAMES {
        let path = format!("manifests/{name}.yaml");
        let text = world.read(&path);
        let (from, to) = (format!("B: {from}\n"), format!("B: {to}\n"));
        assert!(text.contains(&from));
        world.write(&path, text.replace(&from, &to));
    }
}

fn env(world: &World, name: &str) -> String {
    world.read(format!("{name}.env"))
}

#[test]
fn a_loss_is_told_once_and_nothing_is_written_by_itself() {
    let world = world();
    let mut looped = Loop::start(&world, "");
    for name in NAMES {
        looped.hears("opened", name, "drift");
    }
    fs::remove_dir_all(world.root().join("state/driftlock")).unwrap();
    moves(&world, "b", "moved");
    for name in NAMES {
        looped.hears("opened", name, "journal");
        assert!(env(&world, name).contains("B=b"), "{}", looped.log());
    }
    let log = looped.ends();
    for name in NAMES {
        let is = super::alert("opened", name, "journal");
        let times = log.iter().filter(|line| is(line)).count();
        assert_eq!(times, 1, "{name}: {log:#?}");
        assert!(env(&world, name).contains("B=b"), "{name}: {log:#?}");
    }
}

#[test]
fn it_is_over_when_somebody_has_applied_again() {
    let world = world();
    let mut looped = Loop::start(&world, "");
    for name in NAMES {
        looped.hears("opened", name, "drift");
    }
    fs::remove_dir_all(world.root().join("state/driftlock")).unwrap();
    for name in NAMES {
        looped.hears("opened", name, "journal");
    }
    world
        .run("apply --yes --take-over app --take-over local")
        .success();
    for name in NAMES {
        looped.hears("resolved", name, "journal");
    }
    looped.ends();
}

#[test]
fn a_journal_that_is_away_and_comes_back_is_told_once_and_resolved_once() {
    let world = world();
    let mut looped = Loop::start(&world, "");
    for name in NAMES {
        looped.hears("opened", name, "drift");
    }
    let (there, away) = (
        world.root().join("state/driftlock"),
        world.root().join("away"),
    );
    fs::rename(&there, &away).unwrap();
    fs::write(&there, "no folder").unwrap();
    for name in NAMES {
        looped.hears("opened", name, "journal");
    }
    fs::remove_file(&there).unwrap();
    fs::rename(&away, &there).unwrap();
    for name in NAMES {
        looped.hears("resolved", name, "journal");
    }
    let log = looped.ends();
    for name in NAMES {
        for (kind, class) in [
            ("opened", "journal"),
            ("resolved", "journal"),
            ("opened", "drift"),
        ] {
            let is = super::alert(kind, name, class);
            let times = log.iter().filter(|line| is(line)).count();
            assert_eq!(times, 1, "{kind} {name} {class}: {log:#?}");
        }
    }
}

#[test]
fn a_round_without_a_journal_is_an_error_and_writes_nothing() {
    let world = world();
    moves(&world, "b", "moved");
    fs::write(world.root().join("file"), "no folder").unwrap();
    for _ in 0..2 {
        let run = world
            .run("--journal ../file/x.sqlite3 reconcile --once")
            .exits(1);
        assert!(run.stdout.contains("cannot be"), "{}", run.all());
        for name in NAMES {
            assert_eq!(env(&world, name), "A=outside\nB=b\n");
        }
    }
}
