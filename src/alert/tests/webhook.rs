//! A webhook that answers in every way that one can.

use std::time::Duration;

use super::lab::{PATH, digest, opened, webhook};
use crate::alert::{FaultKind, Sink, event_schema};
use crate::platforms::http::tests::server::{Reply, Server};
use crate::platforms::http::tests::tls::Authority;
use crate::platforms::http::{Client, HttpSettings};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn plain(server: &Server) -> Box<dyn Sink> {
    let url = format!("http://127.0.0.1:{}{PATH}", server.port);
    webhook(&url, Client::new(HttpSettings::default()), Some(SECRET))
}

fn answer(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    Reply::json_with(status, headers, "{\"error\":\"c4nary of the receiver\"}")
}

#[tokio::test]
async fn what_arrives_is_json_by_its_schema_and_signed() {
    let server = Server::start(|_, _| answer(204, &[]));
    assert_eq!(plain(&server).send(&opened(), None).await.unwrap(), None);
    let seen = &server.seen()[0];
    assert!(seen.head.starts_with(&format!("POST {PATH} ")));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("webhook-id"), Some("00112233aabb-7"));
    assert_eq!(seen.header("webhook-timestamp"), Some("1700000100"));
    let signature = seen.header("webhook-signature").unwrap();
    assert!(
        signature.starts_with("v1,") && signature.len() == 47,
        "{signature}"
    );
    let json = seen.json();
    let validator = jsonschema::validator_for(&event_schema()).unwrap();
    assert!(validator.is_valid(&json), "{json:#}");
    insta::assert_json_snapshot!(json, @r#"
    {
      "book": "00112233aabb",
      "driftlock": "alert-event/1",
      "events": [
        {
          "alert": {
            "class": "drift",
            "fingerprint": "abababab",
            "id": "a1b2c3d4e5f6",
            "next": [
              "driftlock plan manifests/prod.yaml"
            ],
            "observer": null,
            "opened_at": "2023-11-14T22:13:20Z",
            "owner": "payments",
            "target": "api",
            "unchecked": null,
            "urgent": true,
            "variable": "API_TOKEN",
            "what": "changed on Railway since our apply",
            "who": {
              "at": "2023-11-14T22:13:20Z",
              "by": "mallory <!channel>",
              "ours": false,
              "source": "Railway's list of commits"
            }
          },
          "at": "2023-11-14T22:14:10Z",
          "kind": "opened",
          "number": 7
        }
      ],
      "manifest": "prod",
      "message": "event",
      "open": [],
      "revision": "6dcb09b",
      "sent_at": "2023-11-14T22:15:00Z",
      "text": "drift: API_TOKEN on api: changed on Railway since our apply"
    }
    "#);
}

#[tokio::test]
async fn a_digest_is_one_request_and_the_schema_holds_it() {
    let server = Server::start(|_, _| answer(200, &[]));
    plain(&server).send(&digest(100), None).await.unwrap();
    let json = server.seen()[0].json();
    let validator = jsonschema::validator_for(&event_schema()).unwrap();
    assert!(validator.is_valid(&json));
    assert_eq!(json["message"], "digest");
    assert_eq!(json["events"].as_array().unwrap().len(), 100);
    assert_eq!(json["text"], "prod: 100 new alerts");
}

#[tokio::test]
async fn each_answer_is_understood_and_none_is_quoted() {
    for (reply, kind, words, after) in [
        (answer(404, &[]), FaultKind::Stays, "status 404", None),
        (answer(410, &[]), FaultKind::Stays, "status 410", None),
        (
            answer(401, &[]),
            FaultKind::Stays,
            "does not let us in",
            None,
        ),
        (answer(400, &[]), FaultKind::Message, "status 400", None),
        (
            answer(302, &[("location", "https://evil.example/c4nary")]),
            FaultKind::Stays,
            "redirect",
            None,
        ),
        (
            answer(429, &[("retry-after", "17")]),
            FaultKind::Passes,
            "fewer messages",
            Some(17),
        ),
        (
            answer(
                429,
                &[
                    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                    ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"),
                ],
            ),
            FaultKind::Passes,
            "fewer messages",
            Some(60),
        ),
        (answer(503, &[]), FaultKind::Passes, "status 503", None),
        (answer(408, &[]), FaultKind::Passes, "status 408", None),
        (
            Reply::Close,
            FaultKind::Passes,
            "gave no whole answer",
            None,
        ),
        (Reply::Hang, FaultKind::Passes, "nothing within", None),
    ] {
        let server = Server::start(move |_, _| reply.clone());
        let fault = plain(&server).send(&opened(), None).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.what.contains(words), "{fault}");
        assert_eq!(fault.after, after.map(Duration::from_secs));
        let all = format!("{fault} {fault:?}");
        for secret in ["c4nary", "/services", "whsec_", "MfKQ", "evil"] {
            assert!(!all.contains(secret), "{all}");
        }
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_receiver_that_talks_for_ever_is_cut_off() {
    let server = Server::start(|_, _| Reply::Endless);
    plain(&server).send(&opened(), None).await.unwrap();
    // what the sockets of both sides hold comes on top
    assert!(*server.sent.lock().unwrap() < 8 * 1024 * 1024);
}

#[tokio::test]
async fn a_message_that_is_too_long_is_said_in_short() {
    let server = Server::start(|number, _| answer(if number == 0 { 413 } else { 200 }, &[]));
    plain(&server).send(&opened(), None).await.unwrap();
    let seen = server.seen();
    let (long, short) = (seen[0].json(), seen[1].json());
    assert!(seen[1].body.len() < seen[0].body.len());
    assert_eq!(long["events"][0]["number"], short["events"][0]["number"]);
    assert_eq!(short["events"][0]["alert"]["next"], serde_json::json!([]));
    assert_eq!(short["events"][0]["alert"]["who"], serde_json::Value::Null);
    let validator = jsonschema::validator_for(&event_schema()).unwrap();
    assert!(validator.is_valid(&short));
    // and one that is still too long is a fault of this message
    let server = Server::start(|_, _| answer(413, &[]));
    let fault = plain(&server).send(&opened(), None).await.unwrap_err();
    assert_eq!((fault.kind, server.seen().len()), (FaultKind::TooLong, 2));
}

#[tokio::test]
async fn nobody_there_may_pass() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let url = format!("http://127.0.0.1:{port}{PATH}");
    let sink = webhook(&url, Client::new(HttpSettings::default()), None);
    let fault = sink.send(&opened(), None).await.unwrap_err();
    assert_eq!((fault.kind, fault.serious), (FaultKind::Passes, false));
    assert!(fault.what.contains("refused"), "{fault}");
}

#[tokio::test]
async fn a_certificate_that_is_wrong_is_told_at_once_and_tried_again() {
    let ours = Authority::new();
    let client = || ours.client(HttpSettings::default());
    let url = |server: &Server| format!("https://127.0.0.1:{}{PATH}", server.port);
    let good = ours.server("127.0.0.1", 2020, 2120);
    webhook(&url(&good), client(), None)
        .send(&opened(), None)
        .await
        .unwrap();
    for bad in [
        ours.server("127.0.0.1", 2019, 2020),
        ours.server("other.example", 2020, 2120),
        Authority::new().server("127.0.0.1", 2020, 2120),
    ] {
        let sink = webhook(&url(&bad), client(), None);
        let fault = sink.send(&opened(), None).await.unwrap_err();
        assert_eq!(
            (fault.kind, fault.serious),
            (FaultKind::Passes, true),
            "{fault}"
        );
        assert!(
            fault.what.contains("TLS failed") && fault.help.is_some(),
            "{fault}"
        );
        assert!(!fault.what.contains("c4nary"));
        assert!(bad.seen().is_empty());
    }
}
