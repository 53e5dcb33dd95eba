//! Carries out a plan: read again, write, read back, record. It follows the approved plan and
//! decides nothing; what moved since the approval is left alone.

mod force;
mod prove;
mod record;
mod report;
mod settle;
mod verify;
mod work;

use std::collections::BTreeMap;

pub use record::{Completed, Ended, Intended, Record};
pub use settle::settle;

use super::event::{ApplyReport, Event, OperationOutcome, ReadBack, TargetReport};
use super::pass::{Memory, Pass};
use super::stop::Stop;
use crate::model::{Activated, Live, TargetName, VarName, Version};
use crate::plan::{ActionKind, Change, Plan};
use crate::platforms::{Batch, BatchOutcome, Operation, Outcome};
use work::{Work, elsewhere, hold_split_units, work};

/// Applies an approved plan. `memory` is what it was made from.
pub async fn apply(
    pass: &Pass<'_>,
    approved: &Plan,
    memory: &Memory,
    record: &mut dyn Record,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) -> ApplyReport {
    let read = tokio::select! {
        biased;
        () = stop.requested() => None,
        live = pass.read(memory, events) => Some(live),
    };
    let Some(mut live) = read else {
        return report::assemble(approved, interrupted(approved), stop);
    };
    let fresh = pass.plan(live.clone(), memory);
    let mut works = vec![];
    let mut reports = vec![];
    for (place, planned) in approved.targets.iter().enumerate() {
        let state = std::mem::replace(&mut live[place], elsewhere());
        match work(pass, planned, &fresh, place, state, memory) {
            Ok(Some(work)) => works.push(work),
            Ok(None) => {}
            Err(report) => reports.push(*report),
        }
    }
    hold_split_units(pass, approved, &fresh, &mut works, &reports);
    let outcome = carry_out(pass, approved, works, record, stop, events).await;
    reports.extend(outcome);
    report::assemble(approved, reports, stop)
}

/// Told to stop before anything was begun.
fn interrupted(approved: &Plan) -> Vec<TargetReport> {
    let targets = approved.targets.iter().filter_map(|planned| {
        let changes = planned.changes.iter();
        let wanted: Vec<&Change> = changes.filter(|change| change.will_happen()).collect();
        let something = planned.will_activate() || !wanted.is_empty();
        something.then(|| report::not_done(planned, &wanted, "the run was interrupted"))
    });
    targets.collect()
}

async fn carry_out(
    pass: &Pass<'_>,
    approved: &Plan,
    works: Vec<Work<'_>>,
    record: &mut dyn Record,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) -> Vec<TargetReport> {
    if stop.is_requested() {
        return works
            .iter()
            .map(|work| report::not_done(work.planned, &work.go, "the run was interrupted"))
            .collect();
    }
    let intended: Vec<Intended<'_>> = works
        .iter()
        .map(|work| Intended {
            target: work.planned,
            changes: work.go.clone(),
            place: work.place,
            before: &work.before,
        })
        .collect();
    if let Err(why) = record.intend(approved, &intended) {
        return works
            .iter()
            .map(|work| {
                let mut report =
                    report::not_done(work.planned, &work.go, "nothing can be recorded");
                report.error = Some(why.clone());
                report
            })
            .collect();
    }
    let message = record.message(approved);
    let batches: Vec<Batch> = works
        .iter()
        .filter_map(|work| batch(pass, work, &message))
        .collect();
    events(Event::ApplyStarted {
        targets: batches.len(),
    });
    for batch in &batches {
        events(Event::WriteStarted {
            target: batch.target.name.clone(),
            operations: batch.operations.len(),
        });
    }
    let outcomes = pass.connections.write(&batches).await;
    let written: BTreeMap<TargetName, BatchOutcome> = batches
        .iter()
        .map(|batch| batch.target.name.clone())
        .zip(outcomes)
        .collect();
    let before: BTreeMap<&TargetName, &Live> = works
        .iter()
        .map(|work| (&work.planned.target, &work.before))
        .collect();
    let read_back = verify::read_back(pass, &batches, &before, &written, events).await;
    let mut reports: Vec<TargetReport> = works
        .iter()
        .map(|work| target_report(work, &written, &read_back))
        .collect();
    force::put_in_force(
        pass,
        approved,
        &works,
        &read_back,
        &mut reports,
        stop,
        events,
    )
    .await;
    prove::prove(pass, approved, &mut reports, stop, events).await;
    let completed: Vec<Completed<'_>> = works
        .iter()
        .zip(&reports)
        .map(|(work, report)| completed(work, report, &written, &read_back))
        .collect();
    match record.receipts(approved, &completed) {
        Ok(names) => {
            for (report, name) in reports.iter_mut().zip(names) {
                report.receipt = name;
            }
        }
        Err(why) => {
            for report in &mut reports {
                report.error = Some(why.clone());
            }
        }
    }
    for report in &reports {
        events(Event::TargetFinished {
            target: report.target.clone(),
            complete: report.error.is_none()
                && !report.is_not_in_force()
                && report.results.iter().all(|result| result.outcome.is_good()),
        });
    }
    events(Event::Finished);
    reports
}

/// Everything to write to one target, sets first; `None` if there is nothing.
fn batch(pass: &Pass<'_>, work: &Work<'_>, message: &str) -> Option<Batch> {
    let set = |change: &&Change| {
        let variable = work.desired.vars.get(&change.name)?;
        matches!(change.action, ActionKind::Create | ActionKind::Update)
            .then(|| Operation::Set(change.name.clone(), variable.value.clone()))
    };
    let delete = |change: &&Change| {
        (change.action == ActionKind::Delete).then(|| Operation::Delete(change.name.clone()))
    };
    let operations: Vec<Operation> = work
        .go
        .iter()
        .filter_map(set)
        .chain(work.go.iter().filter_map(delete))
        .collect();
    let located = pass
        .located
        .iter()
        .find(|located| located.target.name == work.planned.target)?;
    (!operations.is_empty()).then(|| Batch {
        target: located.target.clone(),
        expected: Version(work.before.version.0.clone()),
        exists: work.before.exists,
        operations,
        activate: !pass.scope.no_activate,
        message: message.to_owned(),
    })
}

fn target_report(
    work: &Work<'_>,
    written: &BTreeMap<TargetName, BatchOutcome>,
    read_back: &BTreeMap<TargetName, verify::Seen>,
) -> TargetReport {
    let batch = written.get(&work.planned.target);
    let seen = read_back.get(&work.planned.target);
    let mut report = report::of_target(work.planned);
    for change in &work.go {
        let mut ended = outcome(work, batch, change);
        let arrived = seen.is_some_and(|seen| seen.arrived.contains(&change.name));
        if arrived && matches!(ended, OperationOutcome::InDoubt(_)) {
            ended = OperationOutcome::Done;
        }
        report.results.push(report::operation(change, ended));
    }
    for change in &work.stale {
        let why = "the place or another target of this variable changed since the plan";
        report.results.push(report::operation(
            change,
            OperationOutcome::Refused(why.to_owned()),
        ));
    }
    if let Some(seen) = seen {
        report.read_back = seen.result.clone();
        report.notes.extend(seen.dropped.iter().map(|name| {
            format!(
                "{name} was written empty and is absent now: the platform keeps no empty values"
            )
        }));
    }
    if let Some(batch) = batch {
        report.activated = batch.activated;
        report.notes.extend(batch.notes.iter().cloned());
    }
    report
}

fn completed<'a>(
    work: &'a Work<'a>,
    report: &'a TargetReport,
    written: &BTreeMap<TargetName, BatchOutcome>,
    read_back: &'a BTreeMap<TargetName, verify::Seen>,
) -> Completed<'a> {
    let differs = |name: &VarName| match &report.read_back {
        ReadBack::Differs(names) => names.contains(name),
        ReadBack::Unknown(_) => true,
        ReadBack::Verified | ReadBack::NotNeeded => false,
    };
    let seen = read_back.get(&work.planned.target);
    Completed {
        target: work.planned,
        place: work.place,
        identity: &work.before.identity,
        results: work
            .go
            .iter()
            .zip(&report.results)
            .map(|(change, result)| Ended {
                change,
                outcome: &result.outcome,
                verified: !(change.will_write() && differs(&change.name)),
            })
            .collect(),
        desired: &work.desired,
        before: &work.before,
        after: seen.and_then(|seen| seen.live.as_ref()),
        dropped: seen.map(|seen| seen.dropped.clone()).unwrap_or_default(),
        activated: report.activated,
        forced: report
            .activation
            .as_ref()
            .map(|one| (one.how, one.outcome == Activated::Done)),
        wrote: written.contains_key(&work.planned.target),
    }
}

/// How one change ended: the operation of the batch with its name, or nothing to write.
fn outcome(work: &Work<'_>, batch: Option<&BatchOutcome>, change: &Change) -> OperationOutcome {
    if change.action == ActionKind::Record {
        return OperationOutcome::Done;
    }
    let is_set = |action| matches!(action, ActionKind::Create | ActionKind::Update);
    let order = |wants_set: bool| {
        work.go
            .iter()
            .filter(move |other| other.will_write() && is_set(other.action) == wants_set)
    };
    let place = order(true)
        .chain(order(false))
        .position(|other| other.name == change.name);
    match place.and_then(|place| batch?.operations.get(place)) {
        Some(Outcome::Done) => OperationOutcome::Done,
        Some(Outcome::Refused(why)) => OperationOutcome::Refused(why.clone()),
        Some(Outcome::InDoubt(why)) => OperationOutcome::InDoubt(why.clone()),
        None => OperationOutcome::NotDone("the platform said nothing about it".to_owned()),
    }
}
