//! The pre-commit framework reads our `.pre-commit-hooks.yaml`, and runs the hook as it runs others.

use std::path::Path;
use std::process::Command;

use super::lab::{Lab, MANIFEST};
use crate::support::peers;
use crate::support::world::Run;

const HOOKS: &str = ".pre-commit-hooks.yaml";

fn ours() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(HOOKS);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_framework_accepts_our_hooks() {
    let Some(program) = peers::installed("venv/bin/pre-commit") else {
        return;
    };
    let run = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(HOOKS);
        std::fs::write(&path, text).unwrap();
        let mut command = Command::new(&program);
        command.arg("validate-manifest").arg(&path);
        Run::of(command)
    };
    run(&ours()).success();
    // it looks at what it is given
    run(&ours().replace("language: rust", "language: rusty")).exits(1);
}

/// As it would be installed from a repository, but with the program that was just built.
#[test]
fn the_framework_runs_the_hook() {
    let Some(program) = peers::installed("venv/bin/pre-commit") else {
        return;
    };
    let Some(lab) = Lab::bare() else { return };
    let binary = env!("CARGO_BIN_EXE_driftlock");
    let hook: String = ours()
        .replace("language: rust", "language: system")
        .replace("entry: driftlock", &format!("entry: {binary}"))
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect();
    let config = format!("repos:\n  - repo: local\n    hooks:\n{hook}");
    lab.world.write(".pre-commit-config.yaml", config);
    lab.commit_all("config");
    let run = |arguments: &[&str]| {
        let mut command = lab.command(&[]);
        let environment: Vec<_> = command
            .get_envs()
            .map(|(name, value)| (name.to_owned(), value.unwrap().to_owned()))
            .collect();
        command = Command::new(&program);
        command
            .args(arguments)
            .current_dir(lab.world.path(""))
            .env_clear()
            .envs(environment)
            .env("PRE_COMMIT_HOME", lab.world.home("framework"));
        Run::of(command)
    };
    run(&["run", "--all-files"]).success().says("Passed");
    let text = lab.manifest();
    let line = text.lines().find(|line| line.contains(" age: ")).unwrap();
    lab.world
        .write(MANIFEST, text.replacen(line, "    value: plain", 1));
    // not staged: the framework puts it aside, and the hook would not look at it anyway
    run(&["run"]).success();
    lab.git("add -A");
    let found = run(&["run"]).exits(1).says("Failed");
    found.says("API_TOKEN was encrypted, and is now clear");
    // installed by the framework, the hook of the repository is somebody else's
    run(&["install"]).success();
    lab.tries("commit -q -m x").exits(1).says("was encrypted");
    lab.world
        .run("git install")
        .success()
        .says("there is a hook already");
}
