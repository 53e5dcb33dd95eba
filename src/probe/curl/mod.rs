//! A request from another machine, by the `curl` there. Everything but three fixed arguments goes
//! over its standard input.

mod config;
mod words;

use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::judge::{Answer, Sender};
use super::request::Checked;
use super::{MAX_ANSWER_BYTES, not_tried, unreachable};
use crate::machine::{Call, Ran, Run, RunError};
use crate::model::Verdict;

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
    async fn send(&self, request: Checked, limit: Duration) -> Result<Answer, Verdict> {
        let mut call = Call::new("curl", ["-q", "--config", "-"]).within(limit + GRACE);
        call.input = config::text(&request, limit)?;
        let ran = match self.0.run(&call).await {
            Ok(ran) => ran,
            Err(error) => return Err(not_run(&error, limit)),
        };
        answer(&ran, limit)
    }
}

/// The answer, if curl had one. One that was cut because it is long is one.
fn answer(ran: &Ran, limit: Duration) -> Result<Answer, Verdict> {
    let told = told(&ran.output);
    match (ran.status, told) {
        (0 | TOO_LONG, Some(told)) if told.answer.status > 0 => Ok(told.answer),
        (SLOW, Some(told)) if told.answer.status > 0 && told.bytes >= MAX_ANSWER_BYTES => {
            Ok(told.answer)
        }
        (status, _) => Err(words::no_answer(status, &ran.errors, limit)),
    }
}

struct Told {
    answer: Answer,
    bytes: usize,
}

/// Reads what [`config::WRITE_OUT`] makes curl write: status, bytes of the body, content type.
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
    };
    Some(Told { answer, bytes })
}

fn not_run(error: &RunError, limit: Duration) -> Verdict {
    match error {
        RunError::NotFound { .. } => not_tried(
            "there is no curl on the target's machine: install curl there, or probe from here",
        ),
        RunError::Slow { .. } => unreachable(format!("no answer within {} s", limit.as_secs_f32())),
        RunError::Lost { .. } => {
            unreachable("the connection to the target's machine was lost while it asked")
        }
        // it was not begun
        other => not_tried(other.to_string()),
    }
}
