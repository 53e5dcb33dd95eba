//! A bot of Slack: the first message of an alert opens its thread, what happens later goes below it,
//! and the first one changes its colour when it is over.
//!
//! Slack answers 200 also where it refuses; of an answer only `ok`, `error`, `channel` and `ts` are
//! read.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::blocks::{Form, payload};
use super::words::{self, Meaning};
use crate::alert::fault::{Fault, FaultKind, wait_of};
use crate::alert::message::{Message, Subject};
use crate::alert::sinks::{Outside, Sink};
use crate::alert::webhook::NAME;
use crate::model::AlertEventKind;
use crate::platforms::http::{Body, Request, ShortResponse, WipedBuffer};

/// An answer repeats the message.
const MOST: usize = 1024 * 1024;

pub(in crate::alert) struct Bot {
    outside: Outside,
    base: Url,
    channel: String,
    token: HeaderValue,
}

/// A message of ours in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Posted {
    channel: String,
    ts: String,
}

impl Posted {
    fn parse(text: &str) -> Option<Self> {
        let (channel, ts) = text.trim_end_matches('+').split_once('/')?;
        Self::new(channel, ts)
    }

    /// What else Slack might say is kept nowhere.
    fn new(channel: &str, ts: &str) -> Option<Self> {
        let plain = |text: &str, more: &str| {
            (1..=64).contains(&text.len())
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        (plain(channel, "") && plain(ts, ".")).then(|| Self {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
        })
    }
}

/// What is read of an answer.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    ts: Option<String>,
}

/// Why it was not done, and what the word means where it is known.
struct Refusal {
    fault: Fault,
    meaning: Option<Meaning>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            meaning: None,
        }
    }
}

impl Refusal {
    /// The next form to try.
    fn next(&self, form: Form) -> Option<Form> {
        match (self.meaning, self.fault.kind, form) {
            (Some(Meaning::Blocks), _, Form::Blocks) => Some(Form::Plain),
            (_, FaultKind::TooLong, Form::Blocks | Form::Plain) => Some(Form::Short),
            _ => None,
        }
    }
}

impl Bot {
    pub(in crate::alert) fn new(
        outside: Outside,
        base: Url,
        channel: String,
        token: HeaderValue,
    ) -> Self {
        Self {
            outside,
            base,
            channel,
            token,
        }
    }

    async fn call(&self, method: &str, arguments: &Value) -> Result<Answer, Refusal> {
        let url = self.base.join(method);
        let url = url.map_err(|_| Fault::stays("the address of Slack cannot be used"))?;
        let mut body = WipedBuffer::default();
        serde_json::to_writer(&mut body, arguments).expect("text is always JSON");
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let request = Request::new(Method::POST, url, self.outside.limit)
            .header(CONTENT_TYPE, json)
            .header(USER_AGENT, HeaderValue::from_static(NAME))
            .secret_header(AUTHORIZATION, self.token.clone())
            .body(Body::new(body));
        let answer = self.outside.client.send_for_short(request, MOST).await;
        judge(&answer.map_err(Fault::from)?)
    }

    /// Posts in the form that Slack takes. `below` is the message that it answers.
    async fn post(&self, message: &Message, below: Option<&Posted>) -> Result<Answer, Refusal> {
        let mut form = Form::Blocks;
        loop {
            let mut arguments = payload(message, form);
            match below {
                Some(posted) => {
                    arguments["channel"] = json!(posted.channel);
                    arguments["thread_ts"] = json!(posted.ts);
                }
                None => arguments["channel"] = json!(self.channel),
            }
            match self.call("chat.postMessage", &arguments).await {
                Ok(answer) => return Ok(answer),
                Err(refusal) => match refusal.next(form) {
                    Some(next) => form = next,
                    None => return Err(refusal),
                },
            }
        }
    }

    /// Changes a message that stands. One that is gone, or not to be touched any more, is no fault.
    async fn update(&self, message: &Message, posted: &Posted) -> Result<bool, Refusal> {
        let mut form = Form::Blocks;
        loop {
            let mut arguments = payload(message, form);
            arguments["channel"] = json!(posted.channel);
            arguments["ts"] = json!(posted.ts);
            match self.call("chat.update", &arguments).await {
                Ok(_) => return Ok(true),
                Err(refusal) => match (refusal.next(form), refusal.meaning) {
                    (Some(next), _) => form = next,
                    (None, Some(Meaning::Gone)) => return Ok(false),
                    (None, _) => return Err(refusal),
                },
            }
        }
    }
}

fn judge(answer: &ShortResponse) -> Result<Answer, Refusal> {
    let after = wait_of(answer);
    if let Some(fault) = Fault::of_status(answer.status, after) {
        return Err(fault.into());
    }
    let body = answer.body.as_ref().map(|body| body.as_slice());
    // what the parser would say of it quotes it
    let parsed: Option<Answer> = body.and_then(|body| serde_json::from_slice(body).ok());
    let Some(parsed) = parsed else {
        return Err(Fault::passes("what answers there does not speak as Slack does").into());
    };
    if parsed.ok {
        return Ok(parsed);
    }
    let known = parsed.error.as_deref().and_then(words::known);
    Err(Refusal {
        fault: words::fault(known).after(after),
        meaning: known.map(|(_, meaning)| meaning),
    })
}

impl Answer {
    fn posted(&self) -> Option<Posted> {
        Posted::new(self.channel.as_deref()?, self.ts.as_deref()?)
    }
}

#[async_trait]
impl Sink for Bot {
    fn kind(&self) -> &'static str {
        "slack"
    }

    fn threads(&self) -> bool {
        true
    }

    async fn send(&self, message: &Message, below: Option<&str>) -> Result<Option<String>, Fault> {
        let first = below.and_then(Posted::parse);
        let alone = below.is_some_and(|below| !below.ends_with('+'));
        let is_over = matches!(
            &message.subject,
            Subject::Event(event) if event.kind == AlertEventKind::Resolved
        );
        // first what may happen twice: a failure between the two repeats it
        if let Some(first) = &first
            && is_over
            && alone
        {
            let updated = self.update(message, first).await;
            updated.map_err(|refusal| refusal.fault)?;
        }
        let mut below = first.as_ref();
        let mut posted = self.post(message, below).await;
        if below.is_some()
            && matches!(&posted, Err(refusal) if refusal.meaning == Some(Meaning::Gone))
        {
            below = None;
            posted = self.post(message, None).await;
        }
        let answer = posted.map_err(|refusal| refusal.fault)?;
        if below.is_some() {
            return Ok(None);
        }
        let several = matches!(&message.subject, Subject::Digest(..) | Subject::Standing(_));
        let name = answer.posted().map(|posted| {
            let mark = if several { "+" } else { "" };
            format!("{}/{}{mark}", posted.channel, posted.ts)
        });
        Ok(name)
    }

    async fn prove(&self, message: &Message) -> Result<String, Fault> {
        let fault = |refusal: Refusal| refusal.fault;
        self.call("auth.test", &json!({})).await.map_err(fault)?;
        let answer = self.post(message, None).await.map_err(fault)?;
        let posted = answer.posted().ok_or_else(|| {
            Fault::stays(
                "Slack took the message and did not say where it is, so nothing can answer it",
            )
        })?;
        self.post(message, Some(&posted)).await.map_err(fault)?;
        if self.update(message, &posted).await.map_err(fault)? {
            return Ok("token, message, thread and change all work".to_owned());
        }
        Ok("token, message and thread work; the workspace lets nobody change messages".to_owned())
    }
}
