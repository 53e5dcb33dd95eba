//! What is kept, how long, and how to keep nothing.

use std::process::Command;

use super::{count, file, hides, moved, retarget, run_with_env, set, sql, target};
use crate::support::peers;
use crate::support::world::{Run, World};

#[test]
fn off_keeps_nothing_and_deletes_what_is_kept() {
    let world = moved();
    assert_eq!(count(&world), 3);
    set(&world, "TOKEN", "c4naryThree");
    let off = run_with_env(&world, "apply --yes", "DRIFTLOCK_UNDO", "off");
    off.success()
        .says("undo is switched off (DRIFTLOCK_UNDO): 3 former values are deleted");
    assert_eq!(count(&world), 0);
    world
        .run("undo 3 --yes")
        .exits(3)
        .says("cannot undo receipt 3: its former values are not kept, or no longer");
    world
        .run("undo")
        .success()
        .says("Nothing of dev can be undone");
    // nothing is made where nothing is kept
    std::fs::remove_file(file(&world)).unwrap();
    set(&world, "TOKEN", "c4naryFour");
    run_with_env(&world, "apply --yes", "DRIFTLOCK_UNDO", "off").success();
    assert!(!file(&world).exists());
}

#[test]
fn one_run_may_keep_nothing() {
    let world = moved();
    set(&world, "TOKEN", "c4naryThree");
    world.run("apply --yes --no-undo").success();
    assert_eq!(count(&world), 3, "what was kept before stays");
    world.run("undo 3 --yes").exits(3).says("are not kept");
    set(&world, "TOKEN", "c4naryFour");
    let odd = run_with_env(&world, "apply --yes", "DRIFTLOCK_UNDO", "c4naryNever");
    odd.success()
        .says("DRIFTLOCK_UNDO is neither `off` nor a time such as 7d or 12h")
        .hides("c4nary");
    assert_eq!(count(&world), 3);
}

#[test]
fn what_is_old_is_deleted_by_the_next_apply() {
    let world = moved();
    // as if the applies had been long ago
    sql(
        &world,
        "UPDATE kept SET at = '2026-01-01T00:00:00Z' WHERE receipt = 1",
    );
    world.run("undo").says("1 receipt of dev can be undone");
    world
        .run("undo 1 --yes")
        .exits(3)
        .says("are not kept, or no longer");
    run_with_env(&world, "apply --yes", "DRIFTLOCK_UNDO", "7d").success();
    assert_eq!(count(&world), 1);
    world.run("undo 2 --yes").success();
}

#[test]
fn a_new_key_ends_what_can_be_undone() {
    let world = moved();
    let other = "00112233445566778899aabbccddeeff";
    sql(
        &world,
        &format!("UPDATE kept SET key_id = '{other}' WHERE receipt = 2"),
    );
    world
        .run("undo 2 --yes")
        .exits(3)
        .says("sealed under another key of this manifest");
    world
        .run("apply --yes")
        .success()
        .says("1 former value is dropped: sealed under a former key");
    assert_eq!(count(&world), 2);
}

#[test]
fn a_strangers_key_drops_nothing() {
    let world = moved();
    std::fs::remove_file(world.path("manifests/dev.yaml")).unwrap();
    world.write(".env", "TOKEN=c4naryStranger\nKEY=c4naryKey\n");
    world.run("init --yes --name dev").success();
    retarget(&world, &[&target("one", "TOKEN, KEY", "")]);
    world.run("apply --yes").exits(3).says("held by new-key");
    assert_eq!(count(&world), 3);
    world.run("undo 2 --yes").exits(3).hides("c4nary");
    assert_eq!(count(&world), 3);
}

#[test]
fn a_file_that_cannot_be_used_does_not_stop_an_apply() {
    for (what, says) in [
        ("garbage", "move it away"),
        ("newer", "newer driftlock"),
        ("folder", "not driftlock's"),
    ] {
        let world = moved();
        match what {
            "newer" => sql(&world, "PRAGMA user_version = 99"),
            "garbage" => std::fs::write(file(&world), "garbage").unwrap(),
            _ => {
                std::fs::remove_file(file(&world)).unwrap();
                std::fs::create_dir(file(&world)).unwrap();
            }
        }
        set(&world, "TOKEN", "c4naryThree");
        let done = world.run("apply --yes").success();
        done.says("what this apply overwrites cannot be undone: cannot use the undo file")
            .says(says);
        assert!(world.read("one.env").contains("c4naryThree"), "{what}");
        world.run("undo 2 --yes").exits(1).says(says);
        world.run("undo").exits(1).says(says);
        world.run("plan").success().omits("undo file");
    }
}

#[test]
fn it_lies_beside_the_journal_that_was_named() {
    let world = World::with_env("TOKEN=c4naryOne\n");
    world.write(".env", "TOKEN=c4naryOld\n");
    let named = "--journal other/j.sqlite3 apply --yes --take-over local";
    world.run(named).success();
    assert!(world.path("other/undo.sqlite3").exists());
    assert!(!file(&world).exists());
    world
        .run("--journal other/j.sqlite3 undo 1 --yes")
        .success();
    assert_eq!(world.read(".env"), "TOKEN=c4naryOld\n");
    world
        .run("undo 1 --yes")
        .exits(3)
        .says("no receipt of that number");
}

/// Prints what a hundred values cost: `--nocapture` shows it.
#[test]
fn a_hundred_values_are_kept_at_once() {
    let text = |value: &str| -> String {
        (0..100)
            .map(|number| format!("V{number:03}={value}-{number}\n"))
            .collect()
    };
    let world = World::with_env(&text("c4naryNew"));
    let mut times = vec![];
    for (round, flag) in ["", "--no-undo", "", "--no-undo"].into_iter().enumerate() {
        world.write(".env", text(&format!("c4naryOld{round}")));
        let line = format!("apply --yes --take-over local --allow changes=100 {flag} --partial X");
        let line = if round == 0 {
            line
        } else {
            let all: String = (0..100)
                .map(|n| format!(" --overwrite V{n:03}@local"))
                .collect();
            line + &all
        };
        let begin = std::time::Instant::now();
        world.run(&line).success();
        times.push((flag, begin.elapsed()));
    }
    println!("apply of 100 variables: {times:?}");
    assert_eq!(count(&world), 200);
    hides(&world, "c4nary");
    let undone = world.run("undo 3 --yes --allow changes=100").success();
    undone.says("V000, V001, V002, V003, V004 and 95 more");
    assert!(world.read(".env").contains("V042=c4naryOld2-42"));
}

/// A mount of its own, since permissions do not stop root.
#[test]
fn a_read_only_file_does_not_stop_an_apply() {
    let Some(unshare) = peers::program("unshare") else {
        return;
    };
    let world = moved();
    set(&world, "TOKEN", "c4naryThree");
    let plain = world.command(["apply", "--yes"]);
    let script =
        "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" || exit 99; exec \"$@\"";
    let mut command = Command::new(unshare);
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(file(&world))
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
    run.success()
        .says("what this apply overwrites cannot be undone")
        .says("read-only");
    assert!(world.read("one.env").contains("c4naryThree"));
    assert_eq!(count(&world), 3);
}
