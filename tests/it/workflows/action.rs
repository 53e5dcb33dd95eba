//! The action installs driftlock where there is none, from its own checkout and without a secret in sight.

use std::fs;

use super::WORKFLOWS;
use super::lab::Lab;
use super::runner::{Github, Job};

/// In the place of `cargo`: writes down how it was called, and "builds" the driftlock of the lab.
const CARGO: &str = r#"#!/bin/sh
{
  printf 'driftlock [cargo]'
  for word; do printf ' [%s]' "$word"; done
  printf ' in %s' "$PWD"
  [ -z "${DRIFTLOCK_AGE_KEY:-}${GITHUB_TOKEN:-}${RAILWAY_TOKEN:-}" ] || printf ' WITH SECRETS'
  printf '\n'
} >>'CALLS'
mkdir -p "$4/bin"
cp 'BUILT' "$4/bin/driftlock"
"#;

/// No driftlock on PATH but what the lab's cargo builds.
fn without_driftlock() -> Option<Lab> {
    let lab = Lab::new()?;
    let built = lab.world.root().join("built");
    fs::rename(lab.bin().join("driftlock"), &built).unwrap();
    let calls = lab.world.root().join("calls");
    let text = CARGO
        .replace("CALLS", calls.to_str().unwrap())
        .replace("BUILT", built.to_str().unwrap());
    lab.program("cargo", &text);
    lab.set("c4naryTwoLong");
    lab.calls();
    Some(lab)
}

/// How cargo was called, and all calls after that one.
fn built(calls: &[String]) -> (&str, &[String]) {
    let (cargo, rest) = calls.split_first().unwrap();
    let (words, folder) = cargo
        .split_once(" in ")
        .unwrap_or_else(|| panic!("{calls:?}"));
    assert!(folder.ends_with("/workspace/driftlock"), "{cargo}");
    assert!(
        words.starts_with("[cargo] [install] [--locked] [--root] [/"),
        "{cargo}"
    );
    assert!(
        words.ends_with("/temp/driftlock-root] [--path] [.]"),
        "{cargo}"
    );
    (cargo, rest)
}

fn cache_keys(job: &Job) -> Vec<String> {
    let caches = job
        .used
        .iter()
        .filter(|(uses, _)| uses.starts_with("actions/cache@"));
    caches
        .map(|(_, with)| with["key"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn driftlock_is_built_from_the_actions_own_checkout() {
    let Some(lab) = without_driftlock() else {
        return;
    };
    let github = Github::pull_request(&lab, "main");
    let job = github.run(WORKFLOWS[0]).remove("review").unwrap();
    assert!(!job.failed, "{job:?}");
    let calls = lab.calls();
    let (_, rest) = built(&calls);
    assert_eq!(rest.len(), 3, "{calls:?}");
    let keys = cache_keys(&job);
    let version = env!("CARGO_PKG_VERSION");
    let start = format!("driftlock-Linux-X64-{version}-");
    assert!(keys[0].starts_with(&start), "{keys:?}");
    assert_eq!(keys[0].len(), start.len() + 32, "{keys:?}");
    // the same sources, the same key
    let again = github.run(WORKFLOWS[0]).remove("review").unwrap();
    assert_eq!(cache_keys(&again), keys);
}

#[test]
fn where_secrets_are_no_cache_is_trusted_and_the_build_sees_none() {
    let Some(lab) = without_driftlock() else {
        return;
    };
    let jobs = Github::push(&lab).run(WORKFLOWS[1]);
    assert!(!jobs["apply"].failed, "{jobs:?}");
    assert_eq!(lab.live(), "TOKEN=c4naryTwoLong\nLOG=x\n");
    assert!(
        jobs.values().all(|job| cache_keys(job).is_empty()),
        "{jobs:?}"
    );
    let calls = lab.calls();
    assert_eq!(
        calls
            .iter()
            .filter(|call| call.starts_with("[cargo]"))
            .count(),
        2
    );
    let (cargo, rest) = built(&calls);
    assert!(rest[0].starts_with("[plan]"), "{rest:?}");
    assert!(!cargo.contains("WITH SECRETS"), "{cargo}");
    built(&rest[1..]);
}

#[test]
fn another_version_on_path_is_not_taken() {
    let Some(lab) = without_driftlock() else {
        return;
    };
    lab.program(
        "driftlock",
        "#!/bin/sh\n[ \"$1\" != --version ] || echo driftlock 0.0.1\n",
    );
    let github = Github::pull_request(&lab, "main");
    let jobs = github.run(WORKFLOWS[0]);
    assert!(!jobs["review"].failed, "{jobs:?}");
    assert_eq!(built(&lab.calls()).1.len(), 3);
}

/// Somebody's own workflow, which takes the action and goes on with driftlock.
const OWN: &str = "\
on: { workflow_call: { inputs: { what: { default: install } } } }
jobs:
  own:
    steps:
      - { uses: actions/checkout@v7, with: { path: repository } }
      - { uses: actions/checkout@v7, with: { path: driftlock, repository: example/driftlock, ref: COMMIT } }
      - id: driftlock
        uses: ./driftlock/.github/actions/driftlock
        with: { run: '${{ inputs.what }}', folder: repository }
      - shell: bash
        env: { ID: '${{ steps.driftlock.outputs.plan-id }}' }
        run: driftlock status \"own $ID\"
";

#[test]
fn a_workflow_of_ones_own_finds_driftlock_on_its_path() {
    let Some(lab) = without_driftlock() else {
        return;
    };
    let own = lab.world.root().join("own.yml");
    fs::write(&own, OWN.replace("COMMIT", super::runner::DRIFTLOCK)).unwrap();
    let own = own.to_str().unwrap();
    let mut github = Github::push(&lab);
    let job = github.run(own).remove("own").unwrap();
    let calls = lab.calls();
    assert_eq!(built(&calls).1, ["[status] [own ]"], "{job:?}");
    github.inputs = serde_json::json!({ "what": "destroy" });
    let job = github.run(own).remove("own").unwrap();
    let said = job.obeyed.last().unwrap();
    assert!(said.contains("say one of: review, comment, plan"), "{said}");
    assert!(job.failed && lab.calls().len() == 1);
}

#[test]
fn a_build_that_fails_fails_the_job() {
    let Some(lab) = without_driftlock() else {
        return;
    };
    lab.program("cargo", "#!/bin/sh\nexit 101\n");
    let jobs = Github::push(&lab).run(WORKFLOWS[1]);
    assert!(jobs["plan"].failed && !jobs["apply"].ran, "{jobs:?}");
    let said = jobs["plan"].obeyed.last().unwrap();
    assert!(said.contains("driftlock could not be built"), "{said}");
    assert!(lab.calls().is_empty());
}
