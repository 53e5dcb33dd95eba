//! `check`: the gate. What it says of bad manifests is in `bad_manifests.rs`.

mod bad_input;
mod drift;
mod hostile;
mod kinds;
mod lint;
mod readers;
mod reports;

use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

#[test]
fn a_good_manifest_passes() {
    let world = shop();
    world
        .run("check")
        .success()
        .says("1 manifest, no problems.");
    world.run("check --strict --require-identity").success();
    world.run(&format!("check {MANIFEST}")).success();
}

#[test]
fn without_an_identity_it_warns_unless_one_is_required() {
    let world = shop();
    world.hide_identity();
    world
        .run("check")
        .success()
        .says("its values were not checked");
    world.run("check --strict").exits(2);
    world.run("check --require-identity").exits(1);
    // who names one means it
    world
        .run("check --identity none.txt")
        .exits(1)
        .says("none.txt) does not exist");
}

#[test]
fn what_waits_is_seen_without_an_identity() {
    let world = shop();
    world.hide_identity();
    world.run_with("set API_TOKEN", "next").success();
    world
        .run("check")
        .success()
        .says("[unauthenticated]")
        .says("driftlock accept API_TOKEN");
}

#[test]
fn dates_that_have_passed_are_found() {
    let world = shop();
    let with = |line: &str| {
        let text = world.manifest();
        let name = "  API_TOKEN:\n";
        text.replace(name, &format!("{name}    {line}\n"))
    };
    let good = world.manifest();
    for (line, code) in [
        ("expires: 2020-01-31", Some("expired")),
        ("expires: 2999-12-31", None),
        ("rotate: 90d", None),
    ] {
        world.write(MANIFEST, with(line));
        match code {
            Some(code) => world
                .run("check")
                .success()
                .says(&format!("[{code}]"))
                .says("manifests/dev.yaml:8:3")
                .says("driftlock set API_TOKEN"),
            None => world.run("check --strict").success(),
        };
        world.write(MANIFEST, &good);
    }
}

#[test]
fn values_that_look_wrong_are_found_by_name() {
    let world = shop();
    world.run_with("set API_TOKEN", "changeme").success();
    world.run_with("set DB_PASSWORD", "").success();
    world
        .run("check")
        .success()
        .says("API_TOKEN touches the rail placeholder")
        .says("DB_PASSWORD touches the rail empty")
        .hides("changeme");
    world.run("check --strict").exits(2);
    let text = world
        .manifest()
        .replace("  LOG_LEVEL: info", "  LOG_LEVEL: AGE-SECRET-KEY-1CANARY");
    world.write(MANIFEST, text);
    world
        .run("check")
        .exits(1)
        .says("[private-key-in-clear]")
        .hides("CANARY");
}

#[test]
fn a_clear_text_that_looks_like_a_secret_is_a_warning_unless_somebody_marked_it() {
    let world = shop();
    let token = format!("ghp_{}", "Ab3".repeat(12));
    let with = |more: &str| {
        let line = format!("  LOG_LEVEL: {token}{more}");
        world.write(
            MANIFEST,
            world.manifest().replace("  LOG_LEVEL: info", &line),
        );
    };
    let good = world.manifest();
    with("");
    world
        .run("check")
        .success()
        .says("LOG_LEVEL looks like a GitHub token in clear text")
        .says("[clear-secret]")
        .hides(&token);
    world.run("check --strict --only lint").exits(2);
    world.write(MANIFEST, &good);
    with(" # driftlock: clear, of the public sandbox");
    world.run("check --strict --only lint").success();
}

#[test]
fn its_json_is_as_its_schema_says() {
    let schema = include_str!("../../../schemas/check.json");
    let schema = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let world = shop();
    let valid = |run: &Run| {
        let document = serde_json::from_str(&run.stdout).unwrap();
        let wrong: Vec<_> = schema
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{}", run.all());
        document
    };
    let _clean: serde_json::Value = valid(&world.run("check --json").success());
    world.write("manifests/two.yaml", "driftlock: 1\nname: two\noops: 1\n");
    let failed = valid(&world.run("check --json").exits(1));
    assert_eq!(failed["exit"]["code"], 1);
    assert_eq!(failed["files"][1]["diagnostics"][0]["code"], "unknown-key");
    world.hide_identity();
    std::fs::remove_file(world.path("manifests/two.yaml")).unwrap();
    let warned = valid(&world.run("check --json --strict").exits(2));
    assert_eq!(warned["exit"]["code"], 2);
}

#[test]
fn nothing_to_check_is_an_error() {
    let world = World::new();
    world.run("check").exits(1).says("driftlock init");
    world.run("check none.yaml").exits(1).says("none.yaml");
}
