//! `check --drift`: what targets hold, as findings.

use serde_json::Value;

use super::readers::{is_junit, is_sarif};
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

/// The findings of a run's only manifest: code, subject and line.
fn drifts(run: &Run) -> Vec<(String, String, u64)> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = document["files"][0]["diagnostics"].as_array().unwrap();
    let of_drift = all.iter().filter(|one| one["kind"] == "drift");
    let mut found: Vec<_> = of_drift
        .map(|one| {
            let word = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
            (word("code"), word("subject"), one["line"].as_u64().unwrap())
        })
        .collect();
    found.sort();
    found
}

fn applied() -> World {
    let world = shop();
    world.run("apply --yes").success();
    world
}

#[test]
fn equal_places_are_clean_and_drift_is_not() {
    let world = applied();
    world.run("check --drift --strict").success();
    world.run("check --only drift").success();
    let env = world.read(".env");
    world.write(".env", env.replace("info", "canary-live"));
    let run = world.run("check --only drift --json").exits(2);
    let line = world
        .manifest()
        .lines()
        .position(|line| line.starts_with("  LOG_LEVEL:"));
    let line = line.unwrap() as u64 + 1;
    assert_eq!(
        drifts(&run),
        [("drift".to_owned(), "LOG_LEVEL@local".to_owned(), line)]
    );
    run.hides("canary-live");
    world
        .run("check --drift")
        .exits(2)
        .says("LOG_LEVEL on local: drift, changed outside")
        .says("driftlock plan --target local")
        .hides("canary");
    // what was not asked for is not looked at
    world.run("check --strict").success();
}

#[test]
fn changes_and_conflicts_are_told_apart() {
    let world = applied();
    world.run_with("set API_TOKEN", "canary-next").success();
    let env = world.read(".env");
    let env = env.replace("canary password", "canary-moved");
    world.write(".env", env);
    world.run_with("set DB_PASSWORD", "canary-third").success();
    let run = world.run("check --drift --json").exits(2);
    let codes: Vec<_> = drifts(&run)
        .into_iter()
        .map(|(code, subject, _)| format!("{code} {subject}"))
        .collect();
    assert_eq!(
        codes,
        ["change API_TOKEN@local", "conflict DB_PASSWORD@local"]
    );
    run.hides("canary");
    for format in ["junit", "sarif"] {
        let file = format!("drift.{format}");
        world
            .run(&format!("check --drift --report {format}={file}"))
            .exits(2);
        let file = world.path(file);
        match format {
            "junit" => is_junit(&file),
            _ => is_sarif(&file),
        }
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("DB_PASSWORD on local: conflict") && !text.contains("canary"));
    }
    // the former revision in place of the journal needs a repository
    world
        .run("check --drift --since HEAD")
        .exits(1)
        .says("[unknown]")
        .says("no target was looked at");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let world = applied();
    std::fs::remove_file(world.path(".env")).unwrap();
    std::fs::create_dir(world.path(".env")).unwrap();
    let run = world.run("check --only drift --json").exits(1);
    assert_eq!(drifts(&run)[0].0, "unknown");
    world.run("check").success();
}

#[test]
fn without_an_identity_nothing_is_known() {
    let world = applied();
    world.hide_identity();
    let run = world.run("check --only drift --json").exits(1);
    assert!(drifts(&run).iter().all(|(code, _, _)| code == "unknown"));
    run.hides("canary");
}

#[test]
fn a_railway_target_without_a_token_is_an_error_and_the_rest_is_told() {
    let world = applied();
    let text = world.manifest().replace(
        "targets:\n",
        "targets:\n  api:\n    railway: { project: aurora, environment: production, service: api }\n    variables: [LOG_LEVEL]\n",
    );
    world.write(MANIFEST, text);
    let run = world.run("check --only drift --json").exits(1);
    let found = drifts(&run);
    assert!(
        found
            .iter()
            .any(|(code, subject, _)| code == "unknown" && subject == "api"),
        "{found:?}"
    );
    run.says("RAILWAY_");
    // and it is not asked for where only the other one is
    world.run("check --drift --target nowhere").exits(64);
    // offline kinds need none
    world.run("check").success();
}

#[test]
fn other_machines_are_skipped_unless_they_are_required() {
    let world = World::new();
    world.declare_on(
        &[("A", "one")],
        &["far: { file: { machine: mini, path: ~/far.env }, variables: [A] }"],
    );
    let run = world.run("check --drift --json").success();
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let skipped = &document["files"][0]["skipped"][0];
    assert_eq!(skipped["kind"], "drift");
    assert_eq!(skipped["reason"], "far can be read by mini only");
    world
        .run("check --drift --report junit")
        .success()
        .says("<skipped message=\"far can be read by mini only\"/>");
    world
        .run("check --drift --require-all")
        .exits(1)
        .says("[not-seen]")
        .says("run `driftlock plan` on mini");
    let mut command = world.command(["apply", "--yes"]);
    command.env("DRIFTLOCK_MACHINE", "mini");
    Run::of(command).success();
    world.run("check --drift --require-all").success();
}

#[test]
fn a_manifest_that_does_not_parse_does_not_hide_the_drift_of_another() {
    let world = applied();
    let env = world.read(".env");
    world.write(".env", env.replace("info", "debug"));
    world.write("manifests/two.yaml", "driftlock: 1\nname: two\noops: 1\n");
    let run = world.run("check --drift --json").exits(1);
    assert_eq!(drifts(&run)[0].0, "drift");
    // limits that do not parse hold back only what they are for
    std::fs::remove_file(world.path("manifests/two.yaml")).unwrap();
    world.write("manifests/rails.yaml", "driftlock-rails: 1\noops: 1\n");
    world
        .run("check --drift")
        .exits(1)
        .says("the limits of its folder do not parse")
        .says("[unknown-key]");
}
