//! What came of sending, and how it changes the book. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::alert::fault::{Fault, FaultKind};
use crate::model::{AlertBook, SinkState, SinkTrouble};

/// The wait after the first failure; doubled with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait of our own choosing, and how long a sink rests that somebody has to look at.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// The longest wait that a sink may ask for.
pub(super) const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);
/// So many failures in a row are told to others, where it may pass.
const TOLD_AFTER: u32 = 4;
/// So often a message is refused before it is given up, so that one that is odd does not stop the rest.
const REFUSALS: u32 = 3;

/// What came of one run for one sink.
#[derive(Debug, Clone, Default)]
pub(in crate::alert) struct Outcome {
    pub(super) sink: String,
    /// Who sent; filled in when it is written down.
    pub(super) by: String,
    /// Under which claim.
    pub(super) token: String,
    /// The newest event when it was claimed.
    pub(super) newest: u64,
    /// Events that were delivered.
    pub(super) done: BTreeSet<u64>,
    /// Where it started anew.
    pub(super) restart: Option<u64>,
    /// What the sink calls its message of an alert; `None`: the alert is over.
    pub(super) threads: BTreeMap<String, Option<String>>,
    /// Messages that were delivered.
    pub(super) messages: u64,
    pub(super) delivered_at: Option<Timestamp>,
    /// What stopped it, when, and which events that message was about.
    pub(super) fault: Option<(Fault, Timestamp, BTreeSet<u64>)>,
}

/// Moves the cursor over what was done.
pub(super) fn advance(state: &mut SinkState, done: BTreeSet<u64>, newest: u64) {
    state.ahead.extend(done);
    while state.cursor < newest && state.ahead.contains(&(state.cursor + 1)) {
        state.cursor += 1;
    }
    let cursor = state.cursor;
    state.ahead.retain(|number| *number > cursor);
}

/// Writes an outcome into the book. What was delivered counts whoever holds the claim by now; how the
/// sink is doing counts only from who held it to the end.
pub(super) fn apply(book: &mut AlertBook, outcome: &Outcome) {
    let state = book.sinks.entry(outcome.sink.clone()).or_default();
    if let Some(restart) = outcome.restart {
        state.cursor = state.cursor.max(restart);
    }
    for (id, name) in &outcome.threads {
        match name {
            Some(name) => state.threads.insert(id.clone(), name.clone()),
            None => state.threads.remove(id),
        };
    }
    advance(state, outcome.done.clone(), outcome.newest);
    let is_ours = (state.claim.as_ref()).is_some_and(|(token, _)| *token == outcome.token);
    if !is_ours {
        return;
    }
    state.claim = None;
    if outcome.messages > 0 {
        state.failures = 0;
        state.next_try = None;
        state.tried_at = None;
        state.trouble = None;
    }
    if let Some((fault, at, events)) = &outcome.fault {
        fail(state, outcome, fault, *at, events);
    }
}

fn fail(
    state: &mut SinkState,
    outcome: &Outcome,
    fault: &Fault,
    at: Timestamp,
    events: &BTreeSet<u64>,
) {
    state.failures = state.failures.saturating_add(1);
    let is_refused = matches!(fault.kind, FaultKind::Message | FaultKind::TooLong);
    let rests = fault.kind == FaultKind::Stays || is_refused;
    let wait = match (rests, fault.after) {
        (true, _) => LONGEST_WAIT,
        (false, Some(asked)) => asked.min(LONGEST_ASKED),
        (false, None) => {
            let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(state.failures - 1));
            doubled.min(LONGEST_WAIT)
        }
    };
    state.next_try = Some(at + wait);
    state.tried_at = Some(at);
    let told = rests || fault.serious || state.failures >= TOLD_AFTER;
    let before = state.trouble.take();
    state.trouble = Some(SinkTrouble {
        by: before
            .as_ref()
            .map_or(&outcome.by, |before| &before.by)
            .clone(),
        since: before.as_ref().map_or(at, |before| before.since),
        what: fault.what.clone(),
        help: fault.help.clone(),
        told: told || before.is_some_and(|before| before.told),
    });
    if is_refused && state.failures >= REFUSALS {
        if events.is_empty() {
            // what is open, to a sink that is new
            state.cursor = state.cursor.max(outcome.newest);
        }
        advance(state, events.clone(), outcome.newest);
        state.failures = 0;
    }
}
