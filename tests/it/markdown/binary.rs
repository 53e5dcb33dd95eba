//! Comments and reports through the binary: many changes, very long values, a runner that listens.

use driftlock::model::TargetName;
use driftlock::render::comment::LIMIT;

use super::read::{is_ours, read};
use crate::support::world::World;

const RAILS: &str = "prune: true, rails: { deletes: 900, deletes_percent: 100, changes: 9000 }";

fn name(number: usize) -> String {
    format!("SERVICE_{}_VARIABLE_{number:04}", number % 7)
}

/// Declares these numbers with this value each, on one target.
fn declare(world: &World, numbers: impl Iterator<Item = usize>, value: &str) {
    let names: Vec<String> = numbers.map(name).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), value)).collect();
    let list = names.join(", ");
    let target = format!(
        "app: {{ file: {{ path: ../app.env, format: compose }}, variables: [{list}], {RAILS} }}"
    );
    world.declare_on(&pairs, &[&target]);
}

#[test]
fn a_thousand_changes_make_one_comment_that_names_each_delete() {
    let world = World::new();
    declare(&world, 0..1_000, "first");
    world.run("apply --yes").success();
    let value = "another value, ".repeat(20);
    declare(&world, (0..1_100).filter(|number| number % 10 != 3), &value);
    let run = world.run("plan --markdown").success();
    assert!(run.stdout.len() <= LIMIT, "{}", run.stdout.len());
    assert!(run.stdout.len() > LIMIT - 2_000, "{}", run.stdout.len());
    for number in (3..1_000).step_by(10) {
        let entry = format!("`{}`", name(number));
        let deleted = run.stdout.split("### To be deleted").nth(1).unwrap();
        let deleted = deleted.split("<details>").next().unwrap();
        assert!(deleted.contains(&entry), "{entry} is not named");
    }
    is_ours(&read(&run.stdout));
    assert_eq!(world.run("plan --markdown").stdout, run.stdout);
}

#[test]
fn a_megabyte_is_shown_in_part() {
    let world = World::new();
    let target = "app: { file: { path: ../app.env, format: json }, variables: [A, B] }";
    let declare = |size: usize, end: &str| {
        // JSON is YAML
        let lines = format!("\"{}\"", "line\\n".repeat(size / 5) + end);
        let value = format!("\"{}\"", "v".repeat(size) + end);
        world.declare_on(&[("A", &value), ("B", &lines)], &[target]);
    };
    world.write("app.env", "{}");
    // more than Linux takes as a variable: it is held, and said
    declare(1 << 20, "one");
    let forms = ["plan", "plan --markdown", "status"];
    for (form, most) in forms.into_iter().zip([4_000, 6_000, 2_000]) {
        let run = world.run(form);
        assert!(run.stdout.contains('A'), "{}", run.all());
        assert!(run.stdout.len() < most, "{form}: {}", run.all());
    }
    declare(120_000, "one");
    world.run("apply --yes").success();
    declare(120_000, "two");
    for form in ["plan", "plan --markdown"] {
        let run = world.run(form).success();
        assert!(run.stdout.len() < 4_000, "{form}: {}", run.stdout.len());
        // where they differ is what is shown
        drop(run.says("one").says("two"));
    }
}

/// GitHub's runner reads what a job prints line by line, and takes some of it for commands.
#[test]
fn a_runner_is_given_no_command() {
    let mut world = World::new();
    world.variable("GITHUB_ACTIONS", "true");
    let target = "app: { file: { path: ../app.env, format: compose }, variables: [A, B] }";
    let declare = |world: &World, end: &str| {
        let lines =
            format!("\"same\\n::set-output name=a::b\\n  ::error::c\\n##[error]d\\n{end}\"");
        let value = format!("\"##[add-mask]{end} ##vso[task.x]\"");
        world.declare_on(&[("A", &lines), ("B", &value)], &[target]);
    };
    declare(&world, "one");
    world.run("apply --yes").success();
    declare(&world, "two");
    for form in [
        "plan",
        "plan --markdown",
        "plan --json",
        "status",
        "history",
        "doctor",
        "apply --yes",
    ] {
        let run = world.run(form);
        for line in run.all().split(['\n', '\r']) {
            assert!(!line.trim_start().starts_with("::"), "{form}: {line:?}");
            assert!(
                !line.contains("##[") && !line.contains("##vso["),
                "{form}: {line:?}"
            );
        }
        if form == "plan --json" {
            let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            let after = &document["plans"][0]["targets"][0]["changes"][1]["after"]["of"];
            assert_eq!(after, "##[add-mask]two ##vso[task.x]");
        }
    }
}

/// The marker of a run is the same whoever calls, and of another manifest another.
#[test]
fn the_marker_names_the_manifest() {
    let world = World::new();
    world.declare_on(
        &[("A", "x")],
        &["app: { file: { path: ../app.env }, variables: [A] }"],
    );
    let first = world.run("plan --markdown").stdout;
    let again = world.run("plan --markdown manifests/dev.yaml").stdout;
    assert_eq!(first.lines().next(), Some("<!-- driftlock:plan dev -->"));
    assert_eq!(again.lines().next(), first.lines().next());
    assert!(TargetName::new("a>b").is_err() && TargetName::new("a b").is_err());
}
