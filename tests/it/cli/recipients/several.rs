//! Several manifests at once: all are prepared before the first is written.

use super::lab::{Person, own, recovered, run};
use crate::support::peers;
use crate::support::shop::shop;
use crate::support::world::{Run, World};

/// Two manifests of one folder, both for the same key.
fn two() -> World {
    let world = shop();
    world.write("two.env", "SECOND=canary-second\n");
    let command = "init --yes --name two --env-file two.env";
    world.run(command).success();
    world
}

fn texts(world: &World) -> [String; 2] {
    ["manifests/dev.yaml", "manifests/two.yaml"].map(|path| world.read(path))
}

#[test]
fn one_reader_in_and_out_of_all() {
    let world = two();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    run(&world, "recipients add", &[&alice.public])
        .exits(64)
        .says("there are several manifests")
        .says("or all of them with --all");
    run(
        &world,
        "recipients add --all --name",
        &["alice", &alice.public],
    )
    .success()
    .says("reads 1 secret: SECOND")
    .says("next: commit manifests/dev.yaml and manifests/two.yaml");
    for (text, name) in texts(&world).iter().zip(["API_TOKEN", "SECOND"]) {
        assert!(recovered(&world, text, name, &alice.file).is_some());
    }
    world
        .run("recipients list")
        .success()
        .says("2 readers of 2 manifests.");
    world
        .run("recipients remove alice -f manifests/two.yaml")
        .success();
    // only one of them lists her still, by whatever she is named
    run(&world, "recipients remove --all", &[&alice.public])
        .success()
        .says("alice (X25519")
        .says("is no reader of manifests/dev.yaml any more")
        .omits("manifests/two.yaml");
    run(&world, "recipients remove --all", &[&alice.public])
        .exits(1)
        .says("is not a reader of");
    for (text, name) in texts(&world).iter().zip(["API_TOKEN", "SECOND"]) {
        assert!(recovered(&world, text, name, &alice.file).is_none());
        assert!(recovered(&world, text, name, &own(&world)).is_some());
    }
    world.run("recipients rekey --all").success();
    world
        .run("recipients verify")
        .success()
        .says("2 manifests, all in order");
}

#[test]
fn one_that_does_not_open_leaves_all_as_they_are() {
    let world = two();
    let (Some(alice), Some(bob)) = (Person::age(&world, "alice"), Person::age(&world, "bob"))
    else {
        return;
    };
    run(&world, "recipients add --all", &[&alice.public]).success();
    // the second is bob's alone now
    run(
        &world,
        "recipients add -f manifests/two.yaml",
        &[&bob.public],
    )
    .success();
    let own = super::lab::listed(&world.manifest())[0].clone();
    run(
        &world,
        "recipients remove --yes -f manifests/two.yaml",
        &[&own],
    )
    .success();
    let before = texts(&world);
    for (line, more) in [
        ("recipients remove --all", alice.public.as_str()),
        (
            "recipients add --all",
            "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
        ),
        ("recipients rekey --all", ""),
    ] {
        let more: &[&str] = if more.is_empty() { &[] } else { &[more] };
        run(&world, line, more)
            .exits(1)
            .says("manifests/two.yaml stays sealed")
            .says("nothing was changed");
    }
    assert_eq!(texts(&world), before);
}

#[test]
fn one_that_cannot_be_written_is_told_from_those_that_were() {
    let world = two();
    let (Some(alice), Some(unshare)) = (Person::age(&world, "alice"), peers::program("unshare"))
    else {
        return;
    };
    std::fs::create_dir(world.path("locked")).unwrap();
    std::fs::rename(
        world.path("manifests/two.yaml"),
        world.path("locked/two.yaml"),
    )
    .unwrap();
    let plain = world.command([
        "recipients",
        "add",
        &alice.public,
        "-f",
        "manifests/dev.yaml",
        "-f",
        "locked/two.yaml",
    ]);
    let script =
        "mount --bind locked locked && mount -o remount,bind,ro locked || exit 99; exec \"$@\"";
    let mut command = std::process::Command::new(unshare);
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(world.path(""))
        .env_clear()
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let run = Run::of(command);
    if run.code == 99 {
        peers::missing::<()>("a user namespace with mounts (unshare --user --mount)");
        return;
    }
    run.exits(4)
        .says("not changed: locked/two.yaml")
        .says("changed: manifests/dev.yaml");
    assert!(world.manifest().contains(&alice.public));
    assert!(!world.read("locked/two.yaml").contains(&alice.public));
}
