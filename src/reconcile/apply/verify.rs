//! Reading back what was written, as long as the platform may lag.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{Live, LiveVar, TargetName, VarName};
use crate::platforms::{Batch, BatchOutcome, Operation, Outcome};
use crate::reconcile::event::{Event, ReadBack};
use crate::reconcile::pass::Pass;

/// What a read after the write saw.
#[derive(Debug)]
pub(super) struct Seen {
    /// For the report.
    pub(super) result: ReadBack,
    /// The variables that are as wanted: an operation in doubt that is among them is done.
    pub(super) arrived: BTreeSet<VarName>,
}

/// Between two reads, at first.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Reads every target that was written, again and again where its platform may lag.
pub(super) async fn read_back(
    pass: &Pass<'_>,
    batches: &[Batch],
    written: &BTreeMap<TargetName, BatchOutcome>,
    events: &mut dyn FnMut(Event),
) -> BTreeMap<TargetName, Seen> {
    let mut results = BTreeMap::new();
    let mut waiting: Vec<&Batch> = batches
        .iter()
        .filter(|batch| something_happened(written.get(&batch.target.name)))
        .collect();
    let mut waited = Duration::ZERO;
    let lags = batches
        .iter()
        .map(|batch| pass.connections.read_lag(&batch.target));
    let mut pause = (lags.max().unwrap_or_default() / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    while !waiting.is_empty() {
        let targets: Vec<_> = waiting.iter().map(|batch| batch.target.clone()).collect();
        let read = pass.connections.read(&targets, &mut |_| {}).await;
        let mut again = vec![];
        for (batch, live) in waiting.into_iter().zip(read) {
            let seen = match &live {
                Ok(live) => compare(batch, written.get(&batch.target.name), live),
                Err(error) => Seen {
                    result: ReadBack::Unknown(error.reason.clone()),
                    arrived: BTreeSet::new(),
                },
            };
            let settled = seen.result == ReadBack::Verified;
            if !settled && waited < pass.connections.read_lag(&batch.target) {
                again.push(batch);
            } else {
                events(Event::ReadBack {
                    target: batch.target.name.clone(),
                    result: seen.result.clone(),
                });
                results.insert(batch.target.name.clone(), seen);
            }
        }
        waiting = again;
        if !waiting.is_empty() {
            tokio::time::sleep(pause).await;
            waited += pause;
            pause *= 2;
        }
    }
    results
}

fn something_happened(outcome: Option<&BatchOutcome>) -> bool {
    outcome.is_some_and(|outcome| {
        outcome
            .operations
            .iter()
            .any(|operation| !matches!(operation, Outcome::Refused(_)))
    })
}

/// Compares what was written with what is there. Only operations that were done can differ.
fn compare(batch: &Batch, outcome: Option<&BatchOutcome>, live: &Live) -> Seen {
    let mut arrived = BTreeSet::new();
    let mut differing = vec![];
    for (place, operation) in batch.operations.iter().enumerate() {
        let ended = outcome.and_then(|outcome| outcome.operations.get(place));
        if holds(live, operation) {
            arrived.insert(operation.name().clone());
        } else if ended == Some(&Outcome::Done) {
            differing.push(operation.name().clone());
        }
    }
    let result = if differing.is_empty() {
        ReadBack::Verified
    } else {
        ReadBack::Differs(differing)
    };
    Seen { result, arrived }
}

fn holds(live: &Live, operation: &Operation) -> bool {
    match (operation, live.vars.get(operation.name())) {
        (Operation::Set(_, wanted), Some(LiveVar::Value(value))) => value == wanted,
        // what the platform shows to nobody cannot be compared: that it is there must do
        (Operation::Set(..), Some(LiveVar::Sealed { .. })) => true,
        (Operation::Set(..), _) => false,
        (Operation::Delete(_), found) => found.is_none(),
    }
}
