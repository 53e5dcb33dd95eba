//! What must hold of the files whatever they do: nothing is pasted into a script, no job may more than it
//! needs, no job of a pull request holds a secret.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ACTION, CALLERS, RECIPE, TEMPLATE, WORKFLOWS, objects, root, text, yaml};

/// All `(where, object)` of GitHub's files.
fn of_github(seen: &mut dyn FnMut(&str, &Value)) {
    for path in WORKFLOWS.iter().chain(&CALLERS).chain([&ACTION]) {
        objects(&yaml(path), path, seen);
    }
}

fn jobs(path: &str) -> BTreeMap<String, Value> {
    serde_json::from_value(yaml(path)["jobs"].clone()).unwrap()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().unwrap()
}

#[test]
fn no_expression_is_pasted_into_a_script() {
    let mut scripts = 0;
    of_github(&mut |at, object| {
        if let Some(script) = object["run"]
            .as_str()
            .filter(|script| script.contains('\n'))
        {
            scripts += 1;
            assert!(!script.contains("${{"), "{at}: {script}");
            assert!(script.starts_with("set -euo pipefail\n"), "{at}: {script}");
        }
    });
    assert_eq!(scripts, 9);
}

#[test]
fn what_is_used_is_named_by_its_commit() {
    for path in WORKFLOWS.iter().chain([&ACTION]) {
        let text = text(path);
        let used = text
            .lines()
            .filter_map(|line| line.trim().split_once("uses: "));
        for (_, used) in used {
            if used == "./driftlock/.github/actions/driftlock" {
                continue;
            }
            let (name, version) = used
                .split_once(" # v")
                .unwrap_or_else(|| panic!("{path}: {used}"));
            let (action, commit) = name.split_once('@').unwrap();
            assert!(action.starts_with("actions/"), "{path}: {used}");
            assert_eq!(commit.len(), 40, "{path}: {used}");
            assert!(
                commit.bytes().all(|b| b.is_ascii_hexdigit()),
                "{path}: {used}"
            );
            assert_eq!(version.split('.').count(), 3, "{path}: {used}");
        }
    }
}

#[test]
fn no_job_may_more_than_it_needs() {
    let [review, apply, check, reconcile] = WORKFLOWS;
    let [call_review, call_apply, call_check, call_reconcile] = CALLERS;
    let read = json!({ "contents": "read" });
    let write = json!({ "contents": "write" });
    let comment = json!({ "contents": "read", "pull-requests": "write" });
    let wanted = [
        (review, vec![("review", &comment)]),
        (apply, vec![("plan", &read), ("apply", &write)]),
        (check, vec![("check", &read)]),
        (reconcile, vec![("reconcile", &write)]),
        (call_review, vec![("review", &comment)]),
        (call_apply, vec![("apply", &write)]),
        (call_check, vec![("check", &read)]),
        (call_reconcile, vec![("reconcile", &write)]),
    ];
    for (path, wanted) in wanted {
        assert_eq!(yaml(path)["permissions"], json!({}), "{path}");
        let jobs = jobs(path);
        let given: BTreeMap<&str, &Value> = jobs
            .iter()
            .map(|(name, job)| (name.as_str(), &job["permissions"]))
            .collect();
        assert_eq!(given, BTreeMap::from_iter(wanted), "{path}");
    }
}

#[test]
fn no_job_runs_for_ever_or_is_stopped_half_way() {
    for path in WORKFLOWS {
        for (name, job) in jobs(path) {
            let minutes = job["timeout-minutes"].as_u64();
            assert!(
                minutes.is_some_and(|minutes| minutes <= 60),
                "{path} {name}"
            );
        }
    }
    of_github(&mut |at, object| {
        if let Some(cancel) = object.get("cancel-in-progress") {
            // what only comments may be
            let review = at.starts_with(WORKFLOWS[0]);
            assert_eq!(cancel, &json!(review), "{at}");
        }
    });
    let apply = &jobs(WORKFLOWS[1])["apply"];
    assert!(apply["concurrency"]["group"].is_string());
}

#[test]
fn jobs_of_pull_requests_hold_no_secret() {
    for path in [WORKFLOWS[0], CALLERS[0]] {
        let text = text(path);
        for word in [
            "secrets",
            "age-key:",
            "railway",
            "tokens:",
            "ssh-key:",
            "environment:",
        ] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
    for path in WORKFLOWS.iter().chain(&CALLERS) {
        let on = yaml(path)["on"].clone();
        let events: Vec<&String> = on.as_object().unwrap().keys().collect();
        let wanted: &[&str] = match *path {
            "manifests/ci/github-review.yml" => &["pull_request"],
            "manifests/ci/github-apply.yml" => &["push", "workflow_dispatch"],
            "manifests/ci/github-check.yml" | "manifests/ci/github-reconcile.yml" => {
                &["schedule", "workflow_dispatch"]
            }
            _ => &["workflow_call"],
        };
        assert_eq!(events, wanted, "{path}");
    }
    // the cache is written to by whoever can run a job
    for path in &WORKFLOWS[1..] {
        assert!(!text(path).contains("cache:"), "{path}");
    }
}

#[test]
fn secrets_reach_the_one_step_that_needs_them() {
    for path in WORKFLOWS {
        objects(&yaml(path), path, &mut |at, object| {
            for (key, value) in object.as_object().unwrap() {
                let secret = value.as_str().is_some_and(|text| text.contains("secrets."));
                assert!(!secret || at.ends_with("/with"), "{at}/{key}");
            }
        });
    }
    let action = yaml(ACTION);
    for step in steps(&action["runs"]) {
        let text = step.to_string();
        for (secret, name) in [
            ("inputs.age-key", "Run driftlock"),
            ("inputs.railway-token", "Run driftlock"),
            ("inputs.railway-api-token", "Run driftlock"),
            ("inputs.tokens", "Run driftlock"),
            ("inputs.ssh-key", "Run driftlock"),
            ("inputs.alert-secrets", "Run driftlock"),
            ("inputs.token ", "Comment"),
        ] {
            assert_eq!(
                text.contains(secret),
                step["name"] == name,
                "{secret}: {text}"
            );
        }
    }
}

#[test]
fn checkouts_leave_credentials_only_where_the_journal_is_read() {
    for (place, path) in WORKFLOWS.iter().enumerate() {
        for (name, job) in jobs(path) {
            let steps = steps(&job);
            assert_eq!(steps[0]["name"], "Which driftlock", "{path} {name}");
            let [repository, driftlock] = [1, 2].map(|step: usize| &steps[step]["with"]);
            assert_eq!(repository["path"], "repository");
            assert_eq!(repository["fetch-depth"], 0);
            assert_eq!(
                repository["persist-credentials"],
                place != 0,
                "{path} {name}"
            );
            assert!(repository.get("ref").is_none() && repository.get("repository").is_none());
            assert_eq!(driftlock["path"], "driftlock");
            assert_eq!(driftlock["persist-credentials"], false);
            let action = steps.last().unwrap();
            let uses = |step: &&Value| step["uses"] == "./driftlock/.github/actions/driftlock";
            assert_eq!(
                steps.iter().filter(uses).count(),
                1,
                "{path} {name}: {action}"
            );
        }
    }
    let guards: Vec<Value> = WORKFLOWS
        .iter()
        .flat_map(|path| jobs(path).into_values())
        .map(|job| job["steps"][0].clone())
        .collect();
    assert_eq!(guards.len(), 5);
    assert!(guards.iter().all(|guard| *guard == guards[0]));
}

/// The function of the recipe, without its head and the call.
fn function() -> String {
    let recipe = text(RECIPE);
    let (_, rest) = recipe
        .split_once("# shellcheck disable=SC2086\n\n")
        .unwrap();
    let (function, call) = rest.split_once("\n)\n").unwrap();
    assert_eq!(call, "\ndriftlock_ci \"$@\"\n");
    format!("{function}\n)")
}

#[test]
fn the_template_has_the_recipe_in_it() {
    let lines = |text: &str| {
        let indent = |line: &str| {
            if line.is_empty() {
                String::new()
            } else {
                format!("      {line}")
            }
        };
        text.lines().map(indent).collect::<Vec<_>>().join("\n")
    };
    let template = text(TEMPLATE);
    let begin = template.find("    - |\n").unwrap() + "    - |\n".len();
    let end = template
        .find("\n    - driftlock_ci install || exit")
        .unwrap();
    let wanted = lines(&function());
    if std::env::var_os("DRIFTLOCK_WRITE_TEMPLATE").is_some() {
        let made = format!("{}{wanted}{}", &template[..begin], &template[end..]);
        std::fs::write(root().join(TEMPLATE), made).unwrap();
    }
    let template = text(TEMPLATE);
    assert!(
        template[begin..].starts_with(&wanted),
        "{TEMPLATE} is old: run this test with DRIFTLOCK_WRITE_TEMPLATE=1"
    );
}

#[test]
fn jobs_of_gitlab_run_where_they_should() {
    let template = yaml(TEMPLATE);
    let rule = |job: &str| {
        let rules = template[job]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), 1, "{job}");
        rules[0]["if"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        rule("driftlock-review"),
        "$CI_PIPELINE_SOURCE == \"merge_request_event\""
    );
    for job in ["driftlock-plan", "driftlock-apply", "driftlock-check"] {
        let rule = rule(job);
        assert!(
            rule.contains("$CI_COMMIT_REF_PROTECTED == \"true\""),
            "{job}: {rule}"
        );
    }
    assert_eq!(rule("driftlock-plan"), rule("driftlock-apply"));
    assert!(rule("driftlock-check").contains("== \"schedule\""));
    let apply = &template["driftlock-apply"];
    assert_eq!(apply["rules"][0]["when"], "manual");
    assert_eq!(apply["rules"][0]["allow_failure"], false);
    assert_eq!(apply["environment"]["name"], "production");
    assert!(apply["resource_group"].is_string());
    assert_eq!(apply["needs"][0]["job"], "driftlock-plan");
    // variables with secrets come from the project, never from here
    let named = template["variables"].as_object().unwrap();
    assert_eq!(named.keys().collect::<Vec<_>>(), ["DRIFTLOCK_IMAGE"]);
}
