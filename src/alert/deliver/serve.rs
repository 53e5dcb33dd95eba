//! Sends to one sink what it has not had, until something stops it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio::time::Instant;

use super::queue::Work;
use super::record::Outcome;
use super::{BEGIN, Origin};
use crate::alert::message::{Message, Subject};
use crate::alert::sinks::Sink;
use crate::model::AlertEventKind;

pub(super) async fn serve(
    sink: &dyn Sink,
    work: Work,
    origin: &Origin,
    book: &str,
    began: Instant,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Outcome {
    let mut threads = work.state.threads;
    let mut outcome = Outcome {
        sink: work.sink,
        newest: work.newest,
        ..Outcome::default()
    };
    for subject in work.parts {
        if began.elapsed() >= BEGIN {
            break;
        }
        let below = match &subject {
            Subject::Event(event) => threads.get(&event.alert.id),
            _ => None,
        };
        let below = below.filter(|name| !name.is_empty()).cloned();
        let message = Message {
            book: book.to_owned(),
            manifest: origin.manifest.clone(),
            revision: origin.revision.clone(),
            at: now(),
            subject,
        };
        let sent = sink.send(&message, below.as_deref()).await;
        let numbers = message.subject.events().iter().map(|event| event.number);
        let numbers: BTreeSet<u64> = numbers.collect();
        match sent {
            Ok(name) => {
                outcome.messages += 1;
                outcome.delivered_at = Some(now());
                outcome.done.extend(numbers);
                if matches!(message.subject, Subject::Standing(_)) {
                    outcome.restart = Some(work.newest);
                }
                for (id, name) in named(&message.subject, name.as_deref(), below.as_deref()) {
                    match &name {
                        Some(name) => threads.insert(id.clone(), name.clone()),
                        None => threads.remove(&id),
                    };
                    outcome.threads.insert(id, name);
                }
            }
            Err(fault) => {
                tracing::debug!(sink = outcome.sink, fault = fault.what, "alert");
                outcome.fault = Some((fault, now(), numbers));
                break;
            }
        }
    }
    outcome
}

/// What the alerts of a message are called at the sink from now on; `None` where it is over.
fn named(
    subject: &Subject,
    name: Option<&str>,
    below: Option<&str>,
) -> Vec<(String, Option<String>)> {
    let is_over = match subject {
        Subject::Event(event) => event.kind == AlertEventKind::Resolved,
        Subject::Digest(kind, _) => *kind == AlertEventKind::Resolved,
        _ => false,
    };
    let name = name.or(below).unwrap_or_default().to_owned();
    let alerts = subject.alerts().into_iter();
    alerts
        .map(|alert| (alert.id.clone(), (!is_over).then(|| name.clone())))
        .collect()
}
