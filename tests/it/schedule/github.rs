//! The workflow: the example that is checked in is what is printed, and its words are read back by parsers
//! of YAML.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{run, world};
use crate::support::peers;
use crate::support::world::World;

fn repository() -> World {
    let world = world();
    world.git("init -q");
    world
}

#[test]
fn the_example_is_what_is_printed() {
    let world = repository();
    let words = ["schedule", "print", "github", "--every", "30m"];
    let printed = run(&world, &words).success().stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/ci/github-reconcile.yml");
    if std::env::var_os("DRIFTLOCK_WRITE_TEMPLATE").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let example = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        printed, example,
        "run this test with DRIFTLOCK_WRITE_TEMPLATE=1"
    );
}

#[test]
fn what_is_named_is_an_input_from_the_top_of_the_repository() {
    let world = repository();
    let text = world.manifest();
    let odd = [
        "a b",
        "it's",
        "\"q\"",
        "#no",
        "x: y",
        "- z",
        "100%",
        "&a",
        "*b",
        "!c",
        "{d}",
        "[e]",
        "|",
        ">",
        "@f",
        "`g`",
        "é",
        "back\\slash",
        "yes",
        "1",
        "null",
        "~",
        "\u{a0}",
        "{{x}}",
    ];
    for folder in odd {
        world.write(format!("odd/{folder}/dev.yaml"), &text);
        let path = format!("odd/{folder}");
        let words = ["schedule", "print", "github", "--", &path];
        let printed = run(&world, &words).success().stdout;
        let value: Value = serde_yaml::from_str(&printed).unwrap();
        let with = &value["jobs"]["reconcile"]["with"];
        assert_eq!(with["manifests"], path.as_str(), "{printed}");
        let Some(python) = peers::installed("venv/bin/python") else {
            continue;
        };
        let script = "import sys, yaml; print(yaml.safe_load(sys.argv[1])['jobs']['reconcile']['with']['manifests'])";
        let output = Command::new(python)
            .args(["-c", script, &printed])
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim_end_matches('\n'),
            path
        );
    }
    world.write("odd/${{ secrets.X }}/dev.yaml", &text);
    run(
        &world,
        &["schedule", "print", "github", "odd/${{ secrets.X }}"],
    )
    .exits(1)
    .says("GitHub would take a part of it for an expression");
}

#[test]
fn it_is_put_where_github_looks_for_it() {
    let world = repository();
    let install = ["schedule", "install", "github", "--target", "local"];
    run(&world, &install).success().says("next: git add");
    let text = world.read(".github/workflows/driftlock-reconcile.yml");
    assert!(text.contains("arguments: \"--target\\nlocal\""), "{text}");
    run(&world, &install)
        .success()
        .says("as it should be already");
    run(&world, &["schedule", "remove", "github"])
        .success()
        .says("is gone");
}

#[test]
fn what_github_cannot_do_is_said() {
    let world = repository();
    let print = |words: &[&str]| run(&world, &[&["schedule", "print", "github"], words].concat());
    print(&["--every", "1m"])
        .exits(64)
        .says("nothing more often than every 5m");
    print(&["--every", "7m"]).exits(64).says("--round");
    print(&["--every", "50m", "--round"])
        .success()
        .says("every 1h");
    print(&["--identity", "key.txt"])
        .exits(64)
        .says("DRIFTLOCK_AGE_KEY");
    print(&["--environment-file", "x"])
        .exits(64)
        .says("secrets of an environment");
    let outside = world.root().join("away.yaml");
    std::fs::write(&outside, world.manifest()).unwrap();
    print(&[outside.to_str().unwrap()])
        .exits(1)
        .says("is not in this repository");
    let nowhere = super::world();
    run(&nowhere, &["schedule", "print", "github"])
        .exits(1)
        .says("is in no git repository");
}
