//! Whether what was stored works: the probes of every target that was written or restarted.

use std::time::Duration;

use tokio::time::Instant;

use crate::manifest::{Ask, ProbeSpec, TargetSpec};
use crate::model::{Activated, PlatformKind, Target, Verdict};
use crate::plan::{Plan, widened};
use crate::reconcile::event::{Event, ProbeReport, TargetReport};
use crate::reconcile::pass::Pass;
use crate::reconcile::probes::{in_words, probe_once, probe_target};
use crate::reconcile::stop::Stop;

/// How long a service may take to answer after its restart.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same of an OpenClaw gateway: up to 60 s were measured, on a slow machine.
const PATIENCE_WITH_GATEWAYS: Duration = Duration::from_secs(90);
/// Between two tries while nobody answers, at first.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

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
            Some(because) => not_tried(spec, &because),
            None => {
                events(Event::ProbeStarted {
                    target: target.name.clone(),
                });
                let restarted = report.activation.is_some();
                tokio::select! {
                    biased;
                    reports = patiently(pass, spec, target, restarted) => reports,
                    () = stop.requested() => not_tried(spec, &NotNow::INTERRUPTED),
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

/// Why a probe is not sent now.
struct NotNow {
    why: &'static str,
    /// Whether that is as it should be.
    left_out: bool,
}

impl NotNow {
    const INTERRUPTED: Self = Self {
        why: "the run was interrupted",
        left_out: false,
    };
}

/// Why a probe may not be sent, or would tell nothing.
fn not_now(
    pass: &Pass<'_>,
    approved: &Plan,
    report: &TargetReport,
    target: &Target,
    stop: &Stop,
) -> Option<NotNow> {
    let forced = report.activation.as_ref().map(|one| &one.outcome);
    let scope = pass.scope;
    let unasked = scope.unattended && !scope.overrides.allows("authority", &target.name, None);
    let (why, left_out) = if unasked && widened(&approved.authority, &target.name).is_some() {
        // it sends secrets, or runs a command: a new one waits for a person like any write
        let why =
            "this revision may do more here than the last applied one, and nobody agreed to that";
        (why, false)
    } else if scope.no_activate {
        ("what was stored does not run yet (--no-activate)", true)
    } else if stop.is_requested() {
        return Some(NotNow::INTERRUPTED);
    } else if forced.is_some_and(|outcome| *outcome != Activated::Done) {
        ("what was stored does not run yet", false)
    } else if target.address.platform() == PlatformKind::Railway {
        let why = "Railway is still deploying: `driftlock doctor` asks when it is done";
        (why, true)
    } else {
        return None;
    };
    Some(NotNow { why, left_out })
}

fn not_tried(spec: &TargetSpec, because: &NotNow) -> Vec<ProbeReport> {
    let report = |one| ProbeReport {
        what: in_words(one),
        verdict: Verdict::NotTried {
            why: because.why.to_owned(),
        },
        left_out: because.left_out,
    };
    spec.probes.iter().map(|one| report(&one.ask)).collect()
}

/// A service that was just restarted may not listen yet: only silence is asked again, never a
/// refusal, which might count as a bad try. A gateway that was not restarted is asked once: it runs,
/// or it does not.
async fn patiently(
    pass: &Pass<'_>,
    spec: &TargetSpec,
    target: &Target,
    restarted: bool,
) -> Vec<ProbeReport> {
    let is_gateway = |ask: &Ask| matches!(ask, Ask::Openclaw(_));
    let patience = if spec.probes.iter().any(|one| is_gateway(&one.ask)) {
        PATIENCE_WITH_GATEWAYS
    } else {
        PATIENCE
    };
    let until = Instant::now() + patience;
    let connections = pass.connections;
    let prober = connections.prober();
    let mut pause = SHORTEST_PAUSE;
    let values = pass.probe_values(&target.name);
    let mut reports = probe_target(&values, connections, prober, spec, target).await;
    loop {
        let silent = |one: &ProbeSpec, report: &ProbeReport| {
            matches!(report.verdict, Verdict::Unreachable { .. })
                && (restarted || !is_gateway(&one.ask))
        };
        let mut all = spec.probes.iter().zip(&reports);
        if !all.any(|(one, report)| silent(one, report)) || Instant::now() + pause > until {
            return reports;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        for (one, report) in spec.probes.iter().zip(&mut reports) {
            if silent(one, report) {
                *report = probe_once(&values, connections, prober, spec, one, target).await;
            }
        }
    }
}
