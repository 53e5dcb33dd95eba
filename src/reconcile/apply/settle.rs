//! The report of an apply of an approved plan: what was as planned already, and what moved since.

use std::collections::BTreeMap;

use super::report;
use crate::model::{TargetName, VarName};
use crate::plan::{Change, Narrowed, STALE};
use crate::reconcile::event::{ApplyReport, Held, OperationOutcome, OperationReport, TargetReport};

/// Adds to a report what `narrowed` says of the approved operations that were not tried.
pub fn settle(report: &mut ApplyReport, narrowed: &Narrowed) {
    let mut more: BTreeMap<&TargetName, Vec<OperationReport>> = BTreeMap::new();
    for (target, change) in &narrowed.done {
        let result = report::operation(change, OperationOutcome::AlreadyDone);
        more.entry(target).or_default().push(result);
    }
    for target in &narrowed.plan.targets {
        for change in &target.changes {
            if let Some(why) = stale(change) {
                let outcome = OperationOutcome::Refused(why.to_owned());
                let result = report::operation(change, outcome);
                more.entry(&target.target).or_default().push(result);
            }
        }
    }
    let told: Vec<(&TargetName, &VarName)> = (more.iter())
        .flat_map(|(target, results)| results.iter().map(|one| (*target, &one.name)))
        .collect();
    report
        .held
        .retain(|held: &Held| !told.contains(&(&held.target, &held.name)));
    let mut targets: BTreeMap<TargetName, TargetReport> = std::mem::take(&mut report.targets)
        .into_iter()
        .map(|target| (target.target.clone(), target))
        .collect();
    for planned in &narrowed.plan.targets {
        let known = targets.remove(&planned.target);
        let results = more.remove(&planned.target);
        if known.is_none() && results.is_none() {
            continue;
        }
        let mut target = known.unwrap_or_else(|| report::of_target(planned));
        let results = results.unwrap_or_default();
        // that it was recorded too is not worth a second line
        let again = |one: &OperationReport| results.iter().any(|other| other.name == one.name);
        target.results.retain(|one| !again(one));
        target.results.extend(results);
        report.targets.push(target);
    }
}

fn stale(change: &Change) -> Option<&str> {
    let mut holds = change.holds.iter();
    let hold = holds.find(|hold| hold.rail == STALE)?;
    Some(&hold.why)
}
