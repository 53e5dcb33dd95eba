//! The readers that are one program: shells, node, python, and dotenvy.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use driftlock::platforms::file::format::Dialect;

use super::values::write;
use crate::support::peers;

/// What a reader took from a file, by name.
pub(crate) type Taken = BTreeMap<String, String>;

/// Writes the file, runs the reader on it in a clean environment, gives its standard output.
pub(super) fn run(command: &mut Command, text: &str, file: &Path) -> Vec<u8> {
    std::fs::write(file, text).unwrap();
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
pub(crate) fn from_env(output: &[u8]) -> Taken {
    let text = std::str::from_utf8(output).expect("the values are UTF-8");
    let entries = text
        .split_terminator('\0')
        .filter_map(|entry| entry.split_once('='));
    entries
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn from_json(output: &[u8]) -> Taken {
    serde_json::from_slice(output).expect("the reader printed JSON")
}

/// Holds what readers take from a file of ours against what we wrote.
pub(super) fn check(dialect: Dialect, take: impl Fn(&str) -> Vec<(String, Taken)>) {
    let Some(written) = write(dialect) else {
        return;
    };
    for (reader, taken) in take(&written.text) {
        written.check(&reader, &taken);
    }
}

/// What each shell takes from a file.
pub(crate) fn shells(text: &str) -> Vec<(String, Taken)> {
    let mut all = vec![];
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
        let taken = from_env(&run(&mut command, text, &file));
        all.push((program.to_owned(), taken));
    }
    all
}

#[test]
fn shells_read_shell() {
    check(Dialect::Shell, shells);
}

#[test]
fn shells_read_systemd() {
    check(Dialect::Systemd, shells);
}

#[test]
fn shells_read_portable() {
    check(Dialect::Portable, shells);
}

/// What npm `dotenv` and two versions of node take from a file.
pub(crate) fn node(text: &str) -> Vec<(String, Taken)> {
    let mut all = vec![];
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
        let taken = from_json(&run(&mut command, text, &file));
        all.push(("dotenv".to_owned(), taken));
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
        let taken = from_json(&run(&mut command, text, &file));
        all.push((name.to_owned(), taken));
        let mut command = Command::new(&node);
        command
            .arg(format!("--env-file={}", file.display()))
            .args(["-e", &print("process.env")]);
        let taken = from_json(&run(&mut command, text, &file));
        all.push((format!("{name} --env-file"), taken));
    }
    all
}

#[test]
fn node_reads_node() {
    check(Dialect::Node, node);
}

#[test]
fn node_reads_portable() {
    check(Dialect::Portable, node);
}

/// What python-dotenv takes from a file.
pub(crate) fn python(text: &str) -> Vec<(String, Taken)> {
    let Some(python) = peers::installed("venv/bin/python") else {
        return vec![];
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.env");
    let mut command = Command::new(python);
    let code = "import dotenv, json, sys; print(json.dumps(dotenv.dotenv_values(sys.argv[1])))";
    command.args(["-c", code]).arg(&file);
    let taken = from_json(&run(&mut command, text, &file));
    vec![("python-dotenv".to_owned(), taken)]
}

#[test]
fn python_reads_python() {
    check(Dialect::Python, python);
}

#[test]
fn python_reads_portable() {
    check(Dialect::Portable, python);
}

/// What the crate dotenvy takes from a file.
pub(crate) fn dotenvy(text: &str) -> Vec<(String, Taken)> {
    let taken: Result<Taken, _> = ::dotenvy::from_read_iter(text.as_bytes()).collect();
    vec![("dotenvy".to_owned(), taken.expect("dotenvy takes the file"))]
}

#[test]
fn dotenvy_reads_compose() {
    check(Dialect::Compose, dotenvy);
}

#[test]
fn dotenvy_reads_portable() {
    check(Dialect::Portable, dotenvy);
}
