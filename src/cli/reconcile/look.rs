//! One look at some targets of a manifest: read, plan, remember what was seen, tell what is wrong.
//! Nothing is written to a platform.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{Desk, Wants};
use super::eyes::{Eyes, values};
use super::probes::{Probes, probe};
use super::shelf::Watched;
use super::tell::{self, Seen};
use super::trouble;
use crate::model::{Mode, TargetName};
use crate::plan::{LiveState, Plan, TargetState};
use crate::reconcile::observe::{self, Keeping, Keeps};
use crate::reconcile::pass::{Pass, Scope};
use crate::reconcile::schedule::{Ended, Told};
use crate::reconcile::stop::Stop;
use crate::reconcile::targets::Visibility;

/// What did not change is kept again after this, so that its age tells whether anybody looks.
const SEEN: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// Looks at these targets.
pub(super) async fn look(
    desk: &Desk<'_>,
    watched: &Watched,
    wanted: &BTreeSet<TargetName>,
    stop: &Stop,
) -> Ended {
    let (mut eyes, allows) = match Eyes::open(desk, watched, false) {
        Ok(opened) => opened,
        Err(error) => return blind(desk, watched, wanted, &error.message),
    };
    let scope = eyes.scope(desk, watched);
    let connections = desk.connections();
    let values = values(desk, watched, eyes.now);
    let pass = Pass {
        loaded: &watched.item.loaded,
        opening: &watched.opening,
        values: &values,
        located: &watched.item.located,
        connections: &connections,
        fingerprinter: watched.fingerprinter.as_ref(),
        scope: &scope,
        machine: allows.of(&watched.item),
    };
    let is_wanted = |target: &TargetName| wanted.contains(target);
    let nothing = &mut |_| {};
    let reading = tokio::select! {
        biased;
        () = stop.requested() => return Ended::default(),
        reading = pass.read_some(&eyes.memory, &is_wanted, nothing) => reading,
    };
    let told = told(watched, wanted, &reading.live, &reading.retry_after);
    let plan = pass.plan(reading.live.clone(), &eyes.memory);
    let kept = keep(desk, &pass, &mut eyes, &reading.live, watched);
    let probes = match &kept {
        Ok(()) => probe(desk, &pass, &eyes, &plan, is_wanted, stop).await,
        // nobody would know that they were sent
        Err(_) => Probes::default(),
    };
    probes.note(desk, watched, eyes.now);
    let seen = Seen {
        plan: &plan,
        acted: acted(&scope, wanted),
        rests: &BTreeSet::new(),
        probes: &probes,
    };
    let concluded = match kept {
        Ok(()) => tell::conclude(desk, watched, &pass, &mut eyes, &seen).await,
        Err(why) => Err(why),
    };
    if let Err(why) = concluded {
        return blind(desk, watched, wanted, &why);
    }
    trouble::journal_is_fine(desk, watched);
    note(desk, watched, &plan, wanted, &scope);
    let wants_whole = desk.wants(watched.name(), wants(&plan, wanted));
    Ended {
        targets: told,
        wants_whole,
        ..Ended::default()
    }
}

/// Without a journal nothing can be concluded, whatever the places say.
pub(super) fn blind(
    desk: &Desk<'_>,
    watched: &Watched,
    wanted: &BTreeSet<TargetName>,
    why: &str,
) -> Ended {
    trouble::journal_is_away(desk, watched, why);
    desk.in_round(|round| round.journal(watched.name(), why));
    let failed = wanted.iter().map(|target| (target.clone(), Told::Blind));
    Ended {
        targets: failed.collect(),
        ..Ended::default()
    }
}

/// How it ended for each target, where this machine can look at all.
pub(super) fn told(
    watched: &Watched,
    wanted: &BTreeSet<TargetName>,
    live: &[LiveState],
    retry_after: &BTreeMap<TargetName, std::time::Duration>,
) -> BTreeMap<TargetName, Told> {
    let located = watched.item.located.iter().zip(live);
    let looked = located.filter(|(one, _)| wanted.contains(&one.target.name));
    looked
        .filter(|(one, _)| !matches!(one.visibility, Visibility::Elsewhere(_)))
        .map(|(one, live)| {
            let name = one.target.name.clone();
            let told = match live {
                LiveState::Read(_) => Told::Read,
                LiveState::Unknown { .. } | LiveState::Elsewhere { .. } => {
                    Told::Failed(retry_after.get(&name).copied())
                }
            };
            (name, told)
        })
        .collect()
}

/// Keeps what was seen, for other machines and for `status --from-journal`.
pub(super) fn keep(
    desk: &Desk<'_>,
    pass: &Pass<'_>,
    eyes: &mut Eyes,
    live: &[LiveState],
    watched: &Watched,
) -> Result<(), String> {
    let Some(with) = &watched.fingerprinter else {
        return Ok(());
    };
    let keeping = Keeping {
        keeps: Keeps::Every {
            machine: &desk.observer(),
            refresh: SEEN,
        },
        with,
        scope: &watched.item.scope,
        now: eyes.now,
    };
    let kept = observe::observe(pass, &eyes.memory, live, &keeping, &mut *eyes.journal);
    kept.map(|_| ()).map_err(|error| tell::said(&error))
}

/// Those that may be written by itself at all.
pub(super) fn acted(scope: &Scope, wanted: &BTreeSet<TargetName>) -> BTreeSet<TargetName> {
    let Some(scheduled) = &scope.scheduled else {
        return BTreeSet::new();
    };
    let acts = wanted
        .iter()
        .filter(|target| scheduled.mode(target) > Mode::Observe);
    acts.cloned().collect()
}

/// What may be written by itself.
fn wants(plan: &Plan, wanted: &BTreeSet<TargetName>) -> Wants {
    let targets = plan.targets.iter();
    let targets = targets.filter(|target| wanted.contains(&target.target));
    targets
        .flat_map(|target| {
            let changes = target.changes.iter().filter(|change| change.will_happen());
            let written = changes.map(|change| Some(change.name.clone()));
            let restarted = target.will_activate().then_some(None);
            let all = written.chain(restarted);
            all.map(|name| (target.target.clone(), name))
        })
        .collect()
}

/// What the look found, in numbers.
pub(super) fn note(
    desk: &Desk<'_>,
    watched: &Watched,
    plan: &Plan,
    wanted: &BTreeSet<TargetName>,
    scope: &Scope,
) {
    for target in wanted {
        let scheduled = scope.scheduled.as_ref();
        desk.in_round(|round| round.look(plan, target, scheduled));
    }
    let mut vitals = desk.vitals();
    for target in &plan.targets {
        if !wanted.contains(&target.target) {
            continue;
        }
        let key = (watched.name().clone(), target.target.clone());
        let one = vitals.targets.entry(key).or_default();
        one.mode = (scope.scheduled.as_ref())
            .map_or(Mode::Observe, |scheduled| scheduled.mode(&target.target));
        if !matches!(
            target.state,
            TargetState::Read | TargetState::Partial { .. }
        ) {
            continue;
        }
        one.variables.clear();
        for change in &target.changes {
            *one.variables.entry(change.class).or_default() += 1;
        }
    }
}
