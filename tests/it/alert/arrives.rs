//! `alert test` where all is well.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{secret, world};
use crate::cli::fits_schema;
use crate::probe::server::{Reply, Server};
use crate::support::slack::{CHANNEL, HOOK, Slack, TOKEN};
use crate::support::world::World;

const SIGNING: &str = "whsec_YzRuYXJ5IG9mIHRoZSBzaWduaW5nIGtleQ==";
const HEADER: &str = "Basic c4naryOfTheHeader";

/// One of each kind, and a ping.
pub(super) struct Lab {
    pub(super) world: World,
    pub(super) slack: Slack,
    pub(super) webhook: Server,
    pub(super) ping: Server,
}

impl Lab {
    pub(super) fn new() -> Self {
        let (slack, webhook) = (Slack::start(), Server::always(Reply::status(202)));
        let ping = Server::always(Reply::status(200));
        let mut world = world(&format!(
            "sinks:\n  bot: {{ slack: {{ channel: '#ops', token_file: token }} }}\n  \
             hook: {{ slack_webhook: {{ url_env: LAB_HOOK }} }}\n  \
             pager:\n    webhook:\n      url: http://127.0.0.1:{}/alerts\n      \
             secret_env: LAB_SIGNING\n      headers: {{ X-Team: ops, Authorization: {{ env: LAB_HEADER }} }}\n  \
             program: {{ command: [{}, --level, 3] }}\nping: {{ url_env: LAB_PING }}\n",
            webhook.port, "/PROGRAM",
        ));
        let program = world.path("notify");
        let text = format!("#!/bin/sh\ncat >{}\n", world.path("told.json").display());
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = world.config("driftlock/alerts.yaml");
        let settings = fs::read_to_string(&path).unwrap();
        let program = program.display().to_string();
        fs::write(&path, settings.replace("/PROGRAM", &program)).unwrap();
        secret(&world, "token", &format!("{TOKEN}\n"), 0o600);
        let ping_at = format!("http://127.0.0.1:{}/c4naryPing", ping.port);
        for (name, value) in [
            ("LAB_HOOK", slack.hook().as_str()),
            ("LAB_SIGNING", SIGNING),
            ("LAB_HEADER", HEADER),
            ("LAB_PING", &ping_at),
            ("DRIFTLOCK_SLACK_URL", &slack.api()),
        ] {
            world.variable(name, value);
        }
        Self {
            world,
            slack,
            webhook,
            ping,
        }
    }
}

/// Nothing that is secret is in this text.
#[track_caller]
pub(super) fn hides_all(text: &str) {
    for secret in [
        "c4nary", TOKEN, HOOK, SIGNING, HEADER, "YzRuYXJ5", "/alerts",
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_test_goes_the_whole_way_to_each_sink() {
    let lab = Lab::new();
    let run = lab.world.run("alert test").success();
    insta::assert_snapshot!(run.stdout, @r"
    ✓ bot      slack          token, message, thread and change all work
    ✓ hook     slack_webhook  Slack took it
    ✓ pager    webhook        status 202, signed
    ✓ program  command        exit status 0
    ✓ ping     ping           it was answered
    all 5 tests arrived.
    ");
    hides_all(&run.all());
    // a bot posts, answers itself, and changes what it posted; a webhook only posts
    let messages = lab.slack.messages();
    assert_eq!(messages.len(), 3);
    let (first, reply) = (&messages[0], &messages[1]);
    assert_eq!(reply.thread.as_ref(), Some(&first.ts));
    assert_eq!((first.changed, first.channel.as_str()), (1, CHANNEL.1));
    assert!(
        messages
            .iter()
            .all(|one| one.text.contains("a test of driftlock's alerts"))
    );
    let seen = &lab.webhook.seen()[0];
    assert_eq!(seen.header("x-team"), Some("ops"));
    assert_eq!(seen.header("authorization"), Some(HEADER));
    assert!(seen.header("webhook-signature").is_some());
    for text in [
        seen.body.clone(),
        fs::read(lab.world.path("told.json")).unwrap(),
    ] {
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(json["driftlock"], "alert-event/1");
        assert_eq!(json["message"], "test");
    }
    assert!(lab.ping.seen()[0].head.starts_with("GET /c4naryPing "));
}

#[test]
fn one_sink_alone_is_tested_and_the_answer_has_a_schema() {
    let lab = Lab::new();
    let run = lab.world.run("alert test --sink pager --json").success();
    let json = fits_schema(&run, "alert-test");
    assert_eq!(json["sinks"].as_array().unwrap().len(), 1);
    assert_eq!(json["sinks"][0]["works"], true);
    assert_eq!(json["sinks"][0]["what"], "status 202, signed");
    hides_all(&run.all());
    assert!(lab.slack.messages().is_empty() && lab.ping.seen().is_empty());
    let run = lab.world.run("alert test --json").success();
    assert_eq!(
        fits_schema(&run, "alert-test")["sinks"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}
