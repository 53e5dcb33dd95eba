//! A request from another machine, by the `curl` there. Everything but three fixed arguments goes
//! over its standard input.

mod config;
mod words;

use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::judge::{Answer, NoAnswer, Sender, seconds};
use super::request::Checked;
use super::{MAX_ANSWER_BYTES, not_tried, unreachable};
use crate::machine::{Call, MAX_OUTPUT_BYTES, Ran, Run, RunError};
use crate::platforms::http::WipedBuffer;

/// curl keeps its own limit; the machine's is the last resort.
const GRACE: Duration = Duration::from_secs(5);

/// curl's code for an answer that is longer than it may be.
const TOO_LONG: i32 = 63;
/// curl's code for no end in time.
const SLOW: i32 = 28;

/// Sends through the programs of a machine.
pub(super) struct Curl<'a>(pub(super) &'a dyn Run);

#[async_trait]
impl Sender for Curl<'_> {
    async fn send(&self, request: Checked, limit: Duration) -> Result<Answer, NoAnswer> {
        let mut call = Call::new("curl", ["-q", "--config", "-"]).within(limit + GRACE);
        call.input = config::text(&request, limit)?;
        let ran = match self.0.run(&call).await {
            Ok(ran) => ran,
            Err(error) => return Err(not_run(&error, limit)),
        };
        if ran.output.len() >= MAX_OUTPUT_BYTES {
            return Err(too_much());
        }
        let told = if request.reads_body {
            told_after_body(&ran.output)
        } else {
            told(&ran.output)
        };
        answer(&ran, told, limit)
    }
}

/// The answer, if curl had one. One that was cut because it is long is one.
fn answer(ran: &Ran, told: Option<Told>, limit: Duration) -> Result<Answer, NoAnswer> {
    match (ran.status, told) {
        (0, Some(told)) if told.answer.status > 0 => Ok(told.answer),
        (TOO_LONG, Some(told)) if told.answer.status > 0 => Ok(told.cut()),
        (SLOW, Some(told)) if told.answer.status > 0 && told.bytes >= MAX_ANSWER_BYTES => {
            Ok(told.cut())
        }
        (status, _) => Err(words::no_answer(status, &ran.errors, limit)),
    }
}

struct Told {
    answer: Answer,
    bytes: usize,
}

impl Told {
    fn cut(self) -> Answer {
        Answer {
            body: None,
            ..self.answer
        }
    }
}

/// Reads what curl wrote of an answer whose body nobody reads: status, bytes of the body, content
/// type.
fn told(output: &[u8]) -> Option<Told> {
    let text = Zeroizing::new(String::from_utf8_lossy(output).into_owned());
    let mut parts = text.splitn(3, ' ');
    let status = parts.next()?.parse().ok()?;
    // old versions write it with a fraction
    let bytes = parts.next()?.split('.').next()?.parse().ok()?;
    let content_type = parts.next().map(str::to_owned);
    let answer = Answer {
        status,
        content_type,
        retry_after: None,
        body: None,
    };
    Some(Told { answer, bytes })
}

/// Reads the same after the body and a line with the header `Retry-After`. No header can hold a
/// line break and curl writes last, so the last two lines are its own, whatever the body is like.
fn told_after_body(output: &[u8]) -> Option<Told> {
    let (before, last) = split_last_line(output)?;
    let (body, retry_after) = split_last_line(before)?;
    let mut told = told(last)?;
    told.answer.retry_after = seconds(retry_after);
    told.answer.body = (body.len() <= MAX_ANSWER_BYTES).then(|| {
        let mut kept = WipedBuffer::with_capacity(body.len());
        kept.push(body);
        kept
    });
    Some(told)
}

fn split_last_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().rposition(|byte| *byte == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}

/// For a body of which the machine kept the beginning: what counts is at the end.
fn too_much() -> NoAnswer {
    NoAnswer {
        verdict: not_tried("what answers there says more than is read of it"),
        maybe_sent: true,
    }
}

fn not_run(error: &RunError, limit: Duration) -> NoAnswer {
    let (verdict, maybe_sent) = match error {
        RunError::NotFound { .. } => (
            not_tried(
                "there is no curl on the target's machine: install curl there, or probe from here",
            ),
            false,
        ),
        RunError::Slow { .. } => (
            unreachable(format!("no answer within {} s", limit.as_secs_f32())),
            true,
        ),
        RunError::Lost { .. } => (
            unreachable("the connection to the target's machine was lost while it asked"),
            true,
        ),
        // it was not begun
        other => (not_tried(other.to_string()), false),
    };
    NoAnswer {
        verdict,
        maybe_sent,
    }
}
