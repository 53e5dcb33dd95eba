//! Where git, or what git gives us, is not as it should be.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::lab::{Lab, MANIFEST};
use crate::support::world::{Run, World};

#[test]
fn no_repository_or_a_bare_one() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = World::new();
    for line in ["git install", "git uninstall", "git pre-commit"] {
        world
            .run(line)
            .exits(1)
            .says("git repository")
            .says("git init");
    }
    let Some(lab) = Lab::bare() else { return };
    let bare = lab.world.root().join("bare.git");
    let lab = lab.at(&lab_root(&bare));
    lab.git("init -q --bare");
    let mut command = lab.world.command(["git", "install"]);
    command.current_dir(&bare);
    Run::of(command).exits(1).says("this repository is bare");
    let mut command = lab.world.command(["git", "pre-commit"]);
    command.current_dir(&bare);
    Run::of(command).exits(1);
}

fn lab_root(path: &std::path::Path) -> std::path::PathBuf {
    fs::create_dir(path).unwrap();
    path.to_owned()
}

#[test]
fn folders_that_are_none_or_elsewhere() {
    let Some(lab) = Lab::bare() else { return };
    lab.world
        .run("git install nowhere")
        .exits(1)
        .says("nowhere is not a folder");
    let elsewhere = lab.world.home("");
    let elsewhere = elsewhere.to_str().unwrap();
    lab.world
        .run(&format!("git install {elsewhere}"))
        .exits(1)
        .says("is not in this repository");
    assert!(!lab.world.path(".gitattributes").exists());
    fs::create_dir(lab.world.path(".gitattributes")).unwrap();
    lab.world
        .run("git install")
        .exits(1)
        .says("it is not a regular file");
    assert!(
        !fs::read_to_string(lab.world.path(".git/config"))
            .unwrap()
            .contains("driftlock")
    );
}

/// A lock that somebody left, and a program that is not there.
#[test]
fn what_cannot_be_written_is_said() {
    let Some(lab) = Lab::bare() else { return };
    lab.world.write(".git/config.lock", "");
    lab.world.run("git install").exits(1).says("config.lock");
    let mut command = lab.world.command(["git", "install"]);
    command.env("PATH", "/nowhere");
    Run::of(command)
        .exits(1)
        .says("the program is not installed");
}

/// The driver never leaves a file that can be read as something that nobody meant.
#[test]
fn files_that_the_driver_cannot_take() {
    let Some(lab) = Lab::bare() else { return };
    let text = lab.manifest();
    let merge = |base: &[u8], ours: &[u8], theirs: &[u8]| {
        lab.world.write("b", base);
        lab.world.write("o", ours);
        lab.world.write("t", theirs);
        lab.world.run("git merge -- b o t manifests/dev.yaml")
    };
    let bytes = text.as_bytes();
    // not text: as git does it
    let odd = [bytes, b"# \xff\n"].concat();
    merge(bytes, &odd, bytes).success();
    assert_eq!(fs::read(lab.world.path("o")).unwrap(), odd);
    // a base that does not parse, and sides that mended it alike
    merge(b"driftlock: [\n", bytes, bytes).success();
    assert_eq!(lab.world.read("o"), text);
    // a side that was emptied
    merge(
        bytes,
        text.replace("LOG_LEVEL: info", "LOG_LEVEL: warn")
            .as_bytes(),
        b"",
    )
    .exits(1)
    .says("theirs is no valid manifest");
    assert!(lab.world.read("o").contains("<<<<<<<"));
    // larger than a manifest may be
    let large = [bytes, &b"# x\n".repeat(2_200_000)[..]].concat();
    merge(bytes, &large, bytes)
        .exits(1)
        .says("larger than 8 MiB");
    // a whole manifest in braces has no lines of its own: as git does it, if that is a manifest
    let braces = |name: &str| format!("{{driftlock: 1, name: {name}}}\n# a\n# b\n# c\n");
    merge(
        braces("t").as_bytes(),
        braces("t").replace("# c", "# d").as_bytes(),
        braces("u").as_bytes(),
    )
    .success()
    .says("written in braces");
    assert_eq!(lab.world.read("o"), braces("u").replace("# c", "# d"));
    merge(
        braces("t").as_bytes(),
        braces("v").as_bytes(),
        braces("u").as_bytes(),
    )
    .exits(1);
    assert!(lab.world.read("o").contains("<<<<<<<"));
    // not there
    lab.world
        .run("git merge -- b o nowhere manifests/dev.yaml")
        .exits(1)
        .says("cannot read");
    lab.world.run("git merge b o").exits(64);
}

/// Just below the limit, with thousands of variables on both sides.
#[test]
fn large_manifests_are_joined() {
    let Some(lab) = Lab::new() else { return };
    let mut text = "driftlock: 1\nname: large\nvariables:\n".to_owned();
    let mut index = 0;
    while text.len() < 7 * 1024 * 1024 {
        text.push_str(&format!("  V{index:06}: {}\n\n", "x".repeat(400)));
        index += 1;
    }
    text.push_str("targets:\n  t: { file: { path: ../.env }, variables: [V000000] }\n");
    let write = |from: &str, to: &str| {
        let new = text.replace(from, to);
        assert_ne!(new, text);
        lab.world.write("manifests/large.yaml", new);
    };
    lab.world.write("manifests/large.yaml", &text);
    lab.commit_all("base");
    lab.git("checkout -q -b side");
    write("\n  V000100: ", "\n  V000099_THEIRS: y\n\n  V000100: ");
    lab.commit_all("side");
    lab.git("checkout -q main");
    write("\n  V000100: ", "\n  V000099_OURS: y\n\n  V000100: ");
    lab.commit_all("main");
    lab.git("merge -q side");
    let merged = lab.world.read("manifests/large.yaml");
    assert!(merged.contains("\n  V000099_OURS: y\n\n  V000099_THEIRS: y\n\n  V000100: "));
    assert_eq!(
        merged.len(),
        text.len() + "  V000099_OURS: y\n\n  V000099_THEIRS: y\n\n".len()
    );
}

/// The hook where nothing may be written, and where the index is damaged.
#[test]
fn a_damaged_index() {
    let Some(lab) = Lab::new() else { return };
    lab.world.write(".git/index", b"DIRC garbage");
    lab.world
        .run("git pre-commit")
        .exits(1)
        .says("git cannot read what is staged");
    lab.world
        .run(&format!("git pre-commit {MANIFEST}"))
        .exits(1);
    fs::remove_file(lab.world.path(".git/index")).unwrap();
    let git = lab.world.path(".git");
    fs::set_permissions(&git, fs::Permissions::from_mode(0o555)).unwrap();
    lab.world.run("git pre-commit").success();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
}
