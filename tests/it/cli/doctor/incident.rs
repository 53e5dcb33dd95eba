//! The incident that all of this is for: a secret is the old one on Railway and the new one elsewhere,
//! and one service has the right one stored and runs with the old one.

use super::commands;
use crate::cli::fits_schema;
use crate::railway::yard::{Yard, service};
use crate::support::world::Run;

const OLD: &str = "c4nary-abc123old";
const NEW: &str = "c4nary-xyz789new";
const SECRET: &str = "INTERNAL_AUTH_SECRET";

/// Applied everywhere; then Railway's `api` gets the old one back, and its `worker` was not deployed
/// since it got the new one.
fn yard() -> Option<Yard> {
    let file = |name: &str, used: &str| {
        format!("{name}: {{ file: {{ path: ../{name}.env }}, variables: [{used}] }}")
    };
    let (api, worker) = (service("api", SECRET), service("worker", SECRET));
    let (vps, gateway) = (
        file("vps", SECRET),
        file(
            "gateway",
            "{ GATEWAY_SECRET: { template: '${INTERNAL_AUTH_SECRET}' } }",
        ),
    );
    let yard = Yard::with_secrets(
        &format!("{SECRET}={OLD}\n"),
        &[&api, &worker, &vps, &gateway],
    )?;
    yard.service("api");
    yard.service("worker");
    yard.run("apply --yes --take-over api --take-over worker")
        .success();
    let mut command = yard.command(&format!("set {SECRET}"));
    let input = yard.world.write("new.txt", NEW);
    command.stdin(std::fs::File::open(input).unwrap());
    Run::of(command).success();
    std::fs::remove_file(yard.world.path("new.txt")).unwrap();
    yard.run("apply --yes").success();
    yard.later();
    Some(yard)
}

#[test]
fn one_screen_names_both_causes_with_side_time_and_command() {
    let Some(yard) = yard() else { return };
    yard.run("doctor").success();
    // written again and not deployed; and the old one put back
    yard.service("worker").set(SECRET, NEW);
    yard.service("api").set(SECRET, OLD);
    let before = yard.world.files();
    yard.fake.clear_record();
    let run = yard.run("doctor").exits(2);
    assert!(before == yard.world.files(), "doctor wrote something");
    assert!(run.stdout.lines().count() <= 24, "{}", run.all());
    for line in run.stdout.lines() {
        let columns = line.chars().count();
        // what is to be pasted is never broken
        assert!(
            columns <= 80 || line.trim_start().starts_with("$ "),
            "{line}"
        );
    }
    let place = |words: &str| {
        let found = run.stdout.find(words);
        found.unwrap_or_else(|| panic!("`{words}` is missing: {}", run.all()))
    };
    let order = ["✗ api", "✗ worker", "2 targets are well", "dev: 4 targets"].map(place);
    assert!(order.is_sorted(), "{}", run.all());
    let run = run
        .says("✗ api  reached ✓  read ✓  stored ✗")
        .says("INTERNAL_AUTH_SECRET: another value than the manifest and 2 other targets (changed outside)")
        .says("wrong side: this target, railway aurora/production/api, changed there 20")
        .says("last applied")
        .says("✗ worker  reached ✓  read ✓  stored ✓  running ✗")
        .says("INTERNAL_AUTH_SECRET: stored as wanted, but not what runs: the last deployment is from")
        .says("wrong side: the running process, railway aurora/production/worker, stored 20")
        .says("2 targets are well: vps, gateway")
        .says("dev: 4 targets: 2 wrong, 2 well.");
    assert_eq!(
        commands(&run),
        [
            "driftlock apply --target api",
            "railway redeploy --service worker"
        ]
    );

    let run = yard.run(&format!("doctor {SECRET}")).exits(2);
    assert!(run.stdout.lines().count() <= 24, "{}", run.all());
    run.says("INTERNAL_AUTH_SECRET manifests/dev.yaml:")
        .says("encrypted, its value sealed")
        .says("✗ api: another value than the manifest: changed outside, changed there")
        .says("! worker: stored as wanted, but not what runs, stored 20")
        .says("✓ vps, gateway (in the template GATEWAY_SECRET): as wanted");

    let json = fits_schema(&yard.run("doctor --json").exits(2), "doctor");
    let cases = json["manifests"][0]["cases"].as_array().unwrap();
    let told: Vec<_> = cases
        .iter()
        .map(|case| (&case["targets"][0], &case["side"], &case["since"]["is"]))
        .map(|(target, side, is)| [target, side, is].map(|one| one.as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ["api", "target", "changed-there"],
            ["worker", "process", "stored"]
        ]
    );

    // what it says to do is what heals it
    yard.paste("driftlock apply --target api --yes").success();
    let run = yard.run("doctor").exits(2);
    assert!(!run.stdout.contains("✗ api"), "{}", run.all());
}

#[test]
fn what_was_rotated_and_not_applied_is_told_with_all_of_its_targets() {
    let Some(yard) = yard() else { return };
    let input = yard.world.write("new.txt", "c4nary-third");
    let mut command = yard.command(&format!("set {SECRET}"));
    command.stdin(std::fs::File::open(input).unwrap());
    Run::of(command).success();
    yard.service("api").set(SECRET, OLD);
    let run = yard.run("doctor").exits(2);
    let first = commands(&run).remove(0);
    // a variable goes to all of its targets at once
    for target in ["api", "worker", "vps", "gateway"] {
        assert!(first.contains(&format!("--target {target}")), "{first}");
    }
    assert!(
        first.contains(&format!("--overwrite {SECRET}@api")),
        "{first}"
    );
    yard.paste(&format!("{first} --yes")).success();
    yard.run("doctor").success();
}
