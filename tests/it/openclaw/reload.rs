//! Section 3.4: what a running gateway makes of a changed config, and what shows it from outside.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{config, facts, merged, quick, token};
use crate::support::openclaw::{Gateway, Home, Start};

facts!(
    a_new_token_is_in_force_within_seconds_and_a_file_shows_it,
    a_running_gateway_takes_tokens_or_says_why_not,
    a_token_of_the_start_outlives_every_reload,
    other_changes_restart_it_with_its_old_environment,
);

const ONE: &str = "token-number-one";
const TWO: &str = "token-number-two";
const THREE: &str = "token-number-three";

/// Of one gateway, for a real one is long in starting.
fn a_running_gateway_takes_tokens_or_says_why_not(home: &Home) {
    home.write_config(&token(ONE));
    let gateway = home.start(&quick().env("GW_PART", "filled-in"));
    what_cannot_be_taken_leaves_the_old_token_in_force(home, &gateway);
    reload_off_accepts_and_does_not_apply(home, &gateway);
    tokens_are_trimmed_and_variables_filled_in(home, &gateway);
}

/// The file that the gateway writes when it has accepted a config.
fn last_good(home: &Home) -> Option<String> {
    fs::read_to_string(home.state("openclaw.json.last-good")).ok()
}

fn a_new_token_is_in_force_within_seconds_and_a_file_shows_it(home: &Home) {
    home.write_config(&token(ONE));
    let gateway = home.start(&Start::default());
    assert_eq!(last_good(home), None, "a start does not write it");
    let begin = Instant::now();
    let verdict = gateway.verdict(|| home.write_config(&token(TWO)));
    let took = begin.elapsed();
    assert_eq!(verdict, "config hot reload applied (gateway.auth.token)");
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert_eq!((gateway.probe(TWO), gateway.probe(ONE)), (400, 401));
    await_last_good(home, &home.config_text());
    // written in place, half of it at a time, it is the same
    let text = format!("{:#}", token(THREE));
    let verdict = gateway.verdict(|| fs::write(home.config_file(), text).unwrap());
    assert_eq!(verdict, "config hot reload applied (gateway.auth.token)");
    assert_eq!((gateway.probe(THREE), gateway.probe(TWO)), (400, 401));
    assert!(
        home.files("openclaw.json.bak").is_empty(),
        "no command wrote"
    );
}

/// The file comes just after the line of the log.
#[track_caller]
fn await_last_good(home: &Home, wanted: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    while last_good(home).as_deref() != Some(wanted) {
        assert!(Instant::now() < until, "{:?}", last_good(home));
        std::thread::yield_now();
    }
}

fn what_cannot_be_taken_leaves_the_old_token_in_force(home: &Home, gateway: &Gateway) {
    gateway.reload(home, &token(TWO));
    await_last_good(home, &home.config_text());
    let good = last_good(home);
    let half = "{gateway:{mode:\"local\",auth:{mode:\"token\",token:\"half-written";
    let cases = [
        (
            half.to_owned(),
            "config reload skipped (invalid config): : JSON5 parse failed",
        ),
        (
            of(&json!({ "token": 12345 })),
            "skipped (invalid config): gateway.auth.token",
        ),
        (
            of(&json!({ "token": ONE, "nope": 1 })),
            "skipped (invalid config): gateway.auth: Unrecognized",
        ),
        (
            of(&json!({ "token": "" })),
            "config reload failed: Error: Invalid config: gateway auth token is blank",
        ),
        (
            of(&json!({ "token": "  " })),
            "config reload failed: Error: Invalid config",
        ),
        (
            of(&json!({ "token": "undefined" })),
            "config reload failed: Error: Invalid config",
        ),
        (
            of(&json!({ "token": "null" })),
            "config reload failed: Error: Invalid config",
        ),
        (
            of(&json!({ "token": "__OPENCLAW_REDACTED__" })),
            "redaction sentinel, not a credential",
        ),
        (of(&json!({})), "no token was configured"),
        (
            of(&json!({ "token": "$${HOME}x" })),
            "no token was configured",
        ),
        (
            of(&json!({ "token": "x${NOT_THERE}" })),
            "no token was configured",
        ),
        (
            of(&json!({ "token": "${NOT_THERE}" })),
            "SecretRefResolutionError",
        ),
    ];
    for (text, wanted) in cases {
        let verdict = gateway.verdict(|| home.write_config_text(&text));
        assert!(verdict.contains(wanted), "{text}: {verdict}");
        assert_eq!(gateway.probe(TWO), 400, "{text}");
    }
    let gone = gateway.verdict(|| fs::remove_file(home.config_file()).unwrap());
    assert_eq!(gone, "config reload skipped (config file not found)");
    assert_eq!(gateway.probe(TWO), 400);
    assert_eq!(last_good(home), good);
}

fn of(auth: &Value) -> String {
    config(auth).to_string()
}

fn reload_off_accepts_and_does_not_apply(home: &Home, gateway: &Gateway) {
    gateway.reload(home, &token(ONE));
    let off = json!({ "gateway": { "reload": { "mode": "off" } } });
    let held = merged(&token(TWO), &off);
    let verdict = gateway.verdict(|| home.write_config(&held));
    assert_eq!(verdict, "config reload disabled (gateway.reload.mode=off)");
    assert_eq!((gateway.probe(ONE), gateway.probe(TWO)), (400, 401));
    // so the file alone proves nothing here
    await_last_good(home, &home.config_text());
    let verdict = gateway.verdict(|| home.write_config(&token(TWO)));
    assert_eq!(verdict, "config hot reload applied (gateway.auth.token)");
    assert_eq!((gateway.probe(TWO), gateway.probe(ONE)), (400, 401));
}

fn tokens_are_trimmed_and_variables_filled_in(home: &Home, gateway: &Gateway) {
    for (written, accepted) in [
        ("  spaced-token \n", "spaced-token"),
        ("x-${GW_PART}-y", "x-filled-in-y"),
        ("${GW_PART}", "filled-in"),
        ("$GW_PART-tail", "$GW_PART-tail"),
        ("$GW_PART", "filled-in"),
        ("a$b-${lower}", "a$b-${lower}"),
    ] {
        gateway.reload(home, &token(written));
        assert_eq!(gateway.probe(accepted), 400, "{written}");
    }
}

/// The log says "applied" and the file is written, but nothing is applied.
fn a_token_of_the_start_outlives_every_reload(home: &Home) {
    home.write_config(&config(&json!({})));
    let gateway = home.start(&Start::default());
    gateway.reload(home, &token(TWO));
    await_last_good(home, &home.config_text());
    assert_eq!(gateway.probe(TWO), 401, "a generated one is still in force");
    assert_eq!(gateway.stop().code(), Some(0));
    home.write_config(&token(ONE));
    let gateway = home.start(&Start::default().arguments(&["--token", THREE]));
    gateway.reload(home, &token(TWO));
    assert_eq!((gateway.probe(THREE), gateway.probe(TWO)), (400, 401));
    assert!(!gateway.command_line().contains(THREE));
}

fn other_changes_restart_it_with_its_old_environment(home: &Home) {
    const NAME: &str = "OPENCLAW_GATEWAY_TOKEN";
    home.write_dotenv(&format!("{NAME}={ONE}\n"));
    home.write_config(&config(&json!({})));
    let gateway = home.start(&Start::default());
    assert_eq!(gateway.probe(ONE), 400);
    home.write_dotenv(&format!("{NAME}={TWO}\n"));
    let vars = json!({ "env": { "vars": { "ANYTHING": "else" } } });
    restarts(&gateway, "(env)", || {
        home.write_config(&merged(&config(&json!({})), &vars));
    });
    assert_eq!(
        (gateway.probe(ONE), gateway.probe(TWO)),
        (400, 401),
        "it kept its environment"
    );
    assert_eq!(gateway.stop().code(), Some(0));
    let gateway = home.start(&Start::default());
    assert_eq!((gateway.probe(TWO), gateway.probe(ONE)), (400, 401));
}

#[track_caller]
fn restarts(gateway: &Gateway, why: &str, change: impl FnOnce()) {
    let mark = gateway.log().mark();
    let verdict = gateway.verdict(change);
    let wanted = format!("config change requires gateway restart {why}");
    assert!(verdict.starts_with(&wanted), "{verdict}");
    gateway.wait(mark, &["[gateway] ready"]);
}
