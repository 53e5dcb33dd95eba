//! Probes that scheduled runs send: how often, only what an apply agreed to, and what is told of them.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Loop, applied, round, target, text, told};
use crate::probe::server::{Reply, Server};
use crate::support::world::World;

/// A manifest whose probe notes that it is sent, and works while there is no file `down`.
fn declare(world: &World, more: &str, a: &str, probe: &str) {
    let [sent, down] = ["sent", "down"].map(|name| world.path(name));
    let line = format!(
        "echo sent >> {}; test ! -e {}{probe}",
        sent.display(),
        down.display()
    );
    let probe = format!("variables: [A, B], probe: {{ command: {line:?} }} }}");
    let text = text("dev", more, a, "b").replace("variables: [A, B] }", &probe);
    world.write("manifests/dev.yaml", text);
}

const HOURLY: &str = "reconcile: { probe: 1h }";

/// A world in which that was applied.
fn probed(more: &str) -> World {
    let world = World::new();
    declare(&world, more, "one", "");
    world.run("apply --yes").success();
    world
}

/// How often it was sent since this was asked last.
fn sent(world: &World) -> usize {
    let count = std::fs::read_to_string(world.path("sent")).unwrap_or_default();
    world.write("sent", "");
    count.lines().count()
}

fn verdicts(round: &Value) -> Vec<&str> {
    let all = target(round, "app")["probes"].as_array().unwrap();
    all.iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect()
}

#[test]
fn they_are_sent_so_often_whoever_looks() {
    let world = probed(HOURLY);
    assert_eq!(sent(&world), 1, "by the apply");
    let first = round(&world, "", 0);
    assert_eq!((sent(&world), verdicts(&first)), (1, vec!["works"]));
    let second = round(&world, "", 0);
    assert_eq!(sent(&world), 0, "the hour has not passed");
    assert!(verdicts(&second).is_empty());
    // another value has to be shown to work
    declare(&world, HOURLY, "two", "");
    world.run("apply --yes").success();
    assert_eq!(sent(&world), 1);
    world
        .run("reconcile --once")
        .success()
        .says("its probe works");
    assert_eq!(sent(&world), 1);
}

#[test]
fn nobody_sends_what_no_apply_agreed_to() {
    let world = probed("");
    sent(&world);
    let quiet = |world: &World, why: &str| {
        assert!(verdicts(&round(world, "", 0)).is_empty(), "{why}");
        assert_eq!(sent(world), 0, "{why}");
    };
    quiet(&world, "nothing says so");
    declare(&world, HOURLY, "one", "");
    quiet(&world, "a commit alone");
    world
        .run("plan")
        .says("send its probes; counts one apply later");
    world.run("apply --yes").success();
    sent(&world);
    // it is due now
    declare(&world, HOURLY, "one", "; true");
    quiet(&world, "another probe");
    declare(&world, HOURLY, "two", "");
    quiet(&world, "a value that is not there");
    declare(&world, HOURLY, "one", "");
    world.write("dev.env", "A=outside\nB=b\n");
    quiet(&world, "drift");
    world.write("dev.env", "A=one\nB=b\n");
    round(&world, "", 0);
    assert_eq!(sent(&world), 1);
}

#[test]
fn what_may_pass_is_told_after_three_looks_and_is_over_once_it_works() {
    let world = probed(HOURLY);
    world.write("down", "");
    sent(&world);
    let mut kinds = vec![];
    for time in 1..=5 {
        let round = round(&world, "", 0);
        let asks = usize::from(time <= 3);
        assert_eq!(
            sent(&world),
            asks,
            "{time}: until it is told, each look asks"
        );
        assert_eq!(verdicts(&round), vec!["unexpected"; asks]);
        kinds.push(told(&round, "probe"));
    }
    assert_eq!(kinds.iter().flatten().collect::<Vec<_>>(), ["opened"]);
    assert_eq!(kinds[2], ["opened"]);
    let list = world.run("alert list").success();
    let list = list.says("probe").says("driftlock doctor");
    assert!(list.stdout.contains("test ! -e"), "{}", list.all());
    world.run("reconcile --once --detailed-exitcode").exits(2);
    std::fs::remove_file(world.path("down")).unwrap();
    declare(&world, HOURLY, "two", "");
    world.run("apply --yes").success();
    let over = round(&world, "", 0);
    assert_eq!(told(&over, "probe"), ["resolved"]);
    // once, and it works again: nothing is told
    world.write("down", "");
    declare(&world, HOURLY, "three", "");
    world.run("apply --yes").exits(4);
    assert_eq!(told(&round(&world, "", 0), "probe"), [""; 0]);
    std::fs::remove_file(world.path("down")).unwrap();
    assert_eq!(told(&round(&world, "", 0), "probe"), [""; 0]);
    world.write("down", "");
    assert_eq!(told(&round(&world, "", 0), "probe"), [""; 0]);
}

#[test]
fn what_is_not_sent_any_more_is_over() {
    for more in ["", "reconcile: { probe: false }"] {
        let world = probed(HOURLY);
        world.write("down", "");
        for _ in 0..3 {
            round(&world, "", 0);
        }
        declare(&world, more, "one", "");
        assert_eq!(told(&round(&world, "", 0), "probe"), ["resolved"]);
    }
}

/// A manifest that asks this server with its value.
fn asks(world: &World, more: &str, port: u16) {
    let probe = format!(
        "variables: [A, B], probe: {{ http: 'http://127.0.0.1:{port}/', header: {{ X-Auth: '${{A}}' }} }} }}"
    );
    let text = text("dev", more, "one", "b").replace("variables: [A, B] }", &probe);
    world.write("manifests/dev.yaml", text);
}

#[test]
fn a_credential_that_is_not_taken_any_more_is_told_at_once() {
    let server = Server::start(|seen| {
        let fine = seen.header("x-auth") == Some("one") && !seen.head.contains("/revoked");
        Reply::status(if fine { 200 } else { 401 })
    });
    let world = applied("");
    let at = |path: &str| {
        asks(&world, HOURLY, server.port);
        let text = world.read("manifests/dev.yaml");
        let port = server.port;
        let moved = text.replace(&format!("{port}/'"), &format!("{port}/{path}'"));
        world.write("manifests/dev.yaml", moved);
        world.run("apply --yes --allow authority").success();
    };
    at("fine");
    assert_eq!(verdicts(&round(&world, "", 0)), ["works"]);
    at("revoked");
    let bad = world.run("reconcile --once --json").success();
    let bad = super::report(&bad);
    assert_eq!(verdicts(&bad), ["unauthorized"]);
    assert_eq!(told(&bad, "probe"), ["opened"]);
    let alert = &bad["manifests"][0]["alerts"][0];
    assert_eq!(alert["urgent"], true, "{alert}");
    let what = alert["what"].as_str().unwrap();
    assert!(
        what.contains("the credential is not taken any more"),
        "{what}"
    );
    let asked = server.seen().len();
    round(&world, "", 0);
    assert_eq!(server.seen().len(), asked, "a bad try is not repeated");
}

#[test]
fn that_nobody_answers_is_no_answer() {
    let world = applied("");
    // nobody listens at a port of so small a number
    asks(&world, HOURLY, 1);
    world.run("apply --yes --allow authority").success();
    let page = world.path("page.prom");
    let metrics = format!("--metrics-file {}", page.display());
    let mut kinds = vec![];
    for _ in 0..3 {
        let round = round(&world, &metrics, 0);
        assert_eq!(verdicts(&round), ["unreachable"]);
        kinds.extend(told(&round, "probe"));
        let page = std::fs::read_to_string(&page).unwrap();
        assert!(!page.contains("driftlock_target_probes_work{"), "{page}");
    }
    assert_eq!(kinds, ["opened"]);
    world.run("alert list").says("nobody answered");
    // one that says no beside it is known
    let text = world.read("manifests/dev.yaml");
    let both = text.replace("probe: { http", "probe: [{ command: 'false' }, { http");
    let both = both.replace("'${A}' } }", "'${A}' } }]");
    assert_ne!(text, both);
    world.write("manifests/dev.yaml", both);
    world.run("apply --yes --allow authority").success();
    assert_eq!(
        verdicts(&round(&world, &metrics, 0)),
        ["unexpected", "unreachable"]
    );
    let page = std::fs::read_to_string(&page).unwrap();
    let work = "driftlock_target_probes_work{manifest=\"dev\",target=\"app\"} 0";
    assert!(page.contains(work), "{page}");
}

#[test]
fn a_loop_that_waits_for_an_answer_ends_in_time() {
    let world = World::new();
    let [hang, begun] = ["hang", "begun"].map(|name| world.path(name));
    let wait = format!(
        "; test ! -e {} || {{ touch {}; exec sleep 619; }}",
        hang.display(),
        begun.display()
    );
    declare(&world, "reconcile: { probe: 1m }", "one", &wait);
    world.run("apply --yes").success();
    world.write("hang", "");
    let mut one = Loop::start(&world, "");
    one.waits_for("the probe", || begun.exists());
    let at = Instant::now();
    one.ends();
    assert!(at.elapsed() < Duration::from_secs(7), "{:?}", at.elapsed());
    let left = std::process::Command::new("pgrep")
        .args(["-f", "sleep 619"])
        .output();
    if let Ok(left) = left {
        assert!(left.stdout.is_empty(), "it is still there");
    }
    // what nobody answered was not sent: the next run does it
    std::fs::remove_file(hang).unwrap();
    sent(&world);
    round(&world, "", 0);
    assert_eq!(sent(&world), 1);
}
