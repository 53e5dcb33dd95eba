//! `check`: what secrets look like, which names they have, and how somebody says that it is meant.

use serde_json::Value;

use super::readers::{is_junit, is_sarif};
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

/// Codes and subjects of a run's findings.
fn found(run: &Run) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let mut found = vec![];
    for file in document["files"].as_array().unwrap() {
        for one in file["diagnostics"].as_array().unwrap() {
            let word = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
            found.push((word("code"), word("subject")));
        }
    }
    found.sort();
    found
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(code, subject): &(&str, &str)| ((*code).to_owned(), (*subject).to_owned());
    pairs.iter().map(own).collect()
}

fn lint(world: &World) -> Vec<(String, String)> {
    found(&world.run("check --only lint --json"))
}

/// Writes a key under a variable.
fn say(world: &World, name: &str, line: &str) {
    let head = format!("  {name}:\n");
    let text = world.manifest();
    assert!(text.contains(&head));
    world.write(
        MANIFEST,
        text.replace(&head, &format!("{head}    {line}\n")),
    );
}

#[test]
fn each_kind_of_bad_secret_is_told_and_can_be_meant() {
    for (value, code) in [
        ("hunter2", "short"),
        ("P@ssw0rd!2024", "weak"),
        ("  b7Kd92mXq1zPw0Lr  ", "blanks"),
        ("'b7Kd92mXq1zPw0Lr'", "quoted"),
        ("b7Kd92mXq\u{200b}1zPw0Lr", "invisible"),
        ("Bearer b7Kd92mXq1zPw0Lr", "bearer"),
        ("amqp://app:b7K/92@mq.internal/", "bad-url"),
    ] {
        let world = shop();
        world.run_with("set API_TOKEN", value).success();
        assert_eq!(lint(&world), pairs(&[(code, "API_TOKEN")]), "{value}");
        let run = world.run("check").success().hides(value.trim());
        run.says(&format!("[{code}]"))
            .says(&format!("`lint_ok: [{code}]` at the variable"));
        world.run("check --strict").exits(2);
        // it never stands in the way
        world.run("plan").success();
        say(&world, "API_TOKEN", &format!("lint_ok: [{code}]"));
        world.run("check --strict").success();
        // and stays where the value is set anew
        world
            .run_with("set API_TOKEN", "b7Kd92mXq1zPw0Lr")
            .success();
        assert!(world.manifest().contains("lint_ok"));
    }
}

#[test]
fn one_secret_under_two_names_is_told_by_name() {
    let world = shop();
    let value = "b7Kd92mXq1zPw0Lr";
    world.run_with("set API_TOKEN", value).success();
    world.run_with("set DB_PASSWORD", value).success();
    assert_eq!(lint(&world), pairs(&[("repeated", "DB_PASSWORD")]));
    world
        .run("check")
        .success()
        .says("DB_PASSWORD has the same value as API_TOKEN")
        .hides(value);
    say(&world, "API_TOKEN", "lint_ok: [repeated]");
    world.run("check --strict").success();
}

#[test]
fn one_secret_in_two_environments_is_told_by_file() {
    let world = shop();
    world.write(
        "two.env",
        "API_TOKEN=b7Kd92mXq1zPw0Lr\nOTHER_TOKEN=c8Le03nYr2aQx1Ms\n",
    );
    world
        .run("init --yes --name two --env-file two.env")
        .success();
    world.run("check --strict").success();
    world
        .run_with("set API_TOKEN -f manifests/dev.yaml", "b7Kd92mXq1zPw0Lr")
        .success();
    let run = world.run("check --only lint").success().hides("b7Kd");
    run.says("manifests/two.yaml")
        .says("API_TOKEN has the same value as API_TOKEN of manifests/dev.yaml");
    // one at a time there is nothing to compare with
    world.run("check --strict manifests/two.yaml").success();
}

#[test]
fn names_that_change_every_process_are_told() {
    let world = World::new();
    world.declare_on(
        &[
            ("PATH", "/opt/bin"),
            ("NODE_OPTIONS", "--max-old-space-size=512"),
            ("name", "a"),
            ("NAME", "b"),
        ],
        &[
            "one: { file: { machine: any, path: ../one.env }, variables: [PATH, NODE_OPTIONS, name, NAME] }",
            "two: { file: { machine: any, path: ../two.env }, variables: [PATH, { LD_PRELOAD: /x.so }] }",
        ],
    );
    let run = world.run("check --only lint --json").success();
    assert_eq!(
        found(&run),
        pairs(&[
            ("dangerous-name", "LD_PRELOAD"),
            ("dangerous-name", "PATH"),
            ("name-case", "NAME@one"),
        ])
    );
    world
        .run("check")
        .success()
        .says("PATH decides which programs every process runs, on one, two")
        .says("NAME on one differ in the size of letters only");
    let text = world.manifest();
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with("PATH:"))
        .unwrap();
    let text = text.replace(
        line,
        "  PATH: { value: /opt/bin, lint_ok: [dangerous-name] }",
    );
    world.write(MANIFEST, text);
    assert!(
        !found(&world.run("check --only lint --json"))
            .contains(&("dangerous-name".to_owned(), "PATH".to_owned()))
    );
}

#[test]
fn what_a_target_cannot_hold_is_known_without_looking() {
    let world = shop();
    let railway = "targets:\n  api:\n    railway: { project: a, environment: b, service: c }\n    variables: [API_TOKEN]\n";
    let docker = "  box: { file: { machine: nowhere, path: /x.env, format: docker }, variables: [DB_PASSWORD] }\n";
    let text = world
        .manifest()
        .replace("targets:\n", &format!("{railway}{docker}"));
    world.write(MANIFEST, text);
    world.run("check --strict").success();
    world
        .run_with("set API_TOKEN", "b7Kd92mXq1zPw0Lr${{x}}")
        .success();
    world
        .run_with("set DB_PASSWORD", "b7Kd92mXq1zPw0Lr\nc8Le03nYr2aQx1Ms")
        .success();
    let run = world.run("check --only lint --json").exits(1).hides("b7Kd");
    assert_eq!(
        found(&run),
        pairs(&[
            ("unrepresentable", "API_TOKEN@api"),
            // the portable form has no `$`
            ("unrepresentable", "API_TOKEN@local"),
            ("unrepresentable", "DB_PASSWORD@box"),
        ])
    );
    world
        .run("check")
        .exits(1)
        .says("`reference: true`")
        .says("box cannot hold DB_PASSWORD");
    say(&world, "API_TOKEN", "reference: true");
    assert_eq!(
        lint(&world),
        pairs(&[
            ("unrepresentable", "API_TOKEN@local"),
            ("unrepresentable", "DB_PASSWORD@box"),
        ])
    );
    // of a value that nobody opened nothing is said
    world.hide_identity();
    assert_eq!(lint(&world), pairs(&[("sealed", "-")]));
}

#[test]
fn reports_have_the_new_rules() {
    let world = shop();
    world.run_with("set API_TOKEN", "hunter2").success();
    for format in ["junit", "sarif", "code-quality"] {
        let file = format!("lint.{format}");
        world
            .run(&format!("check --report {format}={file}"))
            .success();
        let text = world.read(&file);
        assert!(
            text.contains("short") && !text.contains("hunter2"),
            "{text}"
        );
        match format {
            "junit" => is_junit(&world.path(file)),
            "sarif" => {
                assert!(text.contains("A secret is short"));
                is_sarif(&world.path(file));
            }
            _ => {}
        }
    }
}

#[test]
fn a_meant_finding_that_does_not_exist_is_refused() {
    let world = shop();
    say(&world, "API_TOKEN", "lint_ok: [shrt]");
    world.run("check").exits(1).says("did you mean `short`?");
    let text = world.manifest().replace("[shrt]", "[clear-secret]");
    world.write(MANIFEST, text);
    world.run("check").exits(1).says("# driftlock: clear");
}
