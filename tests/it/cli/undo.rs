//! `undo`: what an apply overwrote is put back, under the same rails.

mod everyday;
mod kept;
mod killed;
mod places;
mod refused;
mod units;

use std::path::PathBuf;

use rusqlite::Connection;

use crate::support::world::{Run, World};

/// A manifest with secrets and these targets, each a line of YAML, applied once.
fn world(dotenv: &str, targets: &[&str]) -> World {
    let world = World::with_env(dotenv);
    retarget(&world, targets);
    world.run("apply --yes").success();
    world
}

/// Other targets for the variables that the manifest has.
fn retarget(world: &World, targets: &[&str]) {
    let text = world.read("manifests/dev.yaml");
    let begin = text.find("\ntargets:\n").unwrap();
    let end = text.find("\nkey: ").unwrap();
    let lines: String = targets.iter().map(|line| format!("  {line}\n")).collect();
    let text = format!("{}\ntargets:\n{lines}{}", &text[..begin], &text[end..]);
    world.write("manifests/dev.yaml", text);
}

/// A target of its own file with these variables and more keys.
fn target(name: &str, variables: &str, more: &str) -> String {
    format!("{name}: {{ file: {{ path: ../{name}.env }}, variables: [{variables}]{more} }}")
}

/// One target `one` with two secrets and two lines that are not ours, applied; then `TOKEN` has a
/// new value, applied too, as receipt 2.
fn moved() -> World {
    let world = World::with_env("TOKEN=c4naryOne\nKEY=c4naryKey\n");
    retarget(&world, &[&target("one", "TOKEN, KEY", "")]);
    world.write("one.env", "# theirs\nTHEIRS=\"x y\"  # kept\n");
    world.run("apply --yes").success();
    set(&world, "TOKEN", "c4naryTwo");
    world.run("apply --yes").success();
    world
}

fn set(world: &World, name: &str, value: &str) {
    world.run_with(&format!("set {name}"), value).success();
}

/// The same run with another environment.
fn run_with_env(world: &World, line: &str, name: &str, value: &str) -> Run {
    let mut command = world.command(line.split_whitespace());
    command.env(name, value);
    Run::of(command)
}

fn file(world: &World) -> PathBuf {
    world.journal().with_file_name("undo.sqlite3")
}

fn sql(world: &World, statements: &str) {
    let connection = Connection::open(file(world)).unwrap();
    connection.execute_batch(statements).unwrap();
}

fn count(world: &World) -> i64 {
    let connection = Connection::open(file(world)).unwrap();
    connection
        .query_row("SELECT count(*) FROM kept", [], |row| row.get(0))
        .unwrap()
}

/// Nothing of a value is in the file, or in what SQLite keeps beside it.
#[track_caller]
fn hides(world: &World, secret: &str) {
    let folder = file(world).parent().unwrap().to_owned();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "a value is in {}", path.display());
        }
    }
}
