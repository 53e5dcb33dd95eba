//! Reading back what was written, as long as the platform may lag.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Completeness, Live, LiveVar, TargetName, VarName};
use crate::platforms::{Batch, BatchOutcome, Operation, Outcome, ReadError};
use crate::reconcile::event::{Event, ReadBack};
use crate::reconcile::pass::Pass;

/// What the reads after the write saw.
#[derive(Debug)]
pub(super) struct Seen {
    /// For the report.
    pub(super) result: ReadBack,
    /// The variables that are as wanted: an operation in doubt that is among them is done.
    pub(super) arrived: BTreeSet<VarName>,
    /// Written empty, and absent although the platform had time to show them.
    pub(super) dropped: BTreeSet<VarName>,
    /// The last read.
    pub(super) live: Option<Live>,
    /// Whether something in doubt is not there, or not yet.
    open: bool,
}

/// Between two reads, at first.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Reads every target that was written, again and again where its platform may lag.
pub(super) async fn read_back(
    pass: &Pass<'_>,
    batches: &[Batch],
    before: &BTreeMap<&TargetName, &Live>,
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
    let mut pause = (lags.max().unwrap_or_default() / 16).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    while !waiting.is_empty() {
        let targets: Vec<_> = waiting.iter().map(|batch| batch.target.clone()).collect();
        let read = pass.connections.read(&targets, &mut |_| {}).await;
        let mut again = vec![];
        for (batch, live) in waiting.into_iter().zip(read) {
            let name = &batch.target.name;
            let last_look = waited >= pass.connections.read_lag(&batch.target);
            let comparison = Comparison {
                batch,
                before: before.get(name).copied(),
                outcome: written.get(name),
                may_drop: !pass.connections.keeps_empty(&batch.target),
                last_look,
            };
            let seen = comparison.with(live);
            if (seen.open || seen.result != ReadBack::Verified) && !last_look {
                again.push(batch);
                continue;
            }
            events(Event::ReadBack {
                target: name.clone(),
                result: seen.result.clone(),
            });
            results.insert(name.clone(), seen);
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

/// What was written against what is there.
struct Comparison<'a> {
    batch: &'a Batch,
    before: Option<&'a Live>,
    outcome: Option<&'a BatchOutcome>,
    /// Whether the platform may drop empty values.
    may_drop: bool,
    /// Whether the platform had all the time that it may need.
    last_look: bool,
}

impl Comparison<'_> {
    /// Only operations that were done can differ.
    fn with(&self, live: Result<Live, ReadError>) -> Seen {
        let mut seen = Seen {
            result: ReadBack::Verified,
            arrived: BTreeSet::new(),
            dropped: BTreeSet::new(),
            live: None,
            open: false,
        };
        let live = match live {
            Ok(live) => live,
            Err(error) => {
                seen.result = ReadBack::Unknown(error.reason);
                return seen;
            }
        };
        let mut differing = vec![];
        for (place, operation) in self.batch.operations.iter().enumerate() {
            let ended = self
                .outcome
                .and_then(|outcome| outcome.operations.get(place));
            let name = operation.name();
            let done = ended == Some(&Outcome::Done);
            if self.holds(&live, operation, done) {
                seen.arrived.insert(name.clone());
            } else if done && self.last_look && self.is_dropped(&live, operation) {
                seen.dropped.insert(name.clone());
            } else if done {
                differing.push(name.clone());
            } else {
                seen.open |= matches!(ended, Some(Outcome::InDoubt(_)));
            }
        }
        if !differing.is_empty() {
            seen.result = ReadBack::Differs(differing);
        }
        seen.live = Some(live);
        seen
    }

    fn holds(&self, live: &Live, operation: &Operation, done: bool) -> bool {
        let to_seal = self.batch.target.address.seals(operation.name());
        match (operation, live.vars.get(operation.name())) {
            (Operation::Set(_, wanted), Some(LiveVar::Value(value))) => !to_seal && value == wanted,
            (Operation::Set(name, _), Some(LiveVar::Sealed { changed_at })) => {
                self.moved(name, *changed_at) || done && self.last_look
            }
            (Operation::Set(..), _) => false,
            // what a partial read does not show may still be there
            (Operation::Delete(_), found) => {
                found.is_none() && live.completeness == Completeness::Complete
            }
        }
    }

    /// What the platform shows to nobody cannot be compared: that its time stamp moved must do. A
    /// platform that keeps the old one was asked long enough by the last look.
    fn moved(&self, name: &VarName, now: Option<Timestamp>) -> bool {
        match self.before.and_then(|before| before.vars.get(name)) {
            Some(LiveVar::Sealed { changed_at: then }) => now.is_some() && now != *then,
            _ => true,
        }
    }

    fn is_dropped(&self, live: &Live, operation: &Operation) -> bool {
        let empty = matches!(operation, Operation::Set(_, value) if value.is_empty());
        self.may_drop
            && empty
            && live.completeness == Completeness::Complete
            && !live.vars.contains_key(operation.name())
    }
}
