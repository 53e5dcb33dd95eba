//! Recipes that run a command: shown, asked for, bounded, and never quoted.

use std::process::{Command, Stdio};

use super::{refuses, with_recipe};
use crate::support::shop::MANIFEST;
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::{Run, World};

/// A world whose token is made by this script.
fn with_script(script: &str) -> World {
    let world = with_recipe("{ command: REPLACED, timeout: 20s }");
    let path = world.write("make.sh", script);
    let text = world
        .manifest()
        .replace("REPLACED", &format!("sh {}", path.display()));
    world.write(MANIFEST, text);
    world
}

#[test]
fn what_it_prints_is_the_value() {
    let world = with_script("echo canary-minted-$HOME-${DRIFTLOCK_MACHINE:-none}\n");
    let run = world
        .run("rotate API_TOKEN --yes")
        .success()
        .says("API_TOKEN is made by this command of the manifest, run on this machine")
        .says("make.sh")
        .says("API_TOKEN rotated in manifests/dev.yaml: what its command printed, by its recipe")
        .hides("canary");
    assert!(run.stdout.is_empty());
    // without our own settings, and without its line end
    let home = world.home("");
    let home = home.display().to_string();
    let home = home.trim_end_matches('/');
    assert_eq!(
        world.revealed("API_TOKEN"),
        format!("canary-minted-{home}-none")
    );
    // the same again is no new value
    refuses(
        &world,
        "rotate API_TOKEN --yes",
        3,
        &["is the one that it has already"],
    );
    world.write("make.sh", "echo another\n");
    world.run("set API_TOKEN --generate --yes").success();
    assert_eq!(world.revealed("API_TOKEN"), "another");
}

#[test]
fn nobody_runs_it_unasked() {
    let world = with_script("touch ran; echo x\n");
    for line in ["rotate API_TOKEN", "set API_TOKEN --generate"] {
        refuses(
            &world,
            line,
            64,
            &[
                "a command of the manifest",
                "no terminal to ask on",
                "--yes",
            ],
        );
    }
    let before = world.files();
    world
        .run("rotate API_TOKEN --dry-run")
        .success()
        .says("what this prints: sh ");
    assert!(before == world.files(), "a dry run runs no command");
    let no = [Typed::Shown("Run it? [y/N]", "n")];
    let Some(run) = at_terminal(&world, "rotate API_TOKEN", &no) else {
        return;
    };
    run.exits(3)
        .says("make.sh")
        .says("not run; nothing was changed");
    assert!(before == world.files());
    let yes = [Typed::Shown("Run it? [y/N]", "y")];
    at_terminal(&world, "rotate API_TOKEN", &yes)
        .unwrap()
        .success();
    assert_eq!(world.revealed("API_TOKEN"), "x");
}

#[test]
fn what_goes_wrong_is_told_without_what_it_said() {
    for (script, why) in [
        ("", "printed nothing"),
        ("echo\n", "printed nothing"),
        (
            "echo canary; echo canary >&2; exit 3",
            "failed with exit status 3",
        ),
        ("printf 'canary\\0x'", "printed a NUL"),
        ("printf 'canary\\377'", "not UTF-8"),
        (
            "head -c 2097152 /dev/zero | tr '\\0' c",
            "printed more than 64 KiB",
        ),
        (
            "head -c 65537 /dev/zero | tr '\\0' c",
            "printed more than 64 KiB",
        ),
        ("echo canary; kill -9 $$", "was ended by signal 9"),
        ("exec /nowhere/canary", "names a program that is not there"),
    ] {
        let world = with_script(script);
        for line in ["rotate API_TOKEN --yes", "set API_TOKEN --generate --yes"] {
            refuses(
                &world,
                line,
                1,
                &[
                    "API_TOKEN got no new value: its command",
                    why,
                    "run it by hand",
                ],
            );
        }
    }
    let most = with_script("head -c 65536 /dev/zero | tr '\\0' c");
    most.run("rotate API_TOKEN --yes").success();
    assert_eq!(most.revealed("API_TOKEN").len(), 65536);
}

/// It is ended with all that it began, and a lock that it held is free.
#[test]
fn one_that_hangs_is_stopped() {
    let world = with_script("exec 9>held; flock 9; echo canary; sleep 3600 & wait\n");
    let text = world.manifest().replace("timeout: 20s", "timeout: 1s");
    let script = world.path("make.sh");
    let there = world
        .read("make.sh")
        .replace("held", &world.path("held").display().to_string());
    std::fs::write(script, there).unwrap();
    world.write(MANIFEST, text);
    world.write("held", "");
    refuses(
        &world,
        "rotate API_TOKEN --yes",
        1,
        &["did not end within 1 s and was stopped"],
    );
    assert!(is_free(&world), "something that it began is still there");
}

/// Ctrl-C ends the command too, and nothing is changed.
#[test]
fn a_signal_stops_it() {
    let world = with_recipe("{ command: 'sh SCRIPT' }");
    let (pipe, held) = (world.path("pipe"), world.write("held", ""));
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let script = world.write(
        "make.sh",
        format!(
            "exec 9>{}; flock 9; echo begun >{}; sleep 3600 & wait\n",
            held.display(),
            pipe.display()
        ),
    );
    let text = world.manifest();
    let text = text.replace("SCRIPT", &script.display().to_string());
    world.write(MANIFEST, &text);
    for signal in ["INT", "TERM"] {
        let mut command = world.command(["rotate", "API_TOKEN", "--yes"]);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        assert_eq!(std::fs::read_to_string(&pipe).unwrap(), "begun\n");
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        let run = Run::from_output(&child.wait_with_output().unwrap());
        run.exits(1).says("was stopped by a signal");
        assert_eq!(world.manifest(), text);
        assert!(is_free(&world), "something that it began is still there");
    }
}

/// Whether nobody holds the lock of the file `held` any more.
fn is_free(world: &World) -> bool {
    let tried = Command::new("flock")
        .args(["-w", "20"])
        .arg(world.path("held"))
        .arg("true")
        .status();
    tried.unwrap().success()
}

#[test]
fn one_fails_and_nothing_changes() {
    let world = with_script("exit 1");
    refuses(
        &world,
        "rotate DB_PASSWORD API_TOKEN --yes",
        1,
        &["API_TOKEN got no new value"],
    );
}

#[test]
fn a_command_of_the_command_line() {
    let world = with_recipe("hex:64");
    let once = |command: &str| {
        let mut run = world.command(["rotate", "API_TOKEN", "--command"]);
        run.arg(command);
        Run::of(run)
    };
    once("echo once; echo canary >&2")
        .success()
        .says("what the command printed")
        .hides("canary");
    assert_eq!(world.revealed("API_TOKEN"), "once");
    once("exit 7").exits(1).says("failed with exit status 7");
    once(" ").exits(64).says("needs a command line");
    refuses(
        &world,
        "rotate API_TOKEN DB_PASSWORD --command true",
        64,
        &["for one variable"],
    );
    refuses(
        &world,
        "rotate API_TOKEN --command true --prompt",
        64,
        &["cannot be used"],
    );
    refuses(&world, "rotate --due --command true", 64, &[]);
}

#[test]
fn hostile_text_in_a_command_stays_text() {
    let world = with_recipe("{ command: \"echo a\\n# \\u202e::error::x\\n::warning::y\" }");
    let run = world.run("rotate API_TOKEN --dry-run").success();
    assert!(!run.stderr.contains('\u{202e}'), "{}", run.all());
    assert!(
        run.stderr
            .lines()
            .all(|line| !line.trim_start().starts_with("::")),
        "{}",
        run.all()
    );
}
