//! What cannot be taken in exactly is refused, all of it, before anything is written.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::world::World;

/// Refused with this code and these words; there is no manifest, and no identity, afterwards.
#[track_caller]
fn refused(world: &World, line: &str, code: i32, words: &str) {
    let run = world.quietly(line);
    assert_eq!(run.code, code, "{}", run.all());
    let run = run.says(words);
    assert!(run.stderr.contains("error: "), "{}", run.all());
    assert!(run.stdout.is_empty());
    assert!(!world.path("manifests").exists());
    assert!(!world.config("driftlock/keys.txt").exists());
}

#[test]
fn files_that_are_none_or_say_nothing() {
    let world = World::new();
    world.write(".env", "A=c4nary-1\n");
    world.write("empty.env", "");
    world.write("blank.env", "\n  \n");
    world.write("comments.env", "# A=c4nary\n");
    world.write("large.env", format!("A={}\n", "c4nary-".repeat(160_000)));
    world.write("nul.env", "A=c4nary\0x\n");
    world.write("nul.json", "{\"A\": \"c4nary\\u0000x\"}");
    world.write("latin.env", b"A=c4nary-\xfc\n");
    std::fs::create_dir(world.path("folder")).unwrap();
    let status = Command::new("mkfifo")
        .arg(world.path("pipe"))
        .status()
        .unwrap();
    assert!(status.success());
    for (file, code, words) in [
        ("missing.env", 1, "missing.env does not exist"),
        ("nowhere/a.env", 1, "does not exist"),
        ("folder", 1, "a directory, not a regular file"),
        ("pipe", 1, "a named pipe, not a regular file"),
        ("large.env", 1, "more than the 1048576"),
        ("empty.env", 3, "empty.env is empty"),
        ("blank.env", 3, "blank.env is empty"),
        (
            "comments.env",
            3,
            "no variable to take in from comments.env",
        ),
        ("nul.env", 3, ""),
        ("nul.json", 3, "NUL"),
        ("latin.env", 3, "not UTF-8"),
    ] {
        refused(&world, &format!("import {file} --yes"), code, words);
        // one bad source spoils the good ones
        refused(&world, &format!("import .env {file} --yes"), code, words);
    }
}

#[test]
fn one_place_named_twice() {
    let world = World::new();
    world.write(".env", "A=c4nary-1\n");
    world.write("sub/x", "");
    symlink(world.path(".env"), world.path("link.env")).unwrap();
    refused(
        &world,
        "import .env .env",
        64,
        "sources 1 and 2 are the same",
    );
    refused(
        &world,
        "import - .env -",
        64,
        "sources 1 and 3 are the same",
    );
    for other in ["./.env", "sub/../.env", "link.env"] {
        refused(
            &world,
            &format!("import .env {other} --yes"),
            64,
            "are the same place",
        );
    }
    refused(
        &world,
        "import vps:/srv/a vps://srv//a --yes",
        64,
        "is a URL",
    );
    refused(
        &world,
        "import vps:/srv/a vps:/srv/./a --yes",
        64,
        "are the same place",
    );
}

#[test]
fn lines_and_readings_that_are_not_certain() {
    let world = World::new();
    world.write("a.env", "A=c4nary-1\nB=\"c4nary $HOME\"\nC=c4nary # said\n");
    world.write("b.env", "A=c4nary-1\nthis is c4nary no assignment\n");
    world.write(
        "c.json",
        "{\"A\": \"c4nary\", \"N\": 7, \"M\": {\"k\": \"c4nary\"}}",
    );
    world.write("d.json", "{\"A\": \"c4nary\"");
    world.write("e.yaml", "A: c4nary\n");
    world.write("f.json", "{\"env\": {\"A\": \"c4nary\"}}");
    let run = world.quietly("import a.env --yes").exits(3);
    run.clone()
        .says("2 variables of a.env cannot be taken in exactly");
    run.clone()
        .says("name the program that reads it with --format: ");
    run.says("or leave them out: --except B --except C");
    refused(&world, "import a.env --yes", 3, "B: ");
    refused(&world, "import b.env --yes", 3, "line 2");
    refused(&world, "import c.json --yes", 3, "M: ");
    refused(&world, "import d.json --yes", 3, "cannot be read as json");
    refused(
        &world,
        "import e.yaml --yes",
        3,
        "is YAML, and not encrypted by SOPS",
    );
    refused(&world, "import f.json --yes --at nope", 3, "");
    refused(&world, "import a.env --yes --at env", 3, "`at`");
    refused(
        &world,
        "import a.env --yes --format compose --at env",
        64,
        "--at goes with",
    );
    refused(&world, "import a.env --format yaml", 64, "possible values");
    let nothing = "import a.env --except B --except C --except c4nary --yes";
    refused(
        &world,
        nothing,
        64,
        "--except number 3 names nothing that was read",
    );
    world
        .quietly("import a.env --except B --except C --yes")
        .success();
    world.quietly("plan --detailed-exitcode").success();
}

#[test]
fn a_manifest_is_no_source() {
    let world = World::with_env("A=c4nary-1\n");
    let before = world.manifest();
    world
        .quietly("import manifests/dev.yaml --name copy")
        .exits(3)
        .says("manifests/dev.yaml is a driftlock manifest; nothing was written");
    world
        .run_with("import - --into manifests/dev.yaml", &before)
        .exits(3)
        .says("standard input is a driftlock manifest");
    assert_eq!(world.manifest(), before);
    assert!(!world.path("manifests/copy.yaml").exists());
}

#[test]
fn command_lines_that_make_no_sense() {
    let world = World::new();
    refused(&world, "import", 64, "SOURCE");
    // a value in the place of a source is not repeated
    refused(
        &world,
        "import c4nary-a.b/c==",
        1,
        "source 1 does not exist",
    );
    refused(
        &world,
        "import user:c4nary-password",
        64,
        "source 1: names a path on a host",
    );
    refused(
        &world,
        "import https://c4nary.example/x",
        64,
        "source 1: is a URL",
    );
    refused(&world, "import .env --target local", 64, "--into");
    world.write(".env", "A=c4nary\n");
    refused(
        &world,
        "import .env u:c4nary-password@vps:/srv/.env",
        64,
        "source 2: names no host",
    );
    refused(
        &world,
        "import .env --recipient c4nary",
        3,
        "no age identity",
    );
    let run = world
        .quietly("import .env --yes --recipient c4nary")
        .exits(64);
    run.says("--recipient");
    assert!(!world.path("manifests").exists());
    let at_terminal = world.at_terminal(100, "import -", "");
    if let Some(run) = at_terminal {
        run.exits(64).says("standard input is a terminal");
    }
}

#[test]
fn somebody_who_says_no() {
    let world = World::with_env("A=c4nary-a\n");
    world.write("b.env", "B=c4nary-b\n");
    let before = world.manifest();
    let Some(run) = world.at_terminal(100, "import b.env --into manifests/dev.yaml", "n\n") else {
        return;
    };
    run.exits(3).hides("c4nary-b");
    assert_eq!(world.manifest(), before);
    let run = world
        .at_terminal(100, "import b.env --into manifests/dev.yaml", "y\n")
        .unwrap();
    run.success();
    assert_ne!(world.manifest(), before);
}
