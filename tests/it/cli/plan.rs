//! `plan` through the binary: its forms, its exit codes, and what others write into files.

use std::path::Path;

use serde_json::Value;

use crate::support::world::{Run, World};

/// The document fits the schema that is checked in.
#[track_caller]
pub fn fits_schema(run: &Run, kind: &str) -> Value {
    let document: Value = serde_json::from_str(&run.stdout).expect("standard output is JSON");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{kind}.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{kind}: {errors:?}");
    assert_eq!(document["exit"]["code"], run.code, "{}", run.all());
    document
}

/// A change, a drift, a conflict, a take-over, a missing file and one that cannot be read.
fn everything() -> World {
    let world = World::new();
    let targets = [
        "one: { file: { path: ../one.env }, variables: [MOVED, DRIFT, FIGHT, SAME] }",
        "two: { file: { path: ../two.env }, variables: [TWO] }",
        "far: { file: { machine: elsewhere, path: /x.env }, variables: [SAME] }",
    ];
    let vars = |moved| {
        [
            ("MOVED", moved),
            ("DRIFT", "d"),
            ("FIGHT", moved),
            ("SAME", "s"),
            ("TWO", "2"),
        ]
    };
    world.declare_on(&vars("old"), &targets);
    world.run("apply --yes --target one").success();
    world.declare_on(&vars("new"), &targets);
    let live = "MOVED=old\nDRIFT=outside\nFIGHT=outside\nSAME=s\nOTHER=x\n";
    world.write("one.env", live);
    std::fs::create_dir(world.path("two.env")).unwrap();
    world
}

#[test]
fn json_is_what_its_schema_says() {
    let world = everything();
    let plan = world.run("plan --json").exits(1);
    let plan = fits_schema(&plan, "plan");
    let summary = &plan["summary"];
    for (word, count) in [
        ("update", 1),
        ("drift", 1),
        ("conflict", 1),
        ("unknown", 1),
        ("unmanaged", 1),
        ("elsewhere", 1),
    ] {
        assert_eq!(summary[word], count, "{word}");
    }
    let apply = world.run("apply --yes --json").exits(4);
    fits_schema(&apply, "apply");
    fits_schema(&world.run("status --json").exits(1), "status");
    let history = world.run("history --json").success();
    let history = fits_schema(&history, "history");
    assert_eq!(history["entries"].as_array().unwrap().len(), 2);
    // and where there is nothing to say
    let world = World::applied(&[("A", "1")]);
    fits_schema(&world.run("plan --json").success(), "plan");
    fits_schema(&world.run("apply --yes --json").success(), "apply");
    fits_schema(&world.run("status --json").success(), "status");
}

#[test]
fn exits_are_those_of_the_table() {
    let world = World::applied(&[("A", "1")]);
    world.run("plan").exits(0);
    world.run("plan --detailed-exitcode").exits(0);
    world.run("plan --no-such-flag").exits(64);
    world.run("plan --target nobody").exits(64);
    world.run("plan missing.yaml").exits(1);
    world.declare(&[("A", "2")]);
    world.run("plan").exits(0);
    world.run("plan --detailed-exitcode").exits(2);
    world.write("app.env", "A=outside\n");
    world.run("apply --yes").exits(3);
    world.write("manifests/dev.yaml", "driftlock: 1\n");
    world.run("plan").exits(1);
    let world = everything();
    world.run("plan").exits(1);
    // 1 is worse than 2
    world.run("plan --detailed-exitcode").exits(1);
    world.run("apply --yes").exits(4);
}

#[test]
fn a_comment_for_a_pull_request_begins_with_its_mark() {
    let world = everything();
    let run = world.run("plan --markdown").exits(1);
    assert!(
        run.stdout
            .starts_with("<!-- driftlock:plan dev -->\n**Plan: ")
    );
    run.says("### To look at").says("(portable)");
    world.run("plan --markdown --json").exits(64);
}

#[test]
fn what_a_path_or_a_value_says_is_not_obeyed() {
    let world = World::new();
    let path = r#""../`x`|<b>@all\u202E.env""#;
    let target = format!("app: {{ file: {{ path: {path} }}, variables: [A] }}");
    world.declare_on(&[("A", r#""plain""#)], &[&target]);
    world.run("apply --yes").success();
    world.declare_on(
        &[("A", r#""\e[2J</details>|`$(x)` @all \u202E \u0007""#)],
        &[&target],
    );
    for form in [
        "plan",
        "plan --markdown",
        "status",
        "history",
        "apply --yes",
    ] {
        let run = world.run(form);
        let all = run.all();
        assert!(
            !all.contains(['\u{1b}', '\u{202e}', '\u{7}']),
            "{form}: {all:?}"
        );
        if form.contains("markdown") {
            let body = &run.stdout[run.stdout.find("<details>").unwrap()..];
            assert!(!body.contains("<b>@all\n"), "{all}");
            assert_eq!(body.matches("\n</details>").count(), 1, "{all}");
        }
    }
}

#[test]
fn it_fits_the_window() {
    let world = everything();
    for columns in [40, 80, 120] {
        for form in ["plan", "status"] {
            let Some(run) = world.at_terminal(columns, &format!("{form} --color never"), "") else {
                return;
            };
            let plain: String = run.stdout.replace('\r', "");
            for line in plain.lines() {
                let pasted = line.trim_start().starts_with('$');
                let whole = !line.trim().contains(' ');
                let fits = line.chars().count() <= usize::from(columns);
                assert!(fits || pasted || whole, "{columns}: {line}\n{plain}");
            }
        }
    }
}

#[test]
fn a_commands_next_command_keeps_what_was_asked() {
    let world = World::applied(&[("A", "1"), ("B", "1")]);
    world.declare(&[("A", "2"), ("B", "2")]);
    world.write("app.env", "A=1\nB=outside\n");
    let run = world.run("plan manifests/dev.yaml --only A");
    assert!(
        run.stdout
            .contains("$ driftlock apply manifests/dev.yaml --only A\n"),
        "{run:?}"
    );
    // what pruning leaves behind points to the history, and the line can be pasted
    world.declare(&[("A", "2")]);
    world.write("app.env", "A=1\nB=outside\n");
    let run = world.run("plan manifests/dev.yaml");
    let line = run
        .stdout
        .lines()
        .find_map(|line| line.trim().strip_prefix("$ driftlock history"))
        .unwrap()
        .to_owned();
    world.paste(&format!("driftlock history{line}")).success();
}
