//! The readers that are one program: shells, node, python, and dotenvy.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use driftlock::platforms::file::format::Dialect;

use super::values::{Written, write};
use crate::support::peers;

/// Writes the file, runs the reader on it in a clean environment, gives its standard output.
pub(super) fn run(command: &mut Command, written: &Written, file: &Path) -> Vec<u8> {
    std::fs::write(file, &written.text).unwrap();
    let output = command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .output()
        .expect("the reader starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    assert_eq!(errors, "", "{command:?}");
    output.stdout
}

/// What `env -0` prints.
pub(super) fn from_env(output: &[u8]) -> BTreeMap<String, String> {
    let text = std::str::from_utf8(output).expect("the values are UTF-8");
    let entries = text
        .split_terminator('\0')
        .filter_map(|entry| entry.split_once('='));
    entries
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn from_json(output: &[u8]) -> BTreeMap<String, String> {
    serde_json::from_slice(output).expect("the reader printed JSON")
}

fn shells(dialect: Dialect) {
    let Some(written) = write(dialect) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.env");
    for (program, first) in [
        ("bash", None),
        ("dash", None),
        ("zsh", Some("-f")),
        ("busybox", Some("ash")),
    ] {
        let Some(path) = peers::program(program) else {
            continue;
        };
        let mut command = Command::new(path);
        command
            .args(first)
            .args(["-c", "set -a; . \"$0\"; exec /usr/bin/env -0"])
            .arg(&file);
        written.check(program, &from_env(&run(&mut command, &written, &file)));
    }
}

#[test]
fn shells_read_shell() {
    shells(Dialect::Shell);
}

#[test]
fn shells_read_systemd() {
    shells(Dialect::Systemd);
}

#[test]
fn shells_read_portable() {
    shells(Dialect::Portable);
}

fn node(dialect: Dialect) {
    let Some(written) = write(dialect) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.env");
    let read = "require('node:fs').readFileSync(process.argv[1], 'utf8')";
    let print = |what: &str| format!("process.stdout.write(JSON.stringify({what}))");
    if let (Some(node), Some(dotenv)) = (
        peers::program("node"),
        peers::installed("node_modules/dotenv"),
    ) {
        let mut command = Command::new(node);
        let parse = print(&format!("require(process.argv[2]).parse({read})"));
        command.args(["-e", &parse]).arg(&file).arg(dotenv);
        written.check("dotenv", &from_json(&run(&mut command, &written, &file)));
    }
    for name in ["node", "node-new"] {
        let Some(node) = peers::program(name) else {
            continue;
        };
        let mut command = Command::new(&node);
        command
            .args([
                "-e",
                &print(&format!("require('node:util').parseEnv({read})")),
            ])
            .arg(&file);
        written.check(name, &from_json(&run(&mut command, &written, &file)));
        let mut command = Command::new(&node);
        command
            .arg(format!("--env-file={}", file.display()))
            .args(["-e", &print("process.env")]);
        written.check(
            &format!("{name} --env-file"),
            &from_json(&run(&mut command, &written, &file)),
        );
    }
}

#[test]
fn node_reads_node() {
    node(Dialect::Node);
}

#[test]
fn node_reads_portable() {
    node(Dialect::Portable);
}

fn python(dialect: Dialect) {
    let Some(written) = write(dialect) else {
        return;
    };
    let Some(python) = peers::installed("venv/bin/python") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.env");
    let mut command = Command::new(python);
    let code = "import dotenv, json, sys; print(json.dumps(dotenv.dotenv_values(sys.argv[1])))";
    command.args(["-c", code]).arg(&file);
    written.check(
        "python-dotenv",
        &from_json(&run(&mut command, &written, &file)),
    );
}

#[test]
fn python_reads_python() {
    python(Dialect::Python);
}

#[test]
fn python_reads_portable() {
    python(Dialect::Portable);
}

fn dotenvy(dialect: Dialect) {
    let Some(written) = write(dialect) else {
        return;
    };
    let taken: Result<BTreeMap<String, String>, _> =
        dotenvy::from_read_iter(written.text.as_bytes()).collect();
    written.check("dotenvy", &taken.expect("dotenvy takes the file"));
}

#[test]
fn dotenvy_reads_compose() {
    dotenvy(Dialect::Compose);
}

#[test]
fn dotenvy_reads_portable() {
    dotenvy(Dialect::Portable);
}
