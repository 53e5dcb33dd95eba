//! Putting in force what was stored: once for each machine and unit, after every write of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::verify::Seen;
use super::work::Work;
use crate::activation;
use crate::model::{Activated, Activation, HostAddress, Live, Running, Target, TargetName};
use crate::plan::{Plan, PlannedActivation};
use crate::reconcile::event::{ActivationReport, ApplyReport, Event, ReadBack, TargetReport};
use crate::reconcile::pass::Pass;
use crate::reconcile::stop::Stop;

/// How long one activation may take, where the manifest does not say.
const LIMIT: Duration = Duration::from_secs(120);

/// What two targets share if one activation is enough for both.
type Key<'a> = (Option<&'a HostAddress>, &'a Activation, Option<&'a Path>);

/// Carries out the activations that the plan announced, in the manifest's order, and puts what came
/// of them into the targets' reports.
pub(super) async fn put_in_force(
    pass: &Pass<'_>,
    approved: &Plan,
    works: &[Work<'_>],
    read_back: &BTreeMap<TargetName, Seen>,
    reports: &mut [TargetReport],
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) {
    let split = half_written(pass, approved, reports);
    let mut done: BTreeMap<Key<'_>, Activated> = BTreeMap::new();
    for (work, report) in works.iter().zip(reports) {
        let Some((target, activation, planned)) = announced(pass, work) else {
            continue;
        };
        if planned.because == Some(crate::plan::ActivationCause::Written) && !report.wrote() {
            continue;
        }
        let skipped = not_now(pass, report, &split, stop);
        let left_out = skipped.is_some() && pass.scope.no_activate;
        let outcome = match skipped {
            Some(why) => Activated::Skipped { why },
            None => {
                let key = key(target, activation);
                let outcome = match done.get(&key) {
                    Some(outcome) => outcome.clone(),
                    None => {
                        events(Event::ActivationStarted {
                            target: target.name.clone(),
                            what: planned.what.clone(),
                        });
                        let limit = limit(pass, works, &key);
                        let outcome = tokio::select! {
                            biased;
                            outcome = activate(pass, target, activation, limit) => outcome,
                            () = stop.requested() => left_alone(),
                        };
                        done.insert(key, outcome.clone());
                        outcome
                    }
                };
                let stored = read_back
                    .get(&target.name)
                    .and_then(|seen| seen.live.as_ref());
                checked(pass, target, stored.unwrap_or(&work.before), outcome).await
            }
        };
        report.activation = Some(ActivationReport {
            what: planned.what.clone(),
            how: activation.how(),
            outcome,
            left_out,
        });
    }
}

fn announced<'a>(
    pass: &'a Pass<'_>,
    work: &Work<'a>,
) -> Option<(&'a Target, &'a Activation, &'a PlannedActivation)> {
    let planned = work.planned.activation.as_ref()?;
    let located = pass
        .located
        .iter()
        .find(|located| located.target.name == work.planned.target)?;
    let activation = located.target.activation.as_ref()?;
    planned
        .will_happen()
        .then_some((&located.target, activation, planned))
}

/// A job without a property list of its own is loaded from the target's file, and a gateway that
/// somebody started by hand is found by its state folder.
fn key<'a>(target: &'a Target, activation: &'a Activation) -> Key<'a> {
    let own = match activation {
        Activation::Launchd(job) if job.plist.is_none() => target.path.as_deref(),
        Activation::Openclaw(_) => target.path.as_deref(),
        _ => None,
    };
    (target.address.host(), activation, own)
}

/// The longest time that one of the targets which share it says, or ours.
fn limit(pass: &Pass<'_>, works: &[Work<'_>], shared: &Key<'_>) -> Duration {
    let targets = works.iter().filter_map(|work| announced(pass, work));
    let targets = targets.filter(|(target, activation, _)| key(target, activation) == *shared);
    let limits = targets.filter_map(|(target, ..)| {
        let mut specs = pass.loaded.manifest.targets.iter();
        specs
            .find(|spec| spec.name == target.name)?
            .activation_limit
    });
    limits.max().unwrap_or(LIMIT)
}

/// Told to stop while it went on: what was begun on its machine is not called back.
fn left_alone() -> Activated {
    Activated::InDoubt {
        why: "the run was interrupted while it went on: it may have done its work, or be at it still; look there".to_owned(),
    }
}

async fn activate(
    pass: &Pass<'_>,
    target: &Target,
    activation: &Activation,
    limit: Duration,
) -> Activated {
    match (pass.connections.machine(target), &target.path) {
        (Some(machine), Some(path)) => {
            activation::activate(&*machine, activation, path, limit).await
        }
        _ => Activated::Skipped {
            why: "there is no machine to do it on".to_owned(),
        },
    }
}

/// Why it is better left alone now.
fn not_now(
    pass: &Pass<'_>,
    report: &TargetReport,
    split: &BTreeSet<TargetName>,
    stop: &Stop,
) -> Option<String> {
    let why = if pass.scope.no_activate {
        "left out with --no-activate"
    } else if stop.is_requested() {
        "the run was interrupted"
    } else if report.in_doubt()
        || !matches!(report.read_back, ReadBack::Verified | ReadBack::NotNeeded)
    {
        "it is not certain what is stored"
    } else if split.contains(&report.target) {
        "a variable is half written: what runs stays as it is until all of its targets have it"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// Targets with a variable that did not reach all of its targets.
fn half_written(
    pass: &Pass<'_>,
    approved: &Plan,
    reports: &[TargetReport],
) -> BTreeSet<TargetName> {
    let so_far = ApplyReport {
        manifest: approved.manifest.clone(),
        plan_id: approved.id.clone(),
        targets: reports.to_vec(),
        held: vec![],
        held_activations: vec![],
        interrupted: None,
    };
    let units = so_far.half_written();
    let waiting = units
        .into_iter()
        .filter(|unit| !pass.scope.overrides.partial.contains(&unit.variable));
    waiting.flat_map(|unit| unit.written).collect()
}

/// A restart that succeeded and left the process with other values is none.
async fn checked(pass: &Pass<'_>, target: &Target, stored: &Live, outcome: Activated) -> Activated {
    if outcome != Activated::Done {
        return outcome;
    }
    if target.process.is_none() {
        return outcome;
    }
    match pass.running(target, stored).await {
        Running::Behind(behind) => Activated::Failed {
            why: format!(
                "it was done, but what runs is not what is stored: {}",
                behind.why
            ),
            help: behind.help,
        },
        Running::Current | Running::Unknown => Activated::Done,
    }
}
