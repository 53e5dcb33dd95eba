//! A Slack with a state: channels, messages and their threads, one bot token and one incoming webhook.
//! It answers in the shapes of Slack's own documentation, which its own client is held against in
//! `tests/it/alert/peers.rs`, and refuses what that documentation says is refused.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::probe::server::{Reply, Seen, Server};

pub const TOKEN: &str = "xoxb-c4nary-bot-token-55d1";
pub const HOOK: &str = "/services/T0001/B0001/c4naryHookAddress9f";
/// Its only channel that is open: name and id.
pub const CHANNEL: (&str, &str) = ("#ops", "C0000000001");
const ARCHIVED: (&str, &str) = ("#old", "C0000000002");

/// One message.
#[derive(Debug, Clone)]
pub struct Posted {
    pub channel: String,
    pub ts: String,
    pub thread: Option<String>,
    pub text: String,
    pub blocks: Vec<Value>,
    /// How often it was changed.
    pub changed: u32,
}

#[derive(Default)]
struct State {
    messages: Vec<Posted>,
    /// In the place of the next answers of the Web API, and of the incoming webhook.
    faults: VecDeque<Reply>,
    hook_faults: VecDeque<Reply>,
    /// What nobody should have asked.
    wrong: Vec<String>,
}

pub struct Slack {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Slack {
    pub fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let inner = Arc::clone(&state);
        let server = Server::start(move |seen| answer(&mut inner.lock().unwrap(), seen));
        Self { server, state }
    }

    /// The base of the Web API.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}/api/", self.server.port)
    }

    /// The address of the incoming webhook.
    pub fn hook(&self) -> String {
        format!("http://127.0.0.1:{}{HOOK}", self.server.port)
    }

    /// Everything that was posted, in order. Fails where something was asked that Slack does not know.
    pub fn messages(&self) -> Vec<Posted> {
        let state = self.state.lock().unwrap();
        assert!(state.wrong.is_empty(), "{:?}", state.wrong);
        state.messages.clone()
    }

    /// The next requests to the Web API are answered so.
    pub fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().faults.extend(replies);
    }

    /// The next requests to the incoming webhook are answered so.
    pub fn hook_answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().hook_faults.extend(replies);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.server.seen()
    }
}

/// A refusal of the Web API.
pub fn no(word: &str) -> Reply {
    json_reply(&json!({ "ok": false, "error": word }))
}

/// Too many requests.
pub fn limited(seconds: u32) -> Reply {
    let body = json!({ "ok": false, "error": "ratelimited" }).to_string();
    let headers = format!("content-type: application/json\r\nretry-after: {seconds}\r\n");
    Reply::Answer(429, headers, body.into_bytes())
}

fn json_reply(body: &Value) -> Reply {
    let headers = "content-type: application/json; charset=utf-8\r\n".to_owned();
    Reply::Answer(200, headers, body.to_string().into_bytes())
}

fn words(status: u16, word: &str) -> Reply {
    let headers = "content-type: text/html\r\n".to_owned();
    Reply::Answer(status, headers, word.as_bytes().to_vec())
}

fn answer(state: &mut State, seen: &Seen) -> Reply {
    let path = seen.head.split(' ').nth(1).unwrap_or_default().to_owned();
    let json: Value = serde_json::from_slice(&seen.body).unwrap_or(Value::Null);
    let is_hook = path.starts_with("/services/");
    let faults = match is_hook {
        true => &mut state.hook_faults,
        false => &mut state.faults,
    };
    if let Some(fault) = faults.pop_front() {
        return fault;
    }
    if is_hook {
        return hook(state, &path, &json);
    }
    if seen.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return no("invalid_auth");
    }
    match path.trim_start_matches("/api/") {
        "auth.test" => json_reply(&json!({
            "ok": true,
            "url": "https://lab.slack.com/",
            "team": "Lab",
            "user": "driftlock",
            "team_id": "T0001",
            "user_id": "U0001",
            "bot_id": "B0001",
        })),
        "chat.postMessage" => post(state, &json),
        "chat.update" => update(state, &json),
        other => {
            state.wrong.push(other.to_owned());
            no("unknown_method")
        }
    }
}

fn hook(state: &mut State, path: &str, json: &Value) -> Reply {
    if path != HOOK {
        return words(404, "no_service");
    }
    let text = json["text"].as_str().unwrap_or_default();
    let blocks = json["blocks"].as_array().cloned().unwrap_or_default();
    if !json.is_object() {
        return words(400, "invalid_payload");
    }
    if text.is_empty() && blocks.is_empty() {
        return words(400, "no_text");
    }
    if !are_fit(&blocks) {
        return words(400, "invalid_blocks");
    }
    keep(state, CHANNEL.1, None, text, blocks);
    words(200, "ok")
}

fn channel(named: &str, only_id: bool) -> Result<&'static str, &'static str> {
    let is = |(name, id): (&str, &str)| named == id || (!only_id && named == name);
    match named {
        _ if is(CHANNEL) => Ok(CHANNEL.1),
        _ if is(ARCHIVED) => Err("is_archived"),
        _ => Err("channel_not_found"),
    }
}

fn post(state: &mut State, json: &Value) -> Reply {
    let channel = match channel(json["channel"].as_str().unwrap_or_default(), false) {
        Ok(channel) => channel,
        Err(word) => return no(word),
    };
    let text = json["text"].as_str().unwrap_or_default();
    let blocks = json["blocks"].as_array().cloned().unwrap_or_default();
    if text.is_empty() && blocks.is_empty() {
        return no("no_text");
    }
    if !are_fit(&blocks) {
        return no("invalid_blocks");
    }
    let thread = json["thread_ts"].as_str();
    if let Some(thread) = thread
        && !state
            .messages
            .iter()
            .any(|one| one.ts == thread && one.thread.is_none())
    {
        return no("thread_not_found");
    }
    let ts = keep(state, channel, thread, text, blocks.clone());
    json_reply(&json!({
        "ok": true,
        "channel": channel,
        "ts": ts,
        "message": { "type": "message", "subtype": "bot_message", "text": text, "ts": ts, "blocks": blocks },
    }))
}

fn update(state: &mut State, json: &Value) -> Reply {
    let channel = match channel(json["channel"].as_str().unwrap_or_default(), true) {
        Ok(channel) => channel,
        Err(word) => return no(word),
    };
    let ts = json["ts"].as_str().unwrap_or_default().to_owned();
    let blocks = json["blocks"].as_array().cloned();
    if !are_fit(blocks.as_deref().unwrap_or_default()) {
        return no("invalid_blocks");
    }
    let Some(one) = state.messages.iter_mut().find(|one| one.ts == ts) else {
        return no("message_not_found");
    };
    let text = json["text"].as_str().unwrap_or_default().to_owned();
    one.text.clone_from(&text);
    // blocks that are not said stay as they are
    if let Some(blocks) = blocks {
        one.blocks = blocks;
    }
    one.changed += 1;
    json_reply(&json!({
        "ok": true, "channel": channel, "ts": ts, "text": text, "message": { "text": text },
    }))
}

fn keep(
    state: &mut State,
    channel: &str,
    thread: Option<&str>,
    text: &str,
    blocks: Vec<Value>,
) -> String {
    let ts = format!("1700000000.{:06}", state.messages.len() + 1);
    state.messages.push(Posted {
        channel: channel.to_owned(),
        ts: ts.clone(),
        thread: thread.map(str::to_owned),
        text: text.to_owned(),
        blocks,
        changed: 0,
    });
    ts
}

/// The limits of Block Kit that messages of ours can pass.
fn are_fit(blocks: &[Value]) -> bool {
    let within = |text: &Value, most: usize| {
        let count = text["text"].as_str().map(|text| text.chars().count());
        count.is_some_and(|count| (1..=most).contains(&count))
    };
    blocks.len() <= 50
        && blocks.iter().all(|block| match block["type"].as_str() {
            Some("header") => within(&block["text"], 150) && block["text"]["type"] == "plain_text",
            Some("section") => within(&block["text"], 3000),
            Some("context") => block["elements"].as_array().is_some_and(|elements| {
                (1..=10).contains(&elements.len())
                    && elements.iter().all(|element| within(element, 3000))
            }),
            _ => false,
        })
}
