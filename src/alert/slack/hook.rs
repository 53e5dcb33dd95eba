//! An incoming webhook of Slack. It answers 200 and `ok`, or a status and one word.

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use reqwest::{Method, Url};

use super::blocks::{Form, payload};
use super::words::{self, Meaning};
use crate::alert::fault::{Fault, FaultKind, wait_of};
use crate::alert::message::Message;
use crate::alert::sinks::{Outside, Sink};
use crate::alert::webhook::NAME;
use crate::platforms::http::{Body, Request, ShortResponse, WipedBuffer};

/// Its answers are words; what is longer is something else.
const MOST: usize = 4096;

pub(in crate::alert) struct Hook {
    outside: Outside,
    url: Url,
}

impl Hook {
    pub(in crate::alert) fn new(outside: Outside, url: Url) -> Self {
        Self { outside, url }
    }

    async fn post(&self, message: &Message, form: Form) -> Result<(), Refusal> {
        let mut body = WipedBuffer::default();
        let mut whole = payload(message, form);
        if form != Form::Blocks
            && let Some(map) = whole.as_object_mut()
        {
            map.remove("blocks");
        }
        serde_json::to_writer(&mut body, &whole).expect("text is always JSON");
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let request = Request::new(Method::POST, self.url.clone(), self.outside.limit)
            .header(CONTENT_TYPE, json)
            .header(USER_AGENT, HeaderValue::from_static(NAME))
            .body(Body::new(body));
        let answer = self.outside.client.send_for_short(request, MOST).await;
        judge(&answer.map_err(Fault::from)?)
    }
}

/// Why it was not taken, and whether another form may be.
struct Refusal {
    fault: Fault,
    next: Option<Form>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let next = (fault.kind == FaultKind::TooLong).then_some(Form::Short);
        Self { fault, next }
    }
}

fn judge(answer: &ShortResponse) -> Result<(), Refusal> {
    let after = wait_of(answer);
    let Some(by_status) = Fault::of_status(answer.status, after) else {
        return Ok(());
    };
    // a limit and a redirect are told by the status alone
    if matches!(answer.status, 300..=399 | 429) {
        return Err(by_status.into());
    }
    let body = answer.body.as_ref().map(|body| body.as_slice());
    let word = body.and_then(|body| std::str::from_utf8(body).ok());
    let Some((word, meaning)) = word.and_then(|word| words::known(word.trim())) else {
        return Err(by_status.into());
    };
    let mut refusal = Refusal::from(words::fault(Some((word, meaning))).after(after));
    if meaning == Meaning::Blocks {
        refusal.next = Some(Form::Plain);
    }
    Err(refusal)
}

#[async_trait]
impl Sink for Hook {
    fn kind(&self) -> &'static str {
        "slack_webhook"
    }

    async fn send(&self, message: &Message, _: Option<&str>) -> Result<Option<String>, Fault> {
        let mut form = Form::Blocks;
        loop {
            match self.post(message, form).await {
                Ok(()) => return Ok(None),
                Err(Refusal { fault, next }) => match next {
                    Some(next) if next != form && form != Form::Short => form = next,
                    _ => return Err(fault),
                },
            }
        }
    }

    async fn prove(&self, message: &Message) -> Result<String, Fault> {
        self.send(message, None).await?;
        Ok("Slack took it".to_owned())
    }
}
