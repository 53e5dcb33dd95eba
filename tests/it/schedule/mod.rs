//! `schedule`: what it writes is held against those who will read it.

mod cron;
mod files;
mod github;
mod launchd;
mod ready;
mod systemd;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::world::{Run, World};

/// A sealed manifest, whose identity is where it usually is.
fn world() -> World {
    World::with_env("TOKEN=c4naryOneLong\nLOG=x\n")
}

fn run(world: &World, words: &[&str]) -> Run {
    Run::of(world.command(words))
}

/// What is printed, which holds no secret.
#[track_caller]
fn printed(world: &World, words: &[&str]) -> String {
    let words = [&["schedule", "print"], words].concat();
    let run = run(world, &words).success().hides("c4nary");
    assert!(!run.stdout.contains("AGE-SECRET-KEY"), "a key is printed");
    run.stdout
}

/// Where the binary under test lies.
fn program() -> PathBuf {
    std::fs::canonicalize(env!("CARGO_BIN_EXE_driftlock")).unwrap()
}

/// A program that says with what words it was started, as hex in one line, to whoever reads the pipe.
const LISTED: &str = r#"#!/bin/sh
line=$(printf '%s\0' "$@" | od -An -tx1 -v | tr -d ' \n')
printf '%s\n' "$line" >'PIPE'
"#;

/// Puts such a program into a folder, beside the pipe that it writes to.
fn listed(folder: &Path) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (program, pipe) = (folder.join("listed"), folder.join("pipe"));
    let text = LISTED.replace("PIPE", pipe.to_str().unwrap());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    (program, pipe)
}

/// The words of a line that [`LISTED`] wrote.
fn words(line: &str) -> Vec<String> {
    let bytes: Vec<u8> = line
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let text = String::from_utf8(bytes).unwrap();
    let text = text.strip_suffix('\0').unwrap();
    text.split('\0').map(str::to_owned).collect()
}

/// Folders of manifests whose names have everything that some reader takes for something else.
fn odd_folders(world: &World) -> Vec<String> {
    let text = world.manifest();
    let odd = "a b|it's|\"q\"|100%|5%d|$HOME|${X}|$$|back\\slash|\\%|\\\\|#no|;no|a;b|*|~|`id`|&amp;|<b>|\
               {x}|[y]|é日|-dash|a=b|tail\\|%%h|'|\"|!|(x)|x, y: z|@@|\\n|\\x41|\u{a0}";
    let mut folders: Vec<String> = odd.split('|').map(str::to_owned).collect();
    folders.extend(random(40));
    for folder in &folders {
        world.write(format!("odd/{folder}/dev.yaml"), &text);
    }
    let top = std::fs::canonicalize(world.path("odd")).unwrap();
    folders
        .iter()
        .map(|folder| top.join(folder).to_str().unwrap().to_owned())
        .collect()
}

/// Names by chance, the same ones for one `DRIFTLOCK_SEED`.
fn random(count: usize) -> Vec<String> {
    let letters: Vec<char> = "ab '\"%$\\#;*~`&<>{}[]()=|!?,:@^é-".chars().collect();
    let seed = std::env::var("DRIFTLOCK_SEED").ok();
    let mut state: u64 = seed.and_then(|seed| seed.parse().ok()).unwrap_or(4711);
    let mut next = |below: usize| {
        // xorshift
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    (0..count)
        .map(|place| {
            let length = 1 + next(9);
            let name: String = (0..length).map(|_| letters[next(letters.len())]).collect();
            // none is `.`, and none is there twice
            format!("{name}{place}")
        })
        .collect()
}
