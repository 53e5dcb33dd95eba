//! `completions` and `man`: what packages ship beside the binary.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::leaks::commands;
use crate::support::world::World;

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    let world = World::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = world.run(&format!("completions {shell}")).success().stdout;
        for command in commands(&world) {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
    world
        .run("completions tcsh")
        .exits(64)
        .says("possible values");
}

#[test]
fn the_shells_can_parse_theirs() {
    if crate::support::peers::program("bash").is_none() {
        return;
    }
    let world = World::new();
    let script = world.run("completions bash").success().stdout;
    accepts("bash", &["-n"], &script);
}

#[test]
fn every_command_has_a_man_page() {
    let world = World::new();
    // looked at where there is one; the page itself is checked everywhere
    let has_man = Command::new("man").arg("--version").output().is_ok();
    let whole = world.run("man").success().stdout;
    assert!(whole.contains(".TH driftlock 1") && whole.contains("Exit codes"));
    for command in commands(&world) {
        let page = world.run(&format!("man {command}")).success().stdout;
        assert!(
            page.contains(&format!(".TH driftlock-{command} 1")),
            "{command}"
        );
        assert!(page.lines().count() > 15, "{command}");
        if has_man {
            accepts("man", &["-l", "-"], &page);
        }
    }
    world.run("man nope").exits(64);
}

#[track_caller]
fn accepts(program: &str, arguments: &[&str], input: &str) {
    let mut child = Command::new(program)
        .args(arguments)
        .env("MANWARNINGS", "w")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{program}: {said}"
    );
}
