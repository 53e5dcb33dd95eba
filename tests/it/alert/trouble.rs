//! `alert test` where something is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::arrives::{Lab, hides_all};
use super::{secret, world};
use crate::cli::fits_schema;
use crate::probe::server::{Reply, Server, nobody};
use crate::support::slack::{Slack, TOKEN, limited, no};
use crate::support::world::World;

#[test]
fn one_that_fails_does_not_hide_the_others() {
    let lab = Lab::new();
    lab.slack.answers([no("invalid_auth")]);
    let run = lab.world.run("alert test").exits(1);
    insta::assert_snapshot!(run.stdout, @r"
    ✗ bot      slack          Slack says invalid_auth
        help: install the app again, and put its bot token (xoxb-…) in the place of
          the old one
    ✓ hook     slack_webhook  Slack took it
    ✓ pager    webhook        status 202, signed
    ✓ program  command        exit status 0
    ✓ ping     ping           it was answered
    1 of 5 tests did not arrive.
    ");
    hides_all(&run.all());
    let run = lab.world.run("alert test --json").exits(0);
    fits_schema(&run, "alert-test");
}

#[test]
fn what_slack_refuses_has_its_next_step() {
    for (reply, words, help) in [
        (
            no("channel_not_found"),
            "Slack says channel_not_found",
            "best by its id",
        ),
        (
            no("not_in_channel"),
            "Slack says not_in_channel",
            "/invite @NAME",
        ),
        (
            no("token_revoked"),
            "Slack says token_revoked",
            "install the app again",
        ),
        (
            no("missing_scope"),
            "Slack says missing_scope",
            "chat:write",
        ),
        (
            no("c4nary_word"),
            "a reason that is not known here",
            "driftlock is old",
        ),
        (limited(30), "wants fewer messages", ""),
    ] {
        let lab = Lab::new();
        lab.slack.answers([reply]);
        let run = lab.world.run("alert test --sink bot --json").exits(1);
        let json = fits_schema(&run, "alert-test");
        let sink = &json["sinks"][0];
        assert!(sink["what"].as_str().unwrap().contains(words), "{sink}");
        assert!(
            sink["help"].as_str().unwrap_or_default().contains(help),
            "{sink}"
        );
        hides_all(&run.all());
    }
    // the channel is another one
    let lab = Lab::new();
    let path = lab.world.config("driftlock/alerts.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("#ops", "#old")).unwrap();
    let run = lab.world.run("alert test --sink bot").exits(1);
    run.says("Slack says is_archived")
        .says("name a channel that is there");
}

#[test]
fn what_a_receiver_does_is_told() {
    let with = |port: u16| {
        world(&format!(
            "sinks: {{ pager: {{ webhook: {{ url: 'http://127.0.0.1:{port}/c4nary' }} }} }}\n"
        ))
    };
    let elsewhere = "location: https://evil.example/c4nary\r\n".to_owned();
    for (reply, words) in [
        (Reply::status(404), "nobody is at this address (status 404)"),
        (Reply::status(410), "the address was given up (status 410)"),
        (Reply::status(500), "it has trouble (status 500)"),
        (
            Reply::Answer(301, elsewhere, vec![]),
            "a redirect (status 301)",
        ),
        (Reply::Raw(""), "gave no whole answer"),
        (
            Reply::Raw("c4nary is no HTTP\r\n\r\n"),
            "gave no whole answer",
        ),
    ] {
        let server = Server::always(reply);
        let run = with(server.port).run("alert test").exits(1).says(words);
        run.hides("c4nary").hides("evil.example");
    }
    // an answer without an end is an answer
    let server = Server::always(Reply::Endless(200));
    with(server.port)
        .run("alert test")
        .success()
        .says("not signed: it has no secret");
    with(nobody())
        .run("alert test")
        .exits(1)
        .says("the connection was refused");
}

/// A bot whose token is found so.
fn bot(place: &str) -> World {
    world(&format!(
        "sinks: {{ bot: {{ slack: {{ channel: C1, {place} }} }} }}\n"
    ))
}

#[test]
fn a_secret_that_is_not_there_is_said_and_nothing_is_sent() {
    let slack = Slack::start();
    let fails = |mut world: World, words: &str| {
        world.variable("DRIFTLOCK_SLACK_URL", &slack.api());
        let run = world.run("alert test").exits(1).says(words);
        run.hides("c4nary");
    };
    fails(
        bot("token_env: ABSENT"),
        "the environment variable ABSENT is not set, or empty",
    );
    let mut world = bot("token_env: EMPTY");
    world.variable("EMPTY", "");
    fails(world, "the environment variable EMPTY is not set, or empty");
    let mut world = bot("token_env: ODD");
    world.variable("ODD", "xoxb\nc4nary");
    fails(world, "holds a character that no token has");
    fails(bot("token_file: absent"), "there is no such file");
    fails(bot("token_file: ."), "it is not a regular file");
    for (text, mode, words) in [
        ("c4nary", 0o644, "mode 644"),
        ("c4nary", 0o620, "mode 620"),
        ("", 0o600, "it is empty"),
        ("c4nary\nc4nary", 0o600, "it is not one line of text"),
    ] {
        let world = bot("token_file: token");
        secret(&world, "token", text, mode);
        fails(world, words);
    }
    let mut world =
        self::world("sinks: { pager: { webhook: { url: 'https://a.example', secret_env: S } } }\n");
    world.variable("S", "whsec_***c4nary");
    fails(world, "what stands behind `whsec_` is not base64");
    let mut world = self::world("sinks: { hook: { slack_webhook: { url_env: U } } }\n");
    world.variable("U", "http://hooks.slack.example/c4nary");
    fails(world, "the address is not https");
    let mut world = self::world("sinks: { hook: { slack_webhook: { url_env: U } } }\n");
    world.variable("U", "c4nary");
    fails(world, "what is there is not an address");
    assert!(slack.seen().is_empty());
}

#[test]
fn a_token_goes_to_no_other_place_than_slack_or_this_machine() {
    let mut world = bot("token_env: T");
    world.variable("T", TOKEN);
    let elsewhere = Slack::start();
    // not this machine: the address of tests does not count, and the name is looked up nowhere
    world.variable("DRIFTLOCK_SLACK_URL", "http://192.0.2.1/api/");
    world.variable("HTTPS_PROXY", &format!("http://127.0.0.1:{}", nobody()));
    let run = world.run("alert test").exits(1);
    run.says("slack.com cannot be reached").hides(TOKEN);
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn settings_that_cannot_be_believed_are_refused() {
    let world = World::new();
    world
        .run("alert test")
        .exits(1)
        .says("alerts.yaml, so alerts go nowhere")
        .says("driftlock schema alerts");
    world
        .run("alert test --alerts nowhere.yaml")
        .exits(1)
        .says("there is no such file");
    let world = self::world("sinks: { ops: { slack: { channel: C1, token: c4nary } } }\n");
    let run = world.run("alert test").exits(1);
    run.says("alerts.yaml:2:")
        .says("`slack` has no key like this")
        .hides("c4nary");
    let world = self::world("sinks: {}\n");
    let path = world.config("driftlock/alerts.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    world
        .run("alert test")
        .exits(1)
        .says("others than its owner may write it")
        .says("chmod go-w");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    world.run("alert test").success().says("there is no sink");
    world
        .run("alert test --sink ops")
        .exits(64)
        .says("it has none at all");
    let mut world =
        self::world("sinks: { ops: { command: ['true'] }, log: { command: ['true'] } }\n");
    world
        .run("alert test --sink opps")
        .exits(64)
        .says("did you mean ops?");
    world
        .run("alert test --sink other")
        .exits(64)
        .says("it has log, ops");
    // named by the environment
    let other = world.write(
        "other.yaml",
        "driftlock-alerts: 1\nsinks: { only: { command: ['true'] } }\n",
    );
    world.variable("DRIFTLOCK_ALERTS", other.to_str().unwrap());
    let run = world.run("alert test").success();
    run.says("only").says("1 test arrived");
}
