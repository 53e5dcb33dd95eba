//! A gateway that runs: what an apply makes of it, and what doctor says.

use serde_json::json;

use super::lab::{BOTH, HOOKS, Lab, NEW, OLD, address};
use crate::support::openclaw::{Home, Kind, Start};

/// A gateway with this token in its config, and hooks.
fn settings(home: &Home, token: &str) -> serde_json::Value {
    json!({
        "gateway": {
            "mode": "local",
            "port": home.port(),
            "auth": { "mode": "token", "token": token },
            "controlUi": { "enabled": true },
        },
        "hooks": { "enabled": true, "token": "c4nary-hooks-old", "path": "/nudge" },
        "plugins": { "enabled": false },
        "meta": { "lastTouchedVersion": "2026.9.6" },
    })
}

fn stand_in(token: &str) -> Option<(Lab, Home)> {
    let (lab, home) = Lab::beside(Kind::StandIn)?;
    lab.target(&address(&home), BOTH, "");
    home.write_config(&settings(&home, token));
    Some((lab, home))
}

#[test]
fn one_apply_changes_both_tokens_and_asks_once_for_each() {
    let Some((lab, home)) = stand_in(OLD) else {
        return;
    };
    let gateway = home.start(&Start::default());
    lab.take_over()
        .success()
        .says("2 written")
        .says("it works POST /tools/invoke of its gateway")
        .says("it works POST …/wake of its gateway");
    // each token once, and once without one
    let mut requests = home.record().requests();
    requests.sort();
    assert_eq!(
        requests,
        [
            "POST /nudge/wake 400 right",
            "POST /nudge/wake 401 none",
            "POST /tools/invoke 400 right",
            "POST /tools/invoke 401 none",
        ]
    );
    assert_eq!(gateway.probe(NEW), 400);
    lab.in_sync();
    assert_eq!(home.config()["hooks"]["token"], HOOKS);
    assert_eq!(home.config()["meta"]["lastTouchedVersion"], "2026.9.6");
}

#[test]
fn what_was_written_survives_the_next_start() {
    let Some((lab, home)) = stand_in(OLD) else {
        return;
    };
    let gateway = home.start(&Start::default());
    lab.take_over().success();
    gateway.stop();
    let again = home.start(&Start::default());
    assert_eq!(again.probe(NEW), 400, "nothing was undone");
    assert_eq!(home.files("openclaw.json.clobbered"), Vec::<String>::new());
    lab.in_sync();
}

#[test]
fn a_config_that_lost_its_meta_gets_it_back_from_openclaw_itself() {
    let Some((lab, home)) = stand_in(OLD) else {
        return;
    };
    // OpenClaw wrote it once, and a template of somebody's replaced it
    let patch = r#"{ "gateway": { "auth": { "token": "c4nary-in-between" } } }"#;
    home.cli_with(&["config", "patch", "--stdin"], &[], patch)
        .success();
    let gateway = home.start(&Start::default());
    let mut templated = settings(&home, OLD);
    templated.as_object_mut().unwrap().remove("meta");
    gateway.reload(&home, &templated);
    lab.take_over().success();
    assert!(
        home.config()["meta"]["lastTouchedVersion"].is_string(),
        "{}",
        home.config_text()
    );
    assert_eq!(home.config()["gateway"]["auth"]["token"], NEW);
    let calls = home.record().calls().join("\n");
    assert!(calls.contains("config patch --stdin"), "{calls}");
    assert!(!calls.contains("c4nary"), "a secret was on a command line");
    gateway.stop();
    assert_eq!(
        home.start(&Start::default()).probe(NEW),
        400,
        "nothing was undone"
    );
}

#[test]
fn a_secret_of_the_store_is_written_blind_and_proven() {
    let Some((lab, home)) = Lab::beside(Kind::StandIn) else {
        return;
    };
    home.cli_with(&["secrets", "store", "set", "GW_TOKEN"], &[], OLD)
        .success();
    let auth = json!({ "mode": "token", "token": { "source": "store", "provider": "default", "id": "GW_TOKEN" } });
    let config = json!({ "gateway": { "mode": "local", "port": home.port(), "auth": auth }, "meta": { "lastTouchedVersion": "2026.9.6" } });
    home.write_config(&config);
    let gateway = home.start(&Start::default());
    // nobody started it but this test: the restart is this test's, too
    let asked = home.path("restart-asked");
    lab.target(
        &address(&home),
        super::lab::TOKEN,
        &format!("    activate: touch {}\n", asked.display()),
    );
    lab.run("plan").success().says("written blind");
    lab.take_over().says("1 written");
    assert!(asked.exists());
    let calls = home.record().calls().join("\n");
    assert!(
        calls.contains("secrets store set GW_TOKEN") && !calls.contains("c4nary"),
        "{calls}"
    );
    gateway.stop();
    let gateway = home.start(&Start::default());
    assert_eq!(gateway.probe(NEW), 400);
    lab.in_sync();
    lab.run("doctor").success();
    // somebody else puts another one there: nobody can read it, and everybody can see that
    home.cli_with(&["secrets", "store", "set", "GW_TOKEN"], &[], OLD)
        .success();
    lab.run("plan --detailed-exitcode")
        .exits(2)
        .says("changed by someone after us");
}

#[test]
fn doctor_says_which_side_and_that_the_gateway_refused() {
    let Some((lab, home)) = stand_in(OLD) else {
        return;
    };
    let gateway = home.start(&Start::default());
    lab.take_over().success();
    lab.run("doctor").success();
    // somebody restores an older config: fact 11 does it, too
    let mut older = settings(&home, OLD);
    older["hooks"]["token"] = json!(HOOKS);
    gateway.reload(&home, &older);
    lab.run("doctor OPENCLAW_GATEWAY_TOKEN")
        .exits(2)
        .says("stored ✗")
        .says("another value than the manifest")
        .says("the file changed last")
        .says("driftlock apply --target gateway");
    lab.run("apply --yes").success();
    lab.in_sync();
}

#[test]
fn a_round_of_a_schedule_asks_the_gateway() {
    let Some((lab, home)) = stand_in(OLD) else {
        return;
    };
    lab.target(&address(&home), BOTH, "    reconcile: { probe: 1h }\n");
    let gateway = home.start(&Start::default());
    lab.take_over().success();
    let before = home.record().requests().len();
    lab.run("reconcile --once")
        .success()
        .says("its 2 probes work");
    assert_eq!(home.record().requests().len(), before + 4);
    lab.run("reconcile --once").success();
    assert_eq!(home.record().requests().len(), before + 4, "not yet");
    drop(gateway);
    // nobody is there who could take the next one: that is not known to work, and not known to fail
    lab.set("TOKEN", OLD);
    lab.run("apply --yes");
    for _ in 0..2 {
        let quiet = lab.run("reconcile --once").success();
        quiet.says("probe: nobody answered").says("no alerts");
    }
    lab.run("reconcile --once")
        .success()
        .says("alert probe gateway: POST /tools/invoke of its gateway: nobody answered")
        .says("driftlock doctor --target gateway -f manifests/dev.yaml");
    let gateway = home.start(&Start::default());
    assert_eq!(gateway.probe(OLD), 400);
    lab.run("doctor --target gateway -f manifests/dev.yaml")
        .success();
}

#[test]
fn hooks_that_are_switched_off_are_nothing_to_ask() {
    let Some((lab, home)) = stand_in(OLD) else {
        return;
    };
    lab.target(&address(&home), BOTH, "    reconcile: { probe: 1h }\n");
    let mut off = settings(&home, OLD);
    off["hooks"]["enabled"] = json!(false);
    home.write_config(&off);
    let _gateway = home.start(&Start::default());
    lab.take_over();
    lab.run("reconcile --once")
        .success()
        .says("its probe works");
}
