//! Days in the life of a Railway environment: take-over, apply, prune, and what is not ours.

use std::time::Duration;

use crate::cli::fits_schema;
use crate::support::fake_railway::faults::{Fault, Which};

use super::yard::{CANARY, Yard, service, shared, target};

const REFERENCE: &str = "{ value: \"${{shared.REGION}}\", reference: true }";

#[test]
fn the_first_apply_to_other_values_asks_and_then_all_is_quiet() {
    let Some(yard) = Yard::new() else { return };
    let api = yard.service("api").set("PORT", "8080").set("OTHER", "x");
    let web = yard.service("web");
    yard.service("idle").set("A", "1");
    let all = yard.shared().set("REGION", "us");
    yard.declare(
        &[("PORT", "9090"), ("REGION", "eu"), ("REF", REFERENCE)],
        &[
            &service("api", "PORT"),
            &service("web", "REF"),
            &shared("REGION"),
        ],
    );
    yard.run("plan --take-over api --take-over shared")
        .success()
        .says("Apply deploys: api, web, whatever refers to shared");
    let held = yard.run("apply --yes").exits(4);
    assert_eq!(api.value("PORT").as_deref(), Some("8080"));
    assert_eq!(all.value("REGION").as_deref(), Some("us"));
    assert_eq!(yard.environment.deployed(), ["web"]);
    yard.fake.clear_record();
    let release = held.release("take-over");
    yard.paste(&format!("{release} --take-over shared"))
        .success();
    assert_eq!(api.value("PORT").as_deref(), Some("9090"));
    assert_eq!(api.value("OTHER").as_deref(), Some("x"));
    // the reference stays one; it is the service that has it which runs the new region
    assert_eq!(web.value("REF").as_deref(), Some("${{shared.REGION}}"));
    assert_eq!(web.running()["REF"], "eu");
    assert_eq!(yard.environment.deployed(), ["api", "web"]);
    yard.in_sync();
    yard.fake.clear_record();
    yard.run("apply --yes").success();
    assert_eq!(yard.fake.counters().mutation_fields, 0);
}

#[test]
fn only_what_changed_is_written_and_only_those_services_are_deployed() {
    let Some(yard) = Yard::new() else { return };
    let pruning = |names| target("api", "service: api", names, ", prune: true");
    let (web, idle) = (service("web", "A"), service("idle", "C"));
    let targets = [pruning("A, B, C"), web.clone(), idle.clone()];
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    for name in ["api", "web", "idle"] {
        yard.service(name).set("FOREIGN", "kept");
    }
    yard.declare(&[("A", "1"), ("B", "1"), ("C", "1")], &targets);
    yard.run("apply --yes").success();
    assert_eq!(yard.environment.deployed().len(), 3);
    yard.in_sync();
    yard.fake.clear_record();
    yard.declare(&[("A", "2"), ("B", "2"), ("C", "1")], &targets);
    yard.run("plan").success().says("Apply deploys: api, web");
    yard.run("apply --yes").success().says("deploy started");
    assert_eq!(yard.environment.deployed(), ["api", "web"]);
    assert_eq!(yard.fake.counters().mutation_fields, 1);
    // the next revision does without two of them
    yard.fake.clear_record();
    yard.declare(&[("A", "2"), ("C", "1")], &[&pruning("C"), &web, &idle]);
    let held = yard.run("apply --yes").exits(3);
    assert_eq!(yard.fake.counters().mutation_fields, 0);
    yard.paste(&held.release("deletes"))
        .success()
        .says("0 written, 2 deleted on 1 target");
    let api = yard.service("api").values();
    let names: Vec<&str> = api.keys().map(String::as_str).collect();
    assert_eq!(names, ["C", "FOREIGN"]);
    assert_eq!(yard.environment.deployed(), ["api"]);
    yard.in_sync();
}

#[test]
fn a_commit_says_which_run_it_was_and_no_value() {
    let secret = format!("{CANARY}1");
    let dotenv = format!("KEY={secret}\n");
    let Some(yard) = Yard::with_secrets(&dotenv, &[&service("api", "KEY")]) else {
        return;
    };
    let api = yard.service("api");
    let run = yard.run("apply --yes --json").success();
    let report = fits_schema(&run, "apply");
    assert_eq!(api.value("KEY"), Some(secret));
    let commits = yard.environment.commits();
    let [Some(message)] = commits.as_slice() else {
        panic!("one commit, not {commits:?}");
    };
    assert!(!message.contains(CANARY), "{message}");
    let id = report["applies"][0]["plan_id"].as_str().unwrap_or_default();
    assert!(
        id.len() > 12 && message.contains(&id[..12]) && message.contains("tester@here"),
        "{message} does not name {id}"
    );
}

#[test]
fn what_railway_provides_is_neither_ours_nor_unmanaged() {
    let Some(yard) = Yard::new() else { return };
    yard.fake
        .switches(|switches| switches.provided_in_raw = true);
    let api = yard.service("api");
    yard.declare(
        &[("RAILWAY_RUN_UID", "0"), ("PORT", "80")],
        &[&service("api", "RAILWAY_RUN_UID, PORT")],
    );
    yard.run("apply --yes").success();
    assert_eq!(api.value("RAILWAY_RUN_UID").as_deref(), Some("0"));
    let run = yard
        .run("plan")
        .success()
        .says("2 variables in sync on 1 target.");
    assert!(!run.all().contains("unmanaged"), "{}", run.all());
    yard.declare(
        &[("RAILWAY_SERVICE_NAME", "x")],
        &[&service("api", "RAILWAY_SERVICE_NAME")],
    );
    yard.run("plan").exits(1).says("RAILWAY_SERVICE_NAME");
}

#[test]
fn reads_that_lag_three_seconds_are_waited_for() {
    let Some(yard) = Yard::new() else { return };
    yard.service("api");
    yard.fake
        .switches(|switches| switches.lag.time = Duration::from_secs(3));
    yard.declare(
        &[("A", "1"), ("S", "1")],
        &[&service("api", "A"), &shared("S")],
    );
    yard.run("apply --yes")
        .success()
        .says("read back, as written");
    yard.in_sync();
}

#[test]
fn empty_values_that_vanish_are_reported_and_not_written_again() {
    let Some(yard) = Yard::new() else { return };
    let api = yard.service("api");
    yard.fake
        .switches(|switches| switches.drops_empty_values = true);
    yard.declare(
        &[("EMPTY", "\"\""), ("A", "1")],
        &[&service("api", "EMPTY, A")],
    );
    let first = yard.run("apply --yes --allow empty@api");
    assert_eq!(api.values().len(), 1);
    first
        .success()
        .says("EMPTY was written empty and is absent now");
    yard.fake.clear_record();
    yard.run("plan --detailed-exitcode")
        .success()
        .says("the platform keeps no empty values");
    yard.run("apply --yes").success();
    assert_eq!(yard.fake.counters().mutation_fields, 0);
    // a Railway that keeps them converges without a word
    let Some(yard) = Yard::new() else { return };
    let api = yard.service("api");
    yard.declare(&[("EMPTY", "\"\"")], &[&service("api", "EMPTY")]);
    yard.run("apply --yes --allow empty@api").success();
    assert_eq!(api.value("EMPTY").as_deref(), Some(""));
    yard.in_sync();
}

#[test]
fn one_forbidden_service_does_not_hide_the_others() {
    let Some(yard) = Yard::new() else { return };
    let (api, web, vault) = (
        yard.service("api"),
        yard.service("web"),
        yard.service("vault"),
    );
    let targets = [
        service("api", "A, BOTH"),
        service("web", "A"),
        service("vault", "V, BOTH"),
    ];
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    yard.declare(&[("A", "1"), ("V", "1"), ("BOTH", "1")], &targets);
    let id = vault.id();
    yard.fake.switches(|switches| {
        switches.forbidden_services.insert(id);
    });
    yard.run("plan").exits(1).says("? unknown").says("vault");
    let partly = yard.run("apply --yes").exits(4);
    assert_eq!(api.value("A").as_deref(), Some("1"));
    assert_eq!(web.value("A").as_deref(), Some("1"));
    assert_eq!(api.value("BOTH"), None, "a unit goes together or waits");
    assert_eq!(vault.values().len(), 0);
    yard.paste(&partly.release("unit")).exits(1);
    assert_eq!(api.value("BOTH").as_deref(), Some("1"));
    yard.fake
        .switches(|switches| switches.forbidden_services.clear());
    yard.run("apply --yes").success();
    yard.in_sync();
}

#[test]
fn what_moves_between_plan_and_write_is_left_alone() {
    let Some(yard) = Yard::new() else { return };
    let api = yard.service("api").set("A", "0");
    yard.declare(&[("A", "0")], &[&service("api", "A")]);
    yard.run("apply --yes").success();
    yard.declare(&[("A", "1")], &[&service("api", "A")]);
    let meddling = api.meddling("A", "theirs");
    yard.fake
        .fault(meddling.on(Which::With("variables".to_owned())).nth(2));
    let run = yard.run("apply --yes");
    assert!(matches!(run.code, 3 | 4), "{}", run.all());
    assert_eq!(api.value("A").as_deref(), Some("theirs"));
    assert_eq!(yard.environment.deployed(), Vec::<String>::new());
    yard.run("plan").success().says("conflict");
}

#[test]
fn a_commit_that_failed_is_not_called_done() {
    let Some(yard) = Yard::new() else { return };
    let api = yard.service("api");
    yard.declare(&[("A", "1")], &[&service("api", "A")]);
    yard.fake.fault(Fault::Reset.on(Which::Mutations));
    let run = yard.run("apply --yes");
    assert_ne!(run.code, 0, "{}", run.all());
    assert_eq!(api.value("A"), None);
    yard.run("apply --yes").success();
    yard.in_sync();
    assert_eq!(yard.environment.deployed(), ["api"]);
}

#[test]
fn json_of_plan_and_apply_fits_the_schemas() {
    let Some(yard) = Yard::new() else { return };
    let api = yard.service("api");
    yard.declare(
        &[("A", "1"), ("S", "1")],
        &[&service("api", "A"), &shared("S")],
    );
    let plan = fits_schema(&yard.run("plan --json").success(), "plan");
    assert_eq!(plan["plans"][0]["targets"][0]["deploys"], true);
    let apply = fits_schema(&yard.run("apply --yes --json").success(), "apply");
    assert_eq!(apply["exit"]["outcome"], "clean");
    yard.later();
    yard.declare(
        &[("A", "2"), ("S", "1")],
        &[&service("api", "A"), &shared("S")],
    );
    let apply = yard.run("apply --yes --no-activate --json").success();
    fits_schema(&apply, "apply");
    let variables = serde_json::json!({ "B": { "value": CANARY } });
    let patch = serde_json::json!({ "services": { api.id(): { "variables": variables } } });
    yard.environment.stage(&patch);
    let plan = fits_schema(&yard.run("plan --json").success(), "plan");
    let api = &plan["plans"][0]["targets"][0];
    assert_eq!(api["target"], "api");
    assert_eq!(api["not_running"]["names"], serde_json::json!(["A"]));
    assert_eq!(api["drafts"], serde_json::json!(["api: B"]));
    fits_schema(&yard.run("status --json").success(), "status");
    fits_schema(&yard.run("history --json").success(), "history");
}

#[test]
fn several_manifests_share_an_environment() {
    let Some(yard) = Yard::new() else { return };
    let (api, web) = (yard.service("api"), yard.service("web"));
    yard.declare(&[("A", "1")], &[&service("api", "A")]);
    let other = crate::support::lab::manifest("other", &[("B", "2")], &[&service("web", "B")]);
    yard.world.write("manifests/other.yaml", other);
    yard.run("apply --yes").success();
    assert_eq!(api.value("A").as_deref(), Some("1"));
    assert_eq!(web.value("B").as_deref(), Some("2"));
    yard.in_sync();
}

#[test]
fn two_targets_of_one_service_are_an_error_and_nothing_is_written() {
    let Some(yard) = Yard::new() else { return };
    let api = yard.service("api");
    let by_id = target("again", &format!("service: {}", api.id()), "B", "");
    yard.declare(&[("A", "1"), ("B", "1")], &[&service("api", "A"), &by_id]);
    yard.run("apply --yes").exits(1).says("the same service");
    assert_eq!(api.values().len(), 0);
}
