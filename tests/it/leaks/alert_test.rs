//! Tests of sinks, good and bad: receivers that say back what they are sent, secrets in every place.

use std::os::unix::fs::PermissionsExt as _;

use super::forms::Canary;
use super::runs::Leaky;
use crate::probe::server::{Reply, Server};
use crate::support::slack::{HOOK, Slack, TOKEN};
use crate::support::world::Run;

const SIGNING: &str = "whsec_Y2FuYXJ5IG9mIGEgc2lnbmluZyBrZXk=";
const HEADER: &str = "Bearer canary-header-0c3f";

impl Leaky {
    pub(super) fn alerts_are_tested(&mut self) {
        let slack = Slack::start();
        // it says everything back
        let parrot = Server::start(|seen| {
            let headers = format!("x-echo: {HEADER}\r\ncontent-type: application/json\r\n");
            let mut body = seen.head.clone().into_bytes();
            body.extend_from_slice(&seen.body);
            Reply::Answer(400, headers, body)
        });
        for (name, text) in [
            ("a bot token", TOKEN),
            ("the path of a webhook", HOOK),
            ("a signing key", SIGNING),
            ("a header", HEADER),
        ] {
            self.canaries.insert(0, Canary::new(name, text));
        }
        // for these runs alone: what a later one starts is given none of it
        let environment = [
            ("LEAK_TOKEN", TOKEN),
            ("LEAK_HOOK", &slack.hook()),
            ("LEAK_SIGNING", SIGNING),
            ("LEAK_HEADER", HEADER),
            (
                "LEAK_PARROT",
                &format!("http://127.0.0.1:{}{HOOK}", parrot.port),
            ),
            (
                "LEAK_OTHER",
                &format!("https://u:{TOKEN}@127.0.0.1:1{HOOK}"),
            ),
            ("DRIFTLOCK_SLACK_URL", &slack.api()),
        ]
        .map(|(name, value): (&str, &str)| (name, value.to_owned()));
        let path = self.world.config("driftlock/alerts.yaml");
        let settings = "driftlock-alerts: 1
sinks:
  bot: { slack: { channel: C0000000001, token_env: LEAK_TOKEN } }
  hook: { slack_webhook: { url_env: LEAK_HOOK } }
  parrot: { slack_webhook: { url_env: LEAK_PARROT } }
  pager:
    webhook:
      url_env: LEAK_PARROT
      secret_env: LEAK_SIGNING
      headers: { Authorization: { env: LEAK_HEADER } }
  other: { webhook: { url_env: LEAK_OTHER } }
  none: { command: [/nowhere] }
ping: { url_env: LEAK_PARROT }
";
        std::fs::write(&path, settings).unwrap();
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, mode).unwrap();
        for line in [
            "alert test",
            "alert test --json",
            "alert test --sink bot --sink hook -vv",
            "alert test --sink pager --sink other -vv",
            "alert test --sink nope",
            "alert test --alerts nowhere",
            "schema alert-event",
        ] {
            let mut command = self.world.command(line.split_whitespace());
            command.envs(environment.iter().map(|(name, value)| (name, value)));
            self.searched(line, &Run::of(command));
        }
        assert!(!slack.messages().is_empty() && !parrot.seen().is_empty());
        // secrets in the wrong place
        for place in [
            format!("bot: {{ slack: {{ channel: C1, token: {TOKEN} }} }}"),
            format!("bot: {{ slack: {{ channel: C1, token_env: {TOKEN} }} }}"),
            format!("hook: {{ webhook: {{ url: 'https://hooks.slack.com{HOOK}' }} }}"),
            format!("hook: {{ slack_webhook: {{ url_env: 'https://hooks.slack.com{HOOK}' }} }}"),
            format!(
                "hook: {{ webhook: {{ url: 'https://a.example', headers: {{ X-Key: '{HEADER}' }} }} }}"
            ),
            format!("{HEADER}: {{ {TOKEN}: {SIGNING} }}"),
        ] {
            let wrong = self.world.root().join("away.txt");
            std::fs::write(&wrong, format!("driftlock-alerts: 1\nsinks:\n  {place}\n")).unwrap();
            std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o600)).unwrap();
            self.runs("alert test --alerts ../away.txt", "").exits(1);
            std::fs::remove_file(&wrong).unwrap();
        }
        std::fs::remove_file(path).unwrap();
    }
}
