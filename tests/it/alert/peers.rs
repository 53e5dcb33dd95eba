//! What others say of it: Slack's own library of its blocks and of our Slack, the reference library of
//! Standard Webhooks and openssl of its signatures.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use driftlock::alert::deliver::run;
use driftlock::model::{Alert, AlertEventKind};
use serde_json::json;

use super::arrives::Lab;
use super::thread::{Shelf, alert, at, one_hook, origin, sinks};
use super::world;
use crate::probe::server::{Reply, Server};
use crate::support::peers;
use crate::support::slack::{CHANNEL, Slack, TOKEN};

/// Reads back what was made of each message, as Slack's own library understands it.
const BLOCKS: &str = r#"
import json, sys
from slack_sdk.models.blocks import Block

def same(made, given):
    if isinstance(given, dict):
        return isinstance(made, dict) and set(made) == set(given) and all(same(made[k], given[k]) for k in given)
    if isinstance(given, list):
        return len(made) == len(given) and all(map(same, made, given))
    return made == given

count = 0
for line in sys.stdin:
    blocks = json.loads(line)
    assert len(blocks) <= 50, len(blocks)
    for given in blocks:
        block = Block.parse(given)
        assert block is not None, given
        block.validate_json()
        assert same(block.to_dict(), given), (block.to_dict(), given)
        count += 1
print(count)
"#;

/// Talks to our Slack as to the real one.
const CLIENT: &str = r##"
import sys
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

api, hook, token, name, channel = sys.argv[1:]
client = WebClient(token=token, base_url=api)
me = client.auth_test()
assert me["ok"] and me["bot_id"]
first = client.chat_postMessage(channel=name, text="one")
assert first["channel"] == channel and first["message"]["text"] == "one"
client.chat_postMessage(channel=channel, text="two", thread_ts=first["ts"])
changed = client.chat_update(channel=channel, ts=first["ts"], text="three")
assert changed["ts"] == first["ts"] and changed["text"] == "three"

def refused(word, call):
    try:
        call()
    except SlackApiError as error:
        assert error.response["error"] == word, error.response["error"]
    else:
        raise AssertionError(word)

refused("channel_not_found", lambda: client.chat_postMessage(channel="#nope", text="x"))
refused("is_archived", lambda: client.chat_postMessage(channel="#old", text="x"))
refused("channel_not_found", lambda: client.chat_update(channel=name, ts=first["ts"], text="x"))
refused("message_not_found", lambda: client.chat_update(channel=channel, ts="1.1", text="x"))
refused("thread_not_found", lambda: client.chat_postMessage(channel=channel, text="x", thread_ts="1.1"))
refused("no_text", lambda: client.chat_postMessage(channel=channel, blocks=[]))
long = [{"type": "section", "text": {"type": "mrkdwn", "text": "a" * 3001}}]
refused("invalid_blocks", lambda: client.chat_postMessage(channel=channel, text="x", blocks=long))
refused("invalid_auth", lambda: WebClient(token="xoxb-no", base_url=api).auth_test())
answer = WebhookClient(hook).send(text="four")
assert (answer.status_code, answer.body) == (200, "ok")
answer = WebhookClient(hook + "x").send(text="four")
assert (answer.status_code, answer.body) == (404, "no_service")
"##;

const SIGNED: &str = r#"
import json, sys
from standardwebhooks import Webhook
given = json.load(sys.stdin)
hook = Webhook(given["secret"])
body = bytes.fromhex(given["body"])
hook.verify(body, given["headers"])
try:
    hook.verify(body + b" ", given["headers"])
except Exception:
    pass
else:
    raise AssertionError("a body that was changed verifies")
"#;

/// Runs a script to its end, with `input` to read. Gives what it printed.
fn python(python: &Path, script: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(python)
        .arg("-c")
        .arg(script)
        .args(arguments)
        .env_remove("HTTPS_PROXY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A text of a stranger, as long as it may be.
fn hostile(variable: &str) -> Alert {
    let text = "<!channel> & `c` *b* _i_ ~s~ :fire: 🧨 <https://evil.example|here>\n".repeat(200);
    let mut alert = alert(variable);
    alert.what.clone_from(&text);
    alert.next = vec![text.clone(); 9];
    alert.owner = Some(text.clone());
    let who = alert.who.as_mut().unwrap();
    who.by = Some(text.clone());
    who.source.clone_from(&text);
    alert.unchecked = Some((at(1), text));
    alert
}

#[tokio::test]
async fn slacks_own_library_takes_every_block() {
    let Some(interpreter) = peers::installed("venv/bin/python") else {
        return;
    };
    let (slack, shelf) = (Slack::start(), Shelf::default());
    let ready = sinks(&slack);
    let now = || at(200);
    let make: [fn(&str) -> Alert; 2] = [alert, hostile];
    for (round, make) in make.into_iter().enumerate() {
        for kind in [
            AlertEventKind::Opened,
            AlertEventKind::Changed,
            AlertEventKind::Reminder,
            AlertEventKind::CouldNotCheck,
            AlertEventKind::Resolved,
        ] {
            shelf.event(kind, &make(&format!("ONE{round}")));
            run(&mut shelf.clone(), &ready, &origin("me"), &now).await;
        }
        for number in 0..150 {
            shelf.event(AlertEventKind::Opened, &make(&format!("V{round}_{number}")));
        }
        run(&mut shelf.clone(), &ready, &origin("me"), &now).await;
        // a sink that comes later is told all that is open
        let late = Slack::start();
        let name = format!("late{round}");
        let sinks = one_hook(&late, &name);
        let report = run(&mut shelf.clone(), &sinks, &origin("me"), &now).await;
        assert_eq!(report.sinks[&name].delivered, 1, "{report:?}");
        check(&interpreter, &late);
    }
    assert!(check(&interpreter, &slack) > 100);
}

/// How many blocks were found good.
fn check(interpreter: &Path, slack: &Slack) -> usize {
    let messages = slack.messages();
    assert!(
        messages.iter().all(|one| !one.blocks.is_empty()),
        "none fell back to text"
    );
    let lines: Vec<String> = messages
        .iter()
        .map(|one| serde_json::to_string(&one.blocks).unwrap())
        .collect();
    let printed = python(interpreter, BLOCKS, &[], &lines.join("\n"));
    printed.trim().parse().unwrap()
}

#[test]
fn slacks_own_client_cannot_tell_our_slack_from_the_real_one() {
    let Some(interpreter) = peers::installed("venv/bin/python") else {
        return;
    };
    let slack = Slack::start();
    let (api, hook) = (slack.api(), slack.hook());
    let arguments = [&*api, &*hook, TOKEN, CHANNEL.0, CHANNEL.1];
    python(&interpreter, CLIENT, &arguments, "");
    let messages = slack.messages();
    assert_eq!(messages.len(), 3);
    assert_eq!(
        (messages[0].text.as_str(), messages[0].changed),
        ("three", 1)
    );
}

#[test]
fn the_reference_library_verifies_what_was_signed() {
    let Some(interpreter) = peers::installed("venv/bin/python") else {
        return;
    };
    let lab = Lab::new();
    lab.world.run("alert test --sink pager").success();
    let seen = &lab.webhook.seen()[0];
    let header = |name: &str| seen.header(name).unwrap();
    let body: String = seen.body.iter().map(|byte| format!("{byte:02x}")).collect();
    let given = json!({
        "secret": "whsec_YzRuYXJ5IG9mIHRoZSBzaWduaW5nIGtleQ==",
        "body": body,
        "headers": {
            "webhook-id": header("webhook-id"),
            "webhook-timestamp": header("webhook-timestamp"),
            "webhook-signature": header("webhook-signature"),
        },
    });
    python(&interpreter, SIGNED, &[], &given.to_string());
}

#[test]
fn openssl_agrees_about_a_secret_that_is_any_text() {
    let Some(openssl) = peers::program("openssl") else {
        return;
    };
    let server = Server::always(Reply::status(200));
    let mut world = world(&format!(
        "sinks: {{ pager: {{ webhook: {{ url: 'http://127.0.0.1:{}/', secret_env: S }} }} }}\n",
        server.port
    ));
    let key = "any text at all: 100%";
    world.variable("S", key);
    world.run("alert test").success();
    let seen = &server.seen()[0];
    let mut signed = format!(
        "{}.{}.",
        seen.header("webhook-id").unwrap(),
        seen.header("webhook-timestamp").unwrap()
    )
    .into_bytes();
    signed.extend_from_slice(&seen.body);
    let file = world.write("signed", signed);
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let output = Command::new(openssl)
        .args(["dgst", "-sha256", "-mac", "HMAC", "-macopt"])
        .arg(format!("hexkey:{hex}"))
        .arg("-binary")
        .arg(file)
        .output()
        .unwrap();
    use base64::Engine as _;
    let expected = base64::prelude::BASE64_STANDARD.encode(&output.stdout);
    assert_eq!(
        seen.header("webhook-signature"),
        Some(&*format!("v1,{expected}"))
    );
}
