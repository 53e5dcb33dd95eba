//! `git commit` with the hook: what it refuses, and that it looks at the index of that commit.

use super::lab::{Lab, MANIFEST, SECRET};
use crate::support::world::Run;

/// The same manifest with its secret in clear.
fn in_clear(text: &str, value: &str) -> String {
    let line = text.lines().find(|line| line.contains(" age: ")).unwrap();
    text.replacen(
        &format!("API_TOKEN:\n{line}"),
        &format!("API_TOKEN: {value}"),
        1,
    )
}

#[test]
fn an_encrypted_variable_does_not_become_clear() {
    let Some(lab) = Lab::new() else { return };
    let sealed = lab.manifest();
    let clear = in_clear(&sealed, "plain");
    assert_ne!(clear, sealed);
    lab.world.write(MANIFEST, &clear);
    // what is not staged is not looked at
    lab.git("commit -q --allow-empty -m x");
    lab.git("add -A");
    lab.tries("commit -q -m x")
        .exits(1)
        .says("API_TOKEN was encrypted, and is now clear")
        .says("driftlock set API_TOKEN");
    // staged is what counts, not what is on the disk by now
    lab.world.write(MANIFEST, &sealed);
    lab.tries("commit -q -m x").exits(1);
    // renamed on the way
    lab.git("reset -q --hard");
    lab.git("mv manifests/dev.yaml manifests/other.yaml");
    lab.world.write("manifests/other.yaml", &clear);
    lab.git("add -A");
    lab.tries("commit -q -m x")
        .exits(1)
        .says("manifests/other.yaml")
        .says("was encrypted");
    // on purpose, and seen by whoever reviews it
    lab.world.write(
        "manifests/other.yaml",
        clear.replace("plain", "plain # driftlock: clear"),
    );
    lab.git("add -A");
    lab.git("commit -q -m x");
}

/// `git commit -a`, `git commit FILE` and `git commit -p` have an index of their own.
#[test]
fn partial_commits_are_judged_by_their_own_index() {
    let Some(lab) = Lab::new() else { return };
    let sealed = lab.manifest();
    let clear = in_clear(&sealed, "plain");
    lab.world.write(MANIFEST, &clear);
    lab.world.write("harmless.txt", "x\n");
    lab.git("add harmless.txt");
    lab.tries("commit -q -a -m x")
        .exits(1)
        .says("was encrypted");
    lab.tries("commit -q manifests/dev.yaml -m x")
        .exits(1)
        .says("was encrypted");
    // the manifest is staged, and this commit is not about it
    lab.git("add -A");
    lab.git("commit -q harmless.txt -m x");
    lab.tries("commit -q -m x").exits(1).says("was encrypted");
    // only one hunk of two
    lab.git("reset -q --hard");
    lab.world.write(
        MANIFEST,
        clear.replace("LOG_LEVEL: info", "LOG_LEVEL: warn"),
    );
    let commit = |answers: &str| {
        let mut command = lab.command(&["commit", "-q", "-p", "-m", "x"]);
        command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), answers.as_bytes()).unwrap();
        Run::from_output(&child.wait_with_output().unwrap())
    };
    commit("s\nn\ny\nn\n").success();
    assert!(
        lab.git("show HEAD:manifests/dev.yaml")
            .contains("LOG_LEVEL: warn")
    );
    commit("y\n").exits(1).says("was encrypted");
}

#[test]
fn shapes_of_secrets_are_refused_and_names_are_warned_of() {
    let Some(lab) = Lab::new() else { return };
    let token = format!("ghp_{}", "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY");
    let with = |line: &str| {
        lab.manifest().replace(
            "  LOG_LEVEL: info\n",
            &format!("  LOG_LEVEL: info\n\n  {line}\n"),
        )
    };
    let before = lab.manifest();
    for (line, said) in [
        (
            format!("NEW: {token}"),
            "NEW looks like a GitHub token in clear",
        ),
        (
            "NEW: postgres://app:hunter2@db/x".to_owned(),
            "NEW looks like a URL with a password in clear",
        ),
        (
            "NEW: { template: \"https://u:hunter2@${LOG_LEVEL}/\" }".to_owned(),
            "NEW looks like a URL with a password",
        ),
        (
            "NEW: \"-----BEGIN RSA PRIVATE KEY-----\\nx\" # driftlock: clear".to_owned(),
            "NEW is a private key in clear",
        ),
        (
            format!("NEW: AGE-SECRET-KEY-1{}", "Q".repeat(58)),
            "age identity",
        ),
    ] {
        lab.world.write(MANIFEST, with(&line));
        lab.git("add -A");
        let run = lab.tries("commit -q -m x").exits(1).says(said);
        assert!(
            !run.all().contains(&token) && !run.all().contains("hunter2"),
            "{}",
            run.all()
        );
        lab.world.write(MANIFEST, &before);
    }
    lab.world.write(
        MANIFEST,
        with(&format!("# driftlock: clear\n  NEW: {token}")),
    );
    lab.git("add -A");
    lab.git("commit -q -m x");
    lab.world.write(MANIFEST, with("NEW_PASSWORD: sommer"));
    lab.git("add -A");
    let run = lab
        .tries("commit -q -m x")
        .exits(0)
        .says("its name is that of a secret");
    assert!(!run.all().contains("sommer"));
}

#[test]
fn a_broken_manifest_and_a_payload_of_another_key() {
    let Some(lab) = Lab::new() else { return };
    let sealed = lab.manifest();
    lab.world
        .write(MANIFEST, sealed.replace("variables:", "variabels:"));
    lab.git("add -A");
    lab.tries("commit -q -m x")
        .exits(1)
        .says("manifests/dev.yaml:")
        .says("[unknown-key]");
    let line = sealed.lines().find(|line| line.contains(" age: ")).unwrap();
    let (before, payload) = line.split_once('.').unwrap();
    let other = format!("{}000000.{payload}", &before[..before.len() - 6]);
    lab.world.write(MANIFEST, sealed.replace(line, &other));
    lab.git("add -A");
    lab.tries("commit -q -m x").exits(1).says("[key-mismatch]");
    // gone is gone
    lab.git("rm -qf manifests/dev.yaml");
    lab.git("commit -q -m x");
}

/// With an identity at hand: no file takes a secret along, and what was there before is no news.
#[test]
fn a_known_secret_in_any_file() {
    let Some(lab) = Lab::new() else { return };
    lab.world.write(
        "src/config.js",
        format!("// a\nconst token = '{SECRET}';\n"),
    );
    lab.git("add -A");
    let run = lab
        .tries("commit -q -m x")
        .exits(1)
        .says("src/config.js:2: this line holds the value of API_TOKEN of dev in clear");
    assert!(!run.all().contains(SECRET));
    lab.git("commit -q --no-verify -m x");
    lab.world.write(
        "src/config.js",
        format!("// b\nconst token = '{SECRET}';\n"),
    );
    lab.git("add -A");
    lab.git("commit -q -m x");
    // a larger file than is looked at, and a binary one that is
    lab.world.write(
        "large.bin",
        [&vec![0_u8; 1 << 20][..], SECRET.as_bytes()].concat(),
    );
    lab.git("add -A");
    lab.git("commit -q -m x");
    lab.world.write(
        "small.bin",
        [&[0_u8, 255, 10][..], SECRET.as_bytes()].concat(),
    );
    lab.git("add -A");
    lab.tries("commit -q -m x").exits(1).says("small.bin:2:");
    // who has no identity is not asked for one
    std::fs::remove_file(lab.world.config("driftlock/keys.txt")).unwrap();
    lab.git("commit -q -m x");
}

#[test]
fn an_identity_in_any_file() {
    let Some(lab) = Lab::new() else { return };
    let keys = std::fs::read_to_string(lab.world.config("driftlock/keys.txt")).unwrap();
    lab.world.write("backup/keys.txt", &keys);
    lab.git("add -A");
    let run = lab
        .tries("commit -q -m x")
        .exits(1)
        .says("backup/keys.txt:")
        .says("this is an age identity");
    assert!(!run.all().contains(keys.lines().last().unwrap()));
    // decided once, it is not asked again
    lab.git("commit -q --no-verify -m x");
    lab.world
        .write("backup/keys.txt", format!("# for tests\n{keys}"));
    lab.git("add -A");
    lab.git("commit -q -m x");
}

/// A README that quotes a manifest is none, and neither is a chart that has a part of our name.
#[test]
fn texts_that_only_speak_of_manifests() {
    let Some(lab) = Lab::new() else { return };
    let quoted = "# Title\n```yaml\ndriftlock: 1\nname: [\nvariables:\n```\n";
    lab.world.write("README.md", quoted);
    lab.world.write(
        "chart/values.yaml",
        "driftlock:\n  enabled: true\n  token: x\n",
    );
    lab.world
        .write("compose.yaml", "services:\n  driftlock:\n    image: x\n");
    lab.git("add -A");
    let run = lab.tries("commit -q -m x").success();
    assert_eq!(run.stderr, "");
    // whatever its name: this one is meant to be one
    lab.world
        .write("env.conf", "# ours\ndriftlock: 1\nname: [\n");
    lab.git("add -A");
    lab.tries("commit -q -m x").exits(1).says("env.conf:");
}

/// Names of files are somebody's text.
#[test]
fn odd_names_of_files_do_not_break_out() {
    let Some(lab) = Lab::new() else { return };
    let identity = format!("AGE-SECRET-KEY-1{}\n", "Q".repeat(58));
    let names = [
        "a b/\u{1b}[31mred",
        "line\nbreak",
        "-x",
        "--help",
        "tab\there",
        "'quote\"",
        "$(touch x)",
        "é",
    ];
    for name in names {
        lab.world.write(name, &identity);
    }
    lab.git("add -A");
    let run = lab.tries("commit -q -m x").exits(1);
    assert_eq!(
        run.stderr.matches("this is an age identity").count(),
        names.len(),
        "{}",
        run.all()
    );
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains("line\nbreak"));
    let files: Vec<&str> = std::iter::once("git")
        .chain(["pre-commit", "--"])
        .chain(names)
        .collect();
    let run = Run::of(lab.world.command(files)).exits(3);
    assert_eq!(
        run.stderr.matches("this is an age identity").count(),
        names.len(),
        "{}",
        run.all()
    );
}

/// The first commit of all, a merge, an amend, and a linked work tree.
#[test]
fn every_kind_of_commit_runs_it() {
    let Some(lab) = Lab::new() else { return };
    let clear = in_clear(&lab.manifest(), "plain");
    lab.world.write(MANIFEST, &clear);
    lab.git("add -A");
    lab.tries("commit -q --amend --no-edit")
        .exits(1)
        .says("was encrypted");
    lab.git("reset -q --hard");
    let linked = lab.world.root().join("linked tree");
    let added = lab
        .command(&[
            "worktree",
            "add",
            "-q",
            "-b",
            "linked",
            linked.to_str().unwrap(),
        ])
        .status()
        .unwrap();
    assert!(added.success());
    let lab = lab.at(&linked);
    std::fs::write(linked.join(MANIFEST), &clear).unwrap();
    lab.git("add -A");
    lab.tries("commit -q -m x").exits(1).says("was encrypted");
    std::fs::write(
        linked.join(MANIFEST),
        clear.replace("plain", "plain # driftlock: clear"),
    )
    .unwrap();
    lab.git("add -A");
    lab.git("commit -q -m x");
    // no commit yet: everything is new
    let fresh = lab.world.root().join("fresh");
    std::fs::create_dir(&fresh).unwrap();
    let lab = lab.at(&fresh);
    lab.git("init -q");
    std::fs::write(
        fresh.join("keys.txt"),
        format!("AGE-SECRET-KEY-1{}\n", "Q".repeat(58)),
    )
    .unwrap();
    let mut command = lab.world.command(["git", "install"]);
    command.current_dir(&fresh);
    Run::of(command).success();
    lab.git("add -A");
    lab.tries("commit -q -m first")
        .exits(1)
        .says("this is an age identity");
}
