//! Gateways that are down, starting, behind something else, locked out or left behind: what is written
//! is written, and what is not known is never told as a bad token.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::lab::{Lab, NEW, OLD, TOKEN, address, write_private};
use crate::support::openclaw::{Gateway, Home, Kind, PortFrom, Request, Start};
use crate::support::world::Run;

fn settings(home: &Home, token: &str) -> Value {
    json!({
        "gateway": {
            "mode": "local",
            "port": home.port(),
            "auth": { "mode": "token", "token": token },
        },
        "meta": { "lastTouchedVersion": "2026.9.6" },
    })
}

/// An installation with [`OLD`] in its config.
fn lab() -> Option<(Lab, Home)> {
    let (lab, home) = Lab::beside(Kind::StandIn)?;
    home.write_config(&settings(&home, OLD));
    Some((lab, home))
}

/// The same, and its gateway runs.
fn runs() -> Option<(Lab, Home, Gateway)> {
    let (lab, home) = lab()?;
    let gateway = home.start(&Start::default());
    Some((lab, home, gateway))
}

/// How often a token was brought.
fn tries(home: &Home) -> usize {
    let requests = home.record().requests();
    requests
        .iter()
        .filter(|line| !line.ends_with("none"))
        .count()
}

/// Whether it says that the gateway refused; a fingerprint may have these digits in it.
fn bad(run: &Run) -> bool {
    let all = run.all();
    let mut words = all.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word == "401")
}

#[test]
fn a_gateway_that_is_down_is_told_at_once() {
    let Some((lab, home)) = lab() else { return };
    let begin = Instant::now();
    let done = lab.take_over().exits(4).says("1 written");
    assert!(!bad(&done), "{}", done.all());
    assert!(begin.elapsed() < Duration::from_secs(8), "{}", done.all());
    assert_eq!(home.config()["gateway"]["auth"]["token"], NEW);
    let gateway = home.start(&Start::default());
    assert_eq!(gateway.probe(NEW), 400);
    lab.in_sync();
    lab.run("doctor").success();
}

#[test]
fn a_gateway_that_was_killed_leaves_a_lock_that_counts_for_nothing() {
    let Some((lab, _home, gateway)) = runs() else {
        return;
    };
    assert!(lab.state("tmp").exists(), "it has a lock");
    drop(gateway);
    let plan = lab.run("plan").success();
    plan.says("nothing has its lock");
    let begin = Instant::now();
    lab.take_over().exits(4).says("1 written");
    assert!(begin.elapsed() < Duration::from_secs(8));
}

#[test]
fn what_stands_in_front_of_a_gateway_says_nothing_of_the_token() {
    for how in ["html", "502", "503", "close", "hang"] {
        let Some((lab, home, gateway)) = runs() else {
            return;
        };
        lab.take_over().success();
        let before = tries(&home);
        home.record().behave(how);
        let begin = Instant::now();
        let doctor = lab.run("doctor --probe");
        assert_ne!(doctor.code, 0, "{how}: {}", doctor.all());
        assert!(!bad(&doctor), "{how}: {}", doctor.all());
        assert_eq!(tries(&home) - before, 1, "{how}: one try");
        assert!(begin.elapsed() < Duration::from_secs(20), "{how}");
        home.record().behave_well();
        lab.run("doctor --probe").success();
        drop(gateway);
    }
}

#[test]
fn who_is_locked_out_knows_nothing_and_does_not_try_again() {
    let Some((lab, home)) = lab() else { return };
    let mut strict = settings(&home, OLD);
    strict["gateway"]["auth"]["rateLimit"] = json!({ "exemptLoopback": false });
    home.write_config(&strict);
    let gateway = home.start(&Start::default());
    for number in 0..10 {
        assert_eq!(gateway.probe(&format!("wrong-{number}")), 401);
    }
    let before = tries(&home);
    let done = lab.take_over().exits(4).says("1 written");
    done.says("took its config over").says("429");
    assert_eq!(tries(&home) - before, 1);
    let doctor = lab.run("doctor --probe");
    assert!(!bad(&doctor), "{}", doctor.all());
    assert_ne!(doctor.code, 0, "{}", doctor.all());
}

#[test]
fn a_gateway_that_asks_nobody_is_told() {
    let Some((lab, home)) = lab() else { return };
    let mut open = settings(&home, OLD);
    open["gateway"]["auth"]["mode"] = json!("none");
    home.write_config(&open);
    let _gateway = home.start(&Start::default());
    let plan = lab.run("plan").success();
    plan.says("the gateway asks nobody for a token");
    let done = lab.take_over().exits(4).says("1 written").says("without");
    assert!(!done.all().contains("it works"), "{}", done.all());
}

#[test]
fn a_gateway_that_does_not_reload_is_restarted() {
    let Some((lab, home)) = lab() else { return };
    let mut off = settings(&home, OLD);
    off["gateway"]["reload"] = json!({ "mode": "off" });
    home.write_config(&off);
    let gateway = home.start(&Start::default());
    let asked = home.path("restart-asked");
    let line = format!("    activate: touch {}\n", asked.display());
    lab.target(&address(&home), TOKEN, &line);
    let done = lab.take_over().says("1 written");
    assert!(asked.exists(), "{}", done.all());
    assert_eq!(gateway.probe(NEW), 401);
    drop(gateway);
    let again = home.start(&Start::default());
    assert_eq!(again.probe(NEW), 400);
    lab.in_sync();
}

#[test]
fn what_the_gateway_refuses_is_not_in_force() {
    let Some((lab, home, gateway)) = runs() else {
        return;
    };
    lab.take_over().success();
    let mut nonsense = settings(&home, NEW);
    nonsense["gateway"]["auth"]["nope"] = json!(1);
    let verdict = gateway.verdict(|| home.write_config(&nonsense));
    assert!(verdict.contains("skipped (invalid config)"), "{verdict}");
    // a restart would not help, so nothing is left to do for an apply
    lab.run("plan")
        .success()
        .says("stored but not running")
        .says("has not taken the config over");
    // the next value is written, does not come in force either, and that is told
    lab.set("TOKEN", "c4nary-another");
    let done = lab.run("apply --yes").exits(4).says("1 written");
    done.says("did not show within 8 s");
    assert_eq!(gateway.probe(NEW), 400);
    let mut mended = home.config();
    mended["gateway"]["auth"]
        .as_object_mut()
        .unwrap()
        .remove("nope");
    gateway.reload(&home, &mended);
    assert_eq!(gateway.probe("c4nary-another"), 400);
}

#[test]
fn a_config_that_was_only_touched_or_laid_out_anew_is_in_force() {
    let Some((lab, home, gateway)) = runs() else {
        return;
    };
    lab.take_over().success();
    let text = home.config_text();
    // the same bytes again, as a tool does that copies a backup back
    home.write_config_text(&text);
    lab.in_sync();
    home.write_config_text(&format!("// mine\n{text}"));
    assert_eq!(gateway.probe(NEW), 400);
    let plan = lab.run("plan --detailed-exitcode").success();
    assert!(!plan.all().contains("refused"), "{}", plan.all());
}

#[test]
fn a_config_that_somebody_is_writing_decides_nothing() {
    let Some((lab, home, gateway)) = runs() else {
        return;
    };
    let whole = format!("{:#}\n", settings(&home, OLD));
    let half = &whole[..whole.len() / 2];
    let verdict = gateway.verdict(|| home.write_config_text(half));
    assert!(verdict.contains("skipped (invalid config)"), "{verdict}");
    lab.run("plan").exits(1).says("cannot be read as JSON5");
    lab.run("apply --yes --take-over gateway").exits(1);
    assert_eq!(home.config_text(), half);
    assert_eq!(tries(&home), 0);
    home.write_config_text(&whole);
    lab.take_over().success();
    assert_eq!(gateway.probe(NEW), 400);
}

#[test]
fn two_gateways_of_one_machine_are_each_asked_where_they_listen() {
    let (Some((lab, one, first)), Some(other)) = (runs(), Home::new(Kind::StandIn)) else {
        return;
    };
    // this one's port is on its command line, and its config names another
    let mut elsewhere = settings(&other, OLD);
    elsewhere["gateway"]["port"] = json!(one.port());
    other.write_config(&elsewhere);
    let second = other.start(&Start::default().port(PortFrom::Flag));
    let target = |name: &str, home: &Home| {
        let address = address(home);
        format!("  {name}:\n    openclaw: {address}\n    variables: [{TOKEN}]\n")
    };
    let both = target("one", &one) + &target("other", &other);
    crate::hosts::service::retarget(&lab.world, &both);
    lab.run("apply --yes --take-over one --take-over other")
        .success()
        .says("2 written");
    assert_eq!((first.probe(NEW), second.probe(NEW)), (400, 400));
    assert_eq!((tries(&one), tries(&other)), (2, 2), "one try and ours");
    lab.in_sync();
    // one that is broken hides no other
    fs::remove_dir_all(one.state("")).unwrap();
    drop(first);
    let plan = lab.run("plan").exits(1);
    plan.says("there is no OpenClaw there").says("in sync");
    lab.set("TOKEN", "c4nary-of-one-only");
    lab.run("apply --yes --partial TOKEN").says("1 written");
    assert_eq!(second.probe("c4nary-of-one-only"), 400);
}

#[test]
fn an_address_of_the_manifest_is_asked_in_its_place() {
    let Some((lab, home, gateway)) = runs() else {
        return;
    };
    let at = |url: &str| address(&home).replace(" }", &format!(", url: '{url}' }}"));
    lab.target(
        &at(&format!("http://127.0.0.1:{}", gateway.port())),
        TOKEN,
        "",
    );
    lab.take_over().success();
    assert_eq!(tries(&home), 1);
    lab.target(&at("https://127.0.0.1:1/claw"), TOKEN, "");
    lab.set("TOKEN", "c4nary-elsewhere");
    let begin = Instant::now();
    let done = lab.run("apply --yes --allow authority").says("1 written");
    assert!(!bad(&done), "{}", done.all());
    assert!(begin.elapsed() < Duration::from_secs(15));
    assert_eq!(tries(&home), 1, "nothing but that address is asked");
}

/// One state folder of somebody's choice is no reason to look at the service of the default one.
#[test]
fn a_state_folder_of_its_own_is_restarted_by_its_own_name() {
    let Some((lab, home)) = lab() else { return };
    home.write_config(&json!({ "gateway": { "mode": "local", "port": home.port() } }));
    home.write_dotenv(&format!("OPENCLAW_GATEWAY_TOKEN={OLD}\n"));
    let _gateway = home.start(&Start::default());
    let fake = home.path("fake");
    let seen = home.path("seen");
    write_private(
        &fake.join("openclaw"),
        &format!(
            "#!/bin/sh\necho \"$OPENCLAW_STATE_DIR $*\" >>'{}'\n",
            seen.display()
        ),
    );
    fs::set_permissions(
        fake.join("openclaw"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let mut lab = lab;
    let path = std::env::var("PATH").unwrap();
    lab.world
        .variable("PATH", &format!("{}:{path}", fake.display()));
    lab.take_over().says("1 written");
    let state = home.state("");
    let state = state.to_string_lossy();
    let state = state.trim_end_matches('/');
    assert_eq!(
        fs::read_to_string(seen).unwrap(),
        format!("{state} gateway restart\n")
    );
}

#[test]
fn a_gateway_that_is_starting_is_waited_for_by_nobody_but_a_restart() {
    let Some((lab, home)) = lab() else { return };
    let gate = home.path("gate");
    rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::RWXU).unwrap();
    let start = Start::default()
        .env("STANDIN_READY_GATE", gate.to_str().unwrap())
        .until_it_listens();
    let gateway = home.start(&start);
    // it answers, and does not look at its config yet
    let ready = Request::new("GET", "/readyz").send(gateway.port()).unwrap();
    assert_eq!(ready.status, 503);
    let done = lab.take_over().exits(4).says("1 written");
    done.says("did not show within 8 s");
    fs::write(&gate, "go").unwrap();
    gateway.wait(0, &["hot reload applied"]);
    assert_eq!(gateway.probe(NEW), 400);
    lab.in_sync();
}
