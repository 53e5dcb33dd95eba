//! `git install` and `git uninstall`: what they write, what they leave alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::lab::Lab;
use crate::support::world::Run;

/// The settings of the clone, the attributes and the hook, as far as they are there.
fn state(lab: &Lab) -> (String, Option<String>, Option<String>) {
    (
        fs::read_to_string(lab.world.path(".git/config")).unwrap(),
        fs::read_to_string(lab.world.path(".gitattributes")).ok(),
        fs::read_to_string(lab.world.path(".git/hooks/pre-commit")).ok(),
    )
}

#[test]
fn twice_is_once_and_uninstall_leaves_no_trace() {
    let Some(lab) = Lab::bare() else { return };
    let before = state(&lab);
    let first = lab.world.run("git install").success();
    let installed = state(&lab);
    assert_ne!(before, installed);
    assert!(first.all().contains("commit it"), "{}", first.all());
    lab.world.run("git install").success().says("already");
    assert_eq!(state(&lab), installed);
    let hook = lab.world.path(".git/hooks/pre-commit");
    assert_eq!(
        fs::metadata(hook).unwrap().permissions().mode() & 0o111,
        0o111
    );
    lab.world.run("git uninstall").success();
    assert_eq!(state(&lab), before);
    lab.world.run("git uninstall").success();
    assert_eq!(state(&lab), before);
}

#[test]
fn what_is_there_stays() {
    let Some(lab) = Lab::bare() else { return };
    lab.git("config diff.driftlock.xfuncname ^x");
    lab.git("config merge.other.driver true");
    lab.world.write(".gitattributes", "*.png binary");
    let hook = lab
        .world
        .write(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n");
    let before = state(&lab);
    let run = lab.world.run("git install").success();
    run.says("there is a hook already")
        .says("git pre-commit || exit");
    assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/bin/sh\nexit 0\n");
    let attributes = lab.world.read(".gitattributes");
    assert!(
        attributes.starts_with("*.png binary\nmanifests/*.yaml diff=driftlock"),
        "{attributes}"
    );
    lab.world.run("git uninstall").success();
    let after = state(&lab);
    assert_eq!((after.0, after.2), (before.0, before.2));
    assert_eq!(after.1.as_deref(), Some("*.png binary\n"));
    // who follows the advice is not told again
    fs::write(&hook, "#!/bin/sh\ndriftlock git pre-commit || exit\n").unwrap();
    lab.world
        .run("git install")
        .success()
        .says("looks at every commit already");
}

#[test]
fn hooks_of_the_repository_and_of_the_user() {
    let Some(lab) = Lab::bare() else { return };
    lab.git("config core.hooksPath tools/hooks");
    lab.world.run("git install").success();
    assert!(lab.world.path("tools/hooks/pre-commit").is_file());
    assert!(!lab.world.path(".git/hooks/pre-commit").exists());
    lab.world.run("git uninstall").success();
    assert!(!lab.world.path("tools/hooks/pre-commit").exists());
    lab.git("config --unset core.hooksPath");
    let shared = lab.world.home("all hooks");
    let mut command = lab.command(&[
        "config",
        "--global",
        "core.hooksPath",
        shared.to_str().unwrap(),
    ]);
    assert!(command.status().unwrap().success());
    lab.world
        .run("git install")
        .success()
        .says("for all repositories")
        .says("git pre-commit || exit");
    assert!(!shared.exists() && !lab.world.path(".git/hooks/pre-commit").exists());
}

#[test]
fn other_folders_and_other_places() {
    let Some(lab) = Lab::bare() else { return };
    lab.world
        .write("deploy/my envs/[x]/a.yaml", "driftlock: 1\nname: a\n");
    lab.world
        .write("deploy/my envs/[x]/rails.yaml", "driftlock-rails: 1\n");
    let mut command = lab
        .world
        .command(["git", "install", "--no-hook", "my envs/[x]"]);
    command.current_dir(lab.world.path("deploy"));
    Run::of(command).success();
    assert!(!lab.world.path(".git/hooks/pre-commit").exists());
    let attributes = |path: &str| {
        let output = lab
            .command(&["check-attr", "diff", "merge", "--", path])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let of = |path: &str| attributes(path).matches(": driftlock").count();
    assert_eq!(of("deploy/my envs/[x]/a.yaml"), 2);
    assert_eq!(of("deploy/my envs/[x]/rails.yaml"), 0);
    assert_eq!(of("deploy/my envs/x/a.yaml"), 0);
    assert_eq!(of("manifests/dev.yaml"), 0);
    // a linked work tree and a submodule are clones like any other
    lab.commit_all("more");
    let linked = lab.world.root().join("linked");
    assert!(
        lab.command(&["worktree", "add", "-q", linked.to_str().unwrap()])
            .status()
            .unwrap()
            .success()
    );
    let mut command = lab.world.command(["git", "install"]);
    command.current_dir(&linked);
    Run::of(command).success();
    assert!(lab.world.path(".git/hooks/pre-commit").is_file());
    assert!(linked.join(".gitattributes").is_file());
    let source = lab.world.path("");
    let outer = lab.world.root().join("outer");
    fs::create_dir(&outer).unwrap();
    let lab = lab.at(&outer);
    lab.git("init -q");
    assert!(
        lab.command(&[
            "submodule",
            "--quiet",
            "add",
            source.to_str().unwrap(),
            "sub"
        ])
        .status()
        .unwrap()
        .success()
    );
    let mut command = lab.world.command(["git", "install"]);
    command.current_dir(outer.join("sub"));
    Run::of(command).success();
    assert!(outer.join(".git/modules/sub/hooks/pre-commit").is_file());
    assert!(!outer.join(".git/hooks/pre-commit").exists());
}

/// By its name where `PATH` leads to this very program; else by its whole path, quoted.
#[test]
fn the_program_is_found_again() {
    let Some(lab) = Lab::bare() else { return };
    lab.world.run("git install --no-hook").success();
    let driver = lab.git("config merge.driftlock.driver");
    assert!(
        driver.starts_with('/') && driver.trim_end().ends_with("git merge -- %O %A %B %P"),
        "{driver}"
    );
    let bin = lab.world.root().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_driftlock"), bin.join("driftlock")).unwrap();
    let path = std::env::join_paths(
        std::iter::once(bin).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut command = lab.world.command(["git", "install", "--no-hook"]);
    command.env("PATH", path.unwrap());
    Run::of(command).success();
    assert_eq!(
        lab.git("config merge.driftlock.driver"),
        "driftlock git merge -- %O %A %B %P\n"
    );
    assert_eq!(
        lab.git("config diff.driftlock.textconv"),
        "driftlock git textconv --\n"
    );
    // a copy in a folder with a name that a shell would take apart
    let odd = lab.world.root().join("it's a $(folder)");
    fs::create_dir(&odd).unwrap();
    let copy = odd.join("driftlock");
    // by a process of its own: one that is forked meanwhile would keep our open file, and it busy
    let copied = std::process::Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_driftlock"))
        .arg(&copy)
        .status();
    assert!(copied.unwrap().success());
    let mut command = std::process::Command::new(&copy);
    command
        .args(["git", "install", "--no-hook"])
        .current_dir(lab.world.path(""))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", lab.world.home(""));
    Run::of(command).success();
    lab.set("API_TOKEN", "another-Value-9");
    lab.git("add -AN");
    assert!(lab.git("diff").contains("sequence 2)"));
}
