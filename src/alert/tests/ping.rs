//! The dead man's switch.

use std::time::Duration;

use super::lab::{at, outside};
use crate::alert::{FaultKind, Ping, build_ping};
use crate::model::{Alerting, PingMethod, PingSpec, UrlSource};
use crate::platforms::http::tests::server::{Reply, Server};
use crate::platforms::http::{Client, HttpSettings};

fn ping(url: String, method: PingMethod, fail: bool) -> Ping {
    let alerting = Alerting {
        ping: Some(PingSpec {
            url: UrlSource::Clear(url),
            method,
            every: Some(Duration::from_secs(300)),
            fail,
        }),
        ..Alerting::default()
    };
    let outside = outside(Client::new(HttpSettings::default()), None);
    let built = build_ping(&alerting, &outside, &mut |_| Err(String::new()));
    built.unwrap().unwrap()
}

#[tokio::test]
async fn a_round_in_which_all_was_looked_at_is_told_in_three_ways() {
    let server = Server::start(|_, _| Reply::json("OK"));
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    for (method, path, whole, fail, line) in [
        (
            PingMethod::Get,
            "/ping/uuid",
            true,
            false,
            Some("GET /ping/uuid "),
        ),
        (
            PingMethod::Head,
            "/ping/uuid",
            true,
            true,
            Some("HEAD /ping/uuid "),
        ),
        (
            PingMethod::Post,
            "/ping/uuid",
            true,
            false,
            Some("POST /ping/uuid "),
        ),
        (
            PingMethod::Get,
            "/ping/uuid",
            false,
            true,
            Some("GET /ping/uuid/fail "),
        ),
        (
            PingMethod::Get,
            "/ping/uuid/?a=b",
            false,
            true,
            Some("GET /ping/uuid/fail?a=b "),
        ),
        (PingMethod::Get, "/ping/uuid", false, false, None),
    ] {
        let before = server.seen().len();
        let sent = ping(url(path), method, fail).send(whole).await.unwrap();
        let seen = server.seen();
        assert_eq!(sent, line.is_some());
        assert_eq!(seen.len(), before + usize::from(sent));
        if let Some(line) = line {
            assert!(seen[before].head.starts_with(line), "{}", seen[before].head);
        }
    }
}

#[tokio::test]
async fn one_that_is_not_taken_says_so() {
    let server = Server::start(|_, _| Reply::json_with(404, &[], "not found c4nary"));
    let url = format!("http://127.0.0.1:{}/c4nary", server.port);
    let fault = ping(url, PingMethod::Get, false)
        .send(true)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Stays);
    assert!(!format!("{fault:?}").contains("c4nary"));
}

#[test]
fn it_is_due_after_so_long_whatever_the_clock_does() {
    let ping = ping("https://hc.example/x".to_owned(), PingMethod::Get, false);
    assert!(ping.is_due(None, at(1000)));
    assert!(!ping.is_due(Some(at(1000)), at(1299)));
    assert!(ping.is_due(Some(at(1000)), at(1300)));
    assert!(
        ping.is_due(Some(at(5000)), at(1000)),
        "a clock that was set back"
    );
}
