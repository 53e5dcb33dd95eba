//! Puts the report of an apply together.

use crate::plan::{Change, Plan, TargetPlan};
use crate::reconcile::event::{
    ApplyReport, Held, OperationOutcome, OperationReport, ReadBack, TargetReport,
};
use crate::reconcile::stop::Stop;

/// A target nothing has happened to yet.
pub(super) fn of_target(planned: &TargetPlan) -> TargetReport {
    TargetReport {
        target: planned.target.clone(),
        address: planned.address.clone(),
        results: vec![],
        read_back: ReadBack::NotNeeded,
        error: None,
        receipt: None,
        activated: None,
        notes: vec![],
        activation: None,
        probes: vec![],
    }
}

pub(super) fn operation(change: &Change, outcome: OperationOutcome) -> OperationReport {
    OperationReport {
        name: change.name.clone(),
        declared: change.declared.clone(),
        action: change.action,
        outcome,
    }
}

/// A target of which nothing was tried.
pub(super) fn not_done(planned: &TargetPlan, changes: &[&Change], why: &str) -> TargetReport {
    let mut report = of_target(planned);
    report.results = changes
        .iter()
        .map(|change| operation(change, OperationOutcome::NotDone(why.to_owned())))
        .collect();
    report
}

/// A target that could be read for the plan and no longer can.
pub(super) fn unreadable(planned: &TargetPlan, changes: &[&Change], why: &str) -> TargetReport {
    let mut report = not_done(planned, changes, "it can no longer be read");
    report.error = Some(why.to_owned());
    report
}

pub(super) fn assemble(approved: &Plan, reports: Vec<TargetReport>, stop: &Stop) -> ApplyReport {
    let mut by_name: std::collections::BTreeMap<_, _> = reports
        .into_iter()
        .map(|report| (report.target.clone(), report))
        .collect();
    let targets = approved
        .targets
        .iter()
        .filter_map(|planned| by_name.remove(&planned.target))
        .collect();
    let held = approved
        .targets
        .iter()
        .flat_map(|target| {
            target
                .changes
                .iter()
                .filter(|change| !change.holds.is_empty())
                .map(|change| Held {
                    target: target.target.clone(),
                    name: change.name.clone(),
                    holds: change.holds.clone(),
                })
        })
        .collect();
    let held_activations = approved
        .targets
        .iter()
        .filter(|target| {
            let planned = target.activation.as_ref();
            planned.is_some_and(|planned| planned.is_owed() && planned.hold.is_some())
        })
        .map(|target| target.target.clone())
        .collect();
    ApplyReport {
        manifest: approved.manifest.clone(),
        plan_id: approved.id.clone(),
        targets,
        held,
        held_activations,
        interrupted: stop.why().map(str::to_owned),
    }
}
