//! Slack, as it answers when something is wrong. What it answers when all is well is in the
//! integration tests, with a Slack that has a state.

use std::time::Duration;

use serde_json::{Value, json};

use super::lab::{TOKEN, alert, bot, digest, event, hook, message, opened, resolved};
use crate::alert::slack::{Form, payload};
use crate::alert::{FaultKind, Message, Subject};
use crate::model::AlertEventKind;
use crate::platforms::http::tests::server::{Reply, Seen, Server};

fn no(word: &str) -> Reply {
    Reply::json(&json!({ "ok": false, "error": word }).to_string())
}

fn yes(seen: &Seen) -> Reply {
    // it answers with the channel's id, however it was named
    let named = seen.json()["channel"].clone();
    let channel = if named == "#ops" { json!("C0") } else { named };
    let ts = "1503435956.000247";
    Reply::json(&json!({ "ok": true, "channel": channel, "ts": ts }).to_string())
}

#[tokio::test]
async fn a_refusal_with_status_200_is_one() {
    for (word, kind, words) in [
        (
            "channel_not_found",
            FaultKind::Stays,
            "Slack says channel_not_found",
        ),
        ("invalid_auth", FaultKind::Stays, "Slack says invalid_auth"),
        (
            "token_revoked",
            FaultKind::Stays,
            "Slack says token_revoked",
        ),
        (
            "not_in_channel",
            FaultKind::Stays,
            "Slack says not_in_channel",
        ),
        (
            "missing_scope",
            FaultKind::Stays,
            "Slack says missing_scope",
        ),
        (
            "internal_error",
            FaultKind::Passes,
            "Slack says internal_error",
        ),
        ("no_text", FaultKind::Message, "Slack says no_text"),
        (
            "c4nary_word",
            FaultKind::Stays,
            "a reason that is not known here",
        ),
    ] {
        let server = Server::start(move |_, _| no(word));
        let fault = bot(&server).send(&opened(), None).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.what.contains(words), "{fault}");
        let all = format!("{fault:?}");
        assert!(!all.contains("c4nary") && !all.contains(TOKEN), "{all}");
        assert!(kind != FaultKind::Stays || fault.help.is_some(), "{fault}");
    }
}

#[tokio::test]
async fn a_limit_says_how_long() {
    let server = Server::start(|_, _| {
        let body = json!({ "ok": false, "error": "ratelimited" }).to_string();
        Reply::json_with(429, &[("retry-after", "30")], &body)
    });
    let fault = bot(&server).send(&opened(), None).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Passes);
    assert_eq!(fault.after, Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn what_does_not_speak_as_slack_does_is_not_believed() {
    for reply in [
        Reply::json("<html>c4nary login</html>"),
        Reply::json("{\"ok\": \"c4nary\"}"),
        Reply::json("{}"),
        Reply::Endless,
        Reply::Close,
    ] {
        let server = Server::start(move |_, _| reply.clone());
        let fault = bot(&server).send(&opened(), None).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Passes, "{fault}");
        assert!(!format!("{fault:?}").contains("c4nary"));
    }
    // nor is what it calls a message, if that is something else
    let server = Server::start(|_, _| {
        Reply::json(&json!({ "ok": true, "channel": "C/../x", "ts": "1\n2" }).to_string())
    });
    assert_eq!(bot(&server).send(&opened(), None).await.unwrap(), None);
}

#[tokio::test]
async fn blocks_that_are_refused_are_said_as_text() {
    let server = Server::start(|number, seen| match number {
        0 => no("invalid_blocks"),
        1 => no("msg_too_long"),
        _ => yes(seen),
    });
    let name = bot(&server).send(&opened(), None).await.unwrap();
    assert_eq!(name.as_deref(), Some("C0/1503435956.000247"));
    let seen: Vec<Value> = server.seen().iter().map(Seen::json).collect();
    let blocks = |at: usize| seen[at]["blocks"].as_array().unwrap().len();
    assert!(blocks(0) > 2);
    assert_eq!((blocks(1), blocks(2)), (0, 0));
    let length = |at: usize| seen[at]["text"].as_str().unwrap().len();
    assert!(length(2) < length(1));
    assert!(seen[1]["text"].as_str().unwrap().contains("driftlock plan"));
    // an incoming webhook says it with a status and one word
    let server = Server::start(|number, _| match number {
        0 => Reply::Answer(400, vec![], b"invalid_blocks\n".to_vec()),
        _ => Reply::Answer(200, vec![], b"ok".to_vec()),
    });
    hook(&server).send(&opened(), None).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].json().get("blocks"), None);
}

#[tokio::test]
async fn an_incoming_webhook_is_understood() {
    let answer = |status, body: &str| Reply::Answer(status, vec![], body.as_bytes().to_vec());
    for (reply, kind, words) in [
        (
            answer(404, "no_service"),
            FaultKind::Stays,
            "Slack says no_service",
        ),
        (
            answer(403, "invalid_token"),
            FaultKind::Stays,
            "Slack says invalid_token",
        ),
        (
            answer(410, "channel_is_archived"),
            FaultKind::Stays,
            "Slack says channel_is_archived",
        ),
        (
            answer(403, "action_prohibited"),
            FaultKind::Stays,
            "Slack says action_prohibited",
        ),
        (
            answer(500, "rollup_error"),
            FaultKind::Passes,
            "Slack says rollup_error",
        ),
        (
            answer(403, "c4nary"),
            FaultKind::Stays,
            "does not let us in",
        ),
        (answer(502, "<html>"), FaultKind::Passes, "status 502"),
        (answer(302, "no_service"), FaultKind::Stays, "redirect"),
        (Reply::Hang, FaultKind::Passes, "nothing within"),
    ] {
        let server = Server::start(move |_, _| reply.clone());
        let fault = hook(&server).send(&opened(), None).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.what.contains(words), "{fault}");
        let all = format!("{fault:?}");
        assert!(
            !all.contains("c4nary") && !all.contains("/services"),
            "{all}"
        );
    }
}

#[tokio::test]
async fn what_is_over_changes_its_first_message_and_then_says_so_below_it() {
    let server = Server::start(|_, seen| yes(seen));
    let sink = bot(&server);
    assert_eq!(sink.send(&resolved(), Some("C1/17.5")).await.unwrap(), None);
    let seen = server.seen();
    assert!(seen[0].head.starts_with("POST /api/chat.update "));
    assert_eq!(seen[0].json()["ts"], "17.5");
    assert!(seen[1].head.starts_with("POST /api/chat.postMessage "));
    assert_eq!(seen[1].json()["thread_ts"], "17.5");
    assert_eq!(seen[1].json()["channel"], "C1");
    // one message about several stays as it is
    sink.send(&resolved(), Some("C1/17.5+")).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[2].json()["thread_ts"], "17.5");
    let name = sink.send(&digest(3), None).await.unwrap();
    assert_eq!(name.as_deref(), Some("C0/1503435956.000247+"));
}

#[tokio::test]
async fn a_thread_that_is_gone_begins_anew() {
    let server = Server::start(|_, seen| match seen.json() {
        json if json["thread_ts"].is_string() => no("thread_not_found"),
        json if json["ts"].is_string() => no("message_not_found"),
        _ => Reply::json(&json!({ "ok": true, "channel": "C1", "ts": "18.1" }).to_string()),
    });
    let name = bot(&server)
        .send(&resolved(), Some("C1/17.5"))
        .await
        .unwrap();
    assert_eq!(name.as_deref(), Some("C1/18.1"));
    let paths: Vec<bool> = server
        .seen()
        .iter()
        .map(|seen| seen.head.starts_with("POST /api/chat.update "))
        .collect();
    assert_eq!(paths, [true, false, false]);
}

/// What a stranger can put into an alert.
fn hostile() -> Message {
    let mut alert = alert();
    let text =
        "<!channel> <@U1> <https://evil.example|here> & *b* `c` :fire: \u{202e}\n".repeat(300);
    alert.what.clone_from(&text);
    alert.next = vec![text.clone(); 20];
    alert.owner = Some(text.clone());
    let who = alert.who.as_mut().unwrap();
    who.by = Some(text.clone());
    who.source.clone_from(&text);
    alert.unchecked = Some((alert.opened_at, text));
    message(Subject::Event(Box::new(event(
        1,
        AlertEventKind::CouldNotCheck,
        alert,
    ))))
}

#[test]
fn nothing_of_a_stranger_is_markup() {
    let many = match hostile().subject {
        Subject::Event(one) => message(Subject::Digest(one.kind, vec![*one; 200])),
        _ => panic!("it is an event"),
    };
    for message in [hostile(), many] {
        for form in [Form::Blocks, Form::Plain, Form::Short] {
            let payload = payload(&message, form);
            assert_eq!(payload["parse"], "none");
            for text in texts(&payload) {
                assert!(!text.contains(['<', '>']), "{text}");
                assert!(!text.contains('\u{202e}'));
            }
        }
    }
}

/// Every text that Slack would read as markup; the rest must be texts that it does not read.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) if map.get("type") == Some(&json!("plain_text")) => {
            assert_eq!(map["emoji"], false);
            vec![]
        }
        Value::Object(map) => {
            if map.get("type") == Some(&json!("mrkdwn")) {
                assert_eq!(map["verbatim"], true);
            }
            map.iter()
                .flat_map(|(key, value)| match (key.as_str(), value) {
                    ("text", Value::String(text)) => vec![text.clone()],
                    (_, other) => texts(other),
                })
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => vec![],
    }
}

#[test]
fn how_it_looks() {
    insta::assert_json_snapshot!(payload(&opened(), Form::Blocks), @r#"
    {
      "blocks": [
        {
          "text": {
            "emoji": false,
            "text": "🔴 drift: API_TOKEN on api",
            "type": "plain_text"
          },
          "type": "header"
        },
        {
          "text": {
            "text": "changed on Railway since our apply",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "text": {
            "text": "*Who:* changed at 2023-11-14 22:13:20 UTC by mallory &lt;!channel&gt;, says Railway's list of commits",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "text": {
            "text": "```driftlock plan manifests/prod.yaml```",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "elements": [
            {
              "text": "manifest `prod`",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "owner `payments`",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "since 2023-11-14 22:13 UTC",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "live value `abababab`",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "alert `a1b2c3d4e5f6`",
              "type": "mrkdwn",
              "verbatim": true
            }
          ],
          "type": "context"
        }
      ],
      "parse": "none",
      "text": "🔴 drift: API_TOKEN on api: changed on Railway since our apply",
      "unfurl_links": false,
      "unfurl_media": false
    }
    "#);
}
