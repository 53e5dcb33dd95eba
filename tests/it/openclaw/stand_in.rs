//! What only the stand-in has: a record, bad manners, and a place in `PATH` and under systemd.

use std::process::Command;

use driftlock::machine::{Call, Run as _};

use super::starts::fifo;
use super::token;
use crate::support::openclaw::{Home, Kind, Log, Request, Start};
use crate::support::systemd::UserManager;

const TOKEN: &str = "c4nary-of-the-gateway";

#[test]
fn the_record_has_what_happened_and_no_token() {
    let Some(home) = Home::new(Kind::StandIn) else {
        return;
    };
    home.write_config(&token(TOKEN));
    let gateway = home.start(&Start::default());
    let port = gateway.port();
    let id = gateway.id();
    gateway.probe(TOKEN);
    gateway.probe("wrong");
    gateway.probe_without();
    gateway.send(&Request::new("GET", "/healthz?token=x").token(TOKEN));
    gateway.stop();
    let record = home.record();
    assert_eq!(
        record.requests(),
        [
            "POST /tools/invoke 400 right",
            "POST /tools/invoke 401 wrong",
            "POST /tools/invoke 401 none",
            "GET /healthz 200 right",
        ]
    );
    assert_eq!(
        record.starts(),
        [
            format!("started pid={id} port={port} token=config"),
            format!("stopped pid={id}"),
        ]
    );
    home.write_config_text("{");
    home.refused(&Start::default());
    assert_eq!(record.starts()[2], "refused status=78");
}

#[test]
fn it_misbehaves_when_it_is_told_to() {
    let Some(home) = Home::new(Kind::StandIn) else {
        return;
    };
    home.write_config(&token(TOKEN));
    let gateway = home.start(&Start::default());
    for (how, status) in [("html", 200), ("502", 502), ("503", 503)] {
        home.record().behave(how);
        let answer = gateway.send(
            &Request::new("POST", "/tools/invoke")
                .body("{}")
                .token(TOKEN),
        );
        assert_eq!((answer.status, answer.kind()), (status, "html"));
    }
    home.record().behave("close");
    let request = Request::new("GET", "/healthz");
    assert!(request.send(gateway.port()).is_err());
    home.record().behave_well();
    assert_eq!(gateway.probe(TOKEN), 400);
    drop(gateway);
    let deaf = home.start(&Start::default().env("STANDIN_BEHAVE", "deaf"));
    assert!(request.send(deaf.port()).is_err());
}

#[test]
fn it_is_found_in_a_path() {
    let Some(home) = Home::new(Kind::StandIn) else {
        return;
    };
    home.write_config(&token(TOKEN));
    let bin = home.path("bin");
    home.program().install(&bin, home.record());
    let ran = Command::new("sh")
        .args(["-c", "openclaw config get gateway.auth.token"])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("HOME", home.path(""))
        .output()
        .unwrap();
    assert_eq!(ran.stdout, b"__OPENCLAW_REDACTED__\n", "{ran:?}");
    assert_eq!(home.record().calls(), ["config get gateway.auth.token"]);
}

#[tokio::test]
async fn it_runs_as_a_unit_and_is_started_again_by_systemd() {
    let Some(home) = Home::new(Kind::StandIn) else {
        return;
    };
    let Some(manager) = UserManager::start() else {
        return;
    };
    home.write_config(&token(TOKEN));
    let socket = home.path("events");
    let log = Log::at(&socket);
    let gate = home.path("gate");
    fifo(&gate);
    let events = format!("Environment=STANDIN_EVENTS={}\n", socket.display());
    let more = format!(
        "{events}Environment=STANDIN_LISTEN_GATE={}\n",
        gate.display()
    );
    let unit = home
        .program()
        .unit(&home.path(""), home.port(), home.record(), &more);
    manager.service("gateway", &unit);
    let name = manager.unit("gateway").unit;
    let started = manager.systemctl(&["start", &name]).await;
    assert!(started.succeeded(), "{started:?}");
    // systemd calls it started before it listens
    let request = Request::new("GET", "/healthz");
    assert!(request.send(home.port()).is_err());
    let ready = |from: usize| log.wait(from, &["[gateway] ready"], home.limit()).unwrap();
    std::fs::write(&gate, "go").unwrap();
    ready(0);
    assert_eq!(request.send(home.port()).unwrap().status, 200);
    // what cannot be changed while it runs makes it end, and systemd start it again
    let mark = log.mark();
    let vars = serde_json::json!({ "env": { "vars": { "ANY": "thing" } } });
    home.write_config(&super::merged(&token(TOKEN), &vars));
    log.wait(mark, &["supervisor restart"], home.limit())
        .unwrap();
    std::fs::write(&gate, "go").unwrap();
    ready(mark);
    let starts = home.record().starts();
    let [first, second] = &starts[..] else {
        panic!("{starts:?}");
    };
    assert!(first.starts_with("started ") && second.starts_with("started "));
    assert_ne!(first, second, "another process");
    let stopped = manager.systemctl(&["stop", &name]).await;
    assert!(stopped.succeeded());
    let state = Call::new("systemctl", ["--user", "is-active", &name]);
    assert_eq!(manager.run(&state).await.unwrap().status, 3);
}
