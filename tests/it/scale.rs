//! What must stay exact however much there is: `set` touches one line, and looking starts no
//! program. How long it takes is measured in `tests/bench`.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;

use crate::support::world::World;

fn dotenv(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        writeln!(text, "VARIABLE_{number:05}=value of {number:05}").expect("a String takes all");
        text
    })
}

/// Ten thousand in the long form.
fn many() -> usize {
    if std::env::var_os("DRIFTLOCK_LONG").is_some() {
        10_000
    } else {
        1_000
    }
}

#[test]
fn set_changes_one_line_among_many() {
    let count = many();
    let world = World::with_env(&dotenv(count));
    for number in [0, count / 2, count - 1] {
        let before = world.read("manifests/dev.yaml");
        let name = format!("VARIABLE_{number:05}");
        world
            .run_with(&format!("set {name}"), "another value")
            .success();
        let after = world.read("manifests/dev.yaml");
        let declared = format!("  {name}:");
        let at = before
            .lines()
            .position(|line| line == declared)
            .expect("it is declared");
        let differ: Vec<usize> = before
            .lines()
            .zip(after.lines())
            .enumerate()
            .filter(|(_, (one, other))| one != other)
            .map(|(index, _)| index)
            .collect();
        assert_eq!(differ, [at + 1], "the line below `{declared}` alone");
        assert_eq!(before.lines().count(), after.lines().count());
    }
}

#[test]
fn set_to_the_same_value_changes_no_byte() {
    let world = World::with_env(&dotenv(many()));
    let before = world.read("manifests/dev.yaml");
    world
        .run_with("set VARIABLE_00007", "value of 00007")
        .success()
        .says("unchanged");
    assert!(world.read("manifests/dev.yaml") == before, "the same bytes");
}

/// A plan is read by people who wait for it, and may not run anything: neither `git`, which is slow,
/// nor a shell.
#[test]
fn looking_starts_no_program() {
    let world = World::with_env(&dotenv(20));
    world.run("apply --yes").success();
    let marker = world.path("started");
    for name in ["git", "ssh", "sh", "bash", "hostname", "id", "age"] {
        let script = format!("#!/bin/sh\necho {name} >> {}\n", marker.display());
        let path = world.write(format!("bin/{name}"), script);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("the script is ours");
    }
    for line in ["plan --detailed-exitcode", "check", "status", "history"] {
        let mut command = world.command(line.split_whitespace());
        command.env("PATH", world.path("bin"));
        crate::support::world::Run::of(command).success();
        assert!(
            !marker.exists(),
            "`{line}` started {}",
            world.read("started")
        );
    }
}
