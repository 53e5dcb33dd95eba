//! Whether what was stored works: the probes of every target that was written or restarted.

use std::time::Duration;

use tokio::time::Instant;

use crate::manifest::TargetSpec;
use crate::model::{Activated, PlatformKind, Target, Verdict};
use crate::plan::{Plan, widened};
use crate::reconcile::event::{Event, ProbeReport, TargetReport};
use crate::reconcile::pass::Pass;
use crate::reconcile::probes::{in_words, probe_target};
use crate::reconcile::stop::Stop;

/// How long a service may take to answer after its restart.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries while nobody answers, at first.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

const INTERRUPTED: &str = "the run was interrupted";

/// Probes what this apply has put in force, and puts the verdicts into the targets' reports.
pub(super) async fn prove(
    pass: &Pass<'_>,
    approved: &Plan,
    reports: &mut [TargetReport],
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) {
    for report in reports {
        let Some((spec, target)) = probed(pass, report) else {
            continue;
        };
        report.probes = match not_now(pass, approved, report, target, stop) {
            Some(why) => not_tried(spec, why),
            None => {
                events(Event::ProbeStarted {
                    target: target.name.clone(),
                });
                tokio::select! {
                    biased;
                    reports = patiently(pass, spec, target) => reports,
                    () = stop.requested() => not_tried(spec, INTERRUPTED),
                }
            }
        };
    }
}

/// The target, if it has probes and something was done there.
fn probed<'a>(pass: &'a Pass<'_>, report: &TargetReport) -> Option<(&'a TargetSpec, &'a Target)> {
    let touched = report.wrote() || report.activation.is_some();
    let place = pass
        .located
        .iter()
        .position(|located| located.target.name == report.target)?;
    let spec = &pass.loaded.manifest.targets[place];
    (touched && !spec.probes.is_empty()).then_some((spec, &pass.located[place].target))
}

/// Why a probe would tell nothing now.
fn not_now(
    pass: &Pass<'_>,
    approved: &Plan,
    report: &TargetReport,
    target: &Target,
    stop: &Stop,
) -> Option<&'static str> {
    let forced = report.activation.as_ref().map(|one| &one.outcome);
    let scope = pass.scope;
    let unasked = scope.unattended && !scope.overrides.allows("authority", &target.name, None);
    let why = if unasked && widened(&approved.authority, &target.name).is_some() {
        // it sends secrets, or runs a command: a new one waits for a person like any write
        "this revision may do more here than the last applied one, and nobody agreed to that"
    } else if scope.no_activate {
        "what was stored does not run yet (--no-activate)"
    } else if stop.is_requested() {
        INTERRUPTED
    } else if forced.is_some_and(|outcome| *outcome != Activated::Done) {
        "what was stored does not run yet"
    } else if target.address.platform() == PlatformKind::Railway {
        "Railway is still deploying: `driftlock doctor` asks when it is done"
    } else {
        return None;
    };
    Some(why)
}

fn not_tried(spec: &TargetSpec, why: &str) -> Vec<ProbeReport> {
    let report = |one| ProbeReport {
        what: in_words(one),
        verdict: Verdict::NotTried {
            why: why.to_owned(),
        },
    };
    spec.probes.iter().map(|one| report(&one.ask)).collect()
}

/// A service that was just restarted may not listen yet: only silence is asked again, never a
/// refusal, which might count as a bad try.
async fn patiently(pass: &Pass<'_>, spec: &TargetSpec, target: &Target) -> Vec<ProbeReport> {
    let until = Instant::now() + PATIENCE;
    let mut pause = SHORTEST_PAUSE;
    loop {
        let connections = pass.connections;
        let prober = connections.prober();
        let reports = probe_target(pass.values, connections, prober, spec, target).await;
        let silent = |report: &ProbeReport| matches!(report.verdict, Verdict::Unreachable { .. });
        if !reports.iter().any(silent) || Instant::now() + pause > until {
            return reports;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
