//! Starts that are refused and with which status, what a start leaves for others to see, the end.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{config, facts, merged, token};
use crate::support::openclaw::{Home, Kind, PortFrom, Start};

facts!(
    a_config_that_is_none_is_refused_with_78,
    a_token_that_is_none_is_refused_with_1,
    it_is_alive_before_it_is_ready,
    the_port_is_the_configs_if_nobody_else_names_one,
    it_says_who_and_where_it_is_and_ends_quietly,
);

/// Statuses that tell systemd not to try again.
fn a_config_that_is_none_is_refused_with_78(home: &Home) {
    let nothing = home.refused(&Start::default());
    assert_eq!(nothing.code, Some(78), "{}", nothing.text);
    assert!(nothing.text.contains("Missing config."), "{}", nothing.text);
    let cases = [
        (
            "{gateway:{".to_owned(),
            "existing config is missing gateway.mode",
        ),
        (
            json!({ "gateway": { "auth": { "token": "t" } } }).to_string(),
            "existing config is missing gateway.mode",
        ),
        (
            config(&json!({ "nope": 1 })).to_string(),
            "Unrecognized key",
        ),
    ];
    for (text, wanted) in cases {
        home.write_config_text(&text);
        let refused = home.refused(&Start::default());
        assert_eq!(refused.code, Some(78), "{text}: {}", refused.text);
        assert!(refused.text.contains(wanted), "{text}: {}", refused.text);
    }
    fs::remove_file(home.config_file()).unwrap();
    let unconfigured = Start::default().arguments(&["--allow-unconfigured"]);
    let gateway = home.start(&unconfigured.env("OPENCLAW_GATEWAY_TOKEN", "given"));
    assert_eq!(
        (gateway.probe("given"), gateway.probe_without()),
        (400, 401)
    );
}

/// The fact sheet had 78 here, too. The real one takes a quarter of a minute for each.
fn a_token_that_is_none_is_refused_with_1(home: &Home) {
    let all = ["undefined", "null", "  ", "__OPENCLAW_REDACTED__"];
    for text in all {
        refused(home, &json!({ "token": text }), &Start::default());
        if home.kind() == Kind::Real {
            return;
        }
    }
    let start = Start::default().env("OPENCLAW_GATEWAY_TOKEN", "given");
    refused(home, &json!({ "token": "${NOT_THERE}" }), &start);
    let lost = json!({ "source": "store", "provider": "default", "id": "NOT_THERE" });
    refused(home, &json!({ "token": lost }), &start);
    let nonsense = Start::default().env("OPENCLAW_GATEWAY_TOKEN", "undefined");
    refused(home, &json!({}), &nonsense);
}

#[track_caller]
fn refused(home: &Home, auth: &Value, start: &Start) {
    home.write_config(&config(auth));
    let refused = home.refused(start);
    assert_eq!(refused.code, Some(1), "{auth}: {}", refused.text);
    assert!(
        refused.text.contains("Gateway failed to start: "),
        "{auth}: {}",
        refused.text
    );
}

/// Health and tokens are answered as soon as it listens.
fn it_is_alive_before_it_is_ready(home: &Home) {
    home.write_config(&token("early"));
    let gate = home.path("gate");
    let mut start = Start::default().until_it_listens();
    if home.kind() == Kind::StandIn {
        fifo(&gate);
        start = start.env("STANDIN_READY_GATE", gate.to_str().unwrap());
    }
    let gateway = home.start(&start);
    let ready = gateway.get("/readyz");
    assert_eq!((ready.status, ready.kind()), (503, "json"));
    assert!(
        ready.body.starts_with(r#"{"ready":false"#),
        "{}",
        ready.body
    );
    assert_eq!(gateway.get("/startupz").status, 503);
    assert_eq!(gateway.get("/healthz").status, 200);
    assert_eq!(
        (gateway.probe("early"), gateway.probe_without()),
        (400, 401)
    );
    if home.kind() == Kind::StandIn {
        fs::write(&gate, "go").unwrap();
    }
    gateway.wait(0, &["[gateway] ready"]);
    assert_eq!(gateway.get("/readyz").status, 200);
    assert_eq!(gateway.get("/startupz").status, 200);
}

pub(super) fn fifo(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

fn the_port_is_the_configs_if_nobody_else_names_one(home: &Home) {
    let port = json!({ "gateway": { "port": home.port() } });
    home.write_config(&merged(&token("here"), &port));
    let gateway = home.start(&Start::default().port(PortFrom::Config));
    assert_eq!(gateway.probe("here"), 400);
}

fn it_says_who_and_where_it_is_and_ends_quietly(home: &Home) {
    // the variable is in front of the config
    let port = json!({ "gateway": { "port": 9 } });
    home.write_config(&merged(&token("here"), &port));
    let gateway = home.start(&Start::default().port(PortFrom::Environment));
    assert!(
        gateway.command_line().starts_with("openclaw-gateway "),
        "{}",
        gateway.command_line()
    );
    let lock = lock(home).expect("it has one");
    assert_eq!(lock["pid"], gateway.id());
    assert_eq!(lock["port"], gateway.port());
    let second = home.refused(&Start::default().port(PortFrom::Config));
    assert_eq!(second.code, Some(78), "{}", second.text);
    assert!(
        second.text.contains("another OpenClaw process owns"),
        "{}",
        second.text
    );
    assert_eq!(gateway.probe("here"), 400);
    let begin = Instant::now();
    let port = gateway.port();
    assert_eq!(gateway.stop().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(self::lock(home).is_none());
}

/// What it leaves in its state folder while it runs.
fn lock(home: &Home) -> Option<Value> {
    let folder = fs::read_dir(home.state("tmp")).ok()?;
    let folder = folder.map(|entry| entry.unwrap().path());
    let mut all = folder.filter(|path| {
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("openclaw-")
    });
    let text = fs::read_to_string(all.next()?.join("gateway.state.lock")).ok()?;
    serde_json::from_str(text.trim()).ok()
}
