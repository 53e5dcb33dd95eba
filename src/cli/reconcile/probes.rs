//! The probes that a look sends by itself: where the manifest says how often, an apply has agreed to
//! them, and the place holds what it should.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::desk::Desk;
use super::eyes::Eyes;
use super::shelf::Watched;
use crate::alert::rules::Probed;
use crate::alert::sight::{self, About, Asked};
use crate::manifest::{TargetSpec, UseSource};
use crate::model::{
    AlertBook, AlertClass, AlertKey, LastProbe, ManifestName, Sighting, Target, TargetName,
    Verdict, to_hex,
};
use crate::plan::{Class, Plan, TargetPlan, TargetState, effective_reconciling, widened};
use crate::reconcile::pass::{Memory, Pass};
use crate::reconcile::probes::probe_target;
use crate::reconcile::stop::Stop;
use crate::reconcile::targets::Visibility;

/// So many targets are asked at a time.
const AT_ONCE: usize = 8;

/// What is due a tenth of its interval too early is sent with this look.
const TOGETHER: i32 = 10;

/// What was asked, and what can be said of targets that are asked no more.
#[derive(Default)]
pub(super) struct Probes {
    asked: Vec<Asked>,
    gone: Vec<TargetName>,
}

impl Probes {
    pub(super) fn sightings(&self, manifest: &ManifestName, about: &About<'_>) -> Vec<Sighting> {
        let all = self.asked.iter();
        all.flat_map(|one| sight::of_probes(manifest, one, about))
            .collect()
    }

    pub(super) fn probed(&self) -> BTreeMap<TargetName, Probed> {
        let asked = self.asked.iter();
        let asked = asked.map(|one| (one.target.clone(), one.probed()));
        let gone = self.gone.iter();
        let gone = gone.map(|target| (target.clone(), Probed::NoMore));
        asked.chain(gone).collect()
    }

    /// What they said, in numbers and words.
    pub(super) fn note(&self, desk: &Desk<'_>, watched: &Watched, now: Timestamp) {
        let mut vitals = desk.vitals();
        let mut known = desk.known.borrow_mut();
        let known = known.entry(watched.name().clone()).or_default();
        for asked in &self.asked {
            let target = &asked.target;
            let last = LastProbe {
                at: now,
                mark: asked.mark.clone(),
            };
            known.probed.insert(target.clone(), last);
            desk.in_round(|round| round.probed(watched.name(), target, &asked.answers));
            let key = (watched.name().clone(), target.clone());
            let one = vitals.targets.entry(key).or_default();
            let bad = |said: &Verdict| !said.works() && !said.is_unknown();
            let is_bad = asked.answers.iter().any(|(_, said)| bad(said));
            match asked.probed() {
                Probed::Answered(_) => {
                    one.probed_at = Some(now);
                    one.probes_work = Some(!is_bad);
                }
                // of one that is silent nobody knows
                Probed::Silent(_) | Probed::NoMore => one.probes_work = is_bad.then_some(false),
            }
        }
        for target in &self.gone {
            let key = (watched.name().clone(), target.clone());
            let one = vitals.targets.entry(key).or_default();
            (one.probed_at, one.probes_work) = (None, None);
        }
    }
}

/// Sends those that are due. Told to stop, nothing is known of any.
pub(super) async fn probe(
    desk: &Desk<'_>,
    pass: &Pass<'_>,
    eyes: &Eyes,
    plan: &Plan,
    wanted: impl Fn(&TargetName) -> bool,
    stop: &Stop,
) -> Probes {
    let mut probes = Probes::default();
    let mut due = vec![];
    let sent = sent_from_here(desk, &plan.manifest);
    let asking = Asking {
        eyes,
        plan,
        observer: &desk.observer(),
        sent: &sent,
    };
    let specs = pass.loaded.manifest.targets.iter().zip(pass.located);
    for (spec, located) in specs {
        if !wanted(&spec.name) {
            continue;
        }
        if spec.probes.is_empty() || spec.reconciling.probe.is_none() {
            probes.gone.push(spec.name.clone());
            continue;
        }
        let here = located.visibility == Visibility::Here;
        let mark = mark(spec, eyes);
        if here && asking.is_due(spec, &mark) {
            due.push((spec, &located.target, mark));
        }
    }
    if due.is_empty() {
        return probes;
    }
    let all = due
        .into_iter()
        .map(|(spec, target, mark)| ask(pass, spec, target, mark));
    let all = stream::iter(all).buffer_unordered(AT_ONCE).collect();
    tokio::select! {
        biased;
        () = stop.requested() => {}
        asked = all => probes.asked = asked,
    }
    // where there is nothing to ask, nothing can be said
    probes.asked.retain(|one| !one.answers.is_empty());
    probes
}

async fn ask(pass: &Pass<'_>, spec: &TargetSpec, target: &Target, mark: String) -> Asked {
    let connections = pass.connections;
    let reports = probe_target(pass.values, connections, connections.prober(), spec, target).await;
    let declared = spec.uses.iter().filter_map(|used| match &used.source {
        UseSource::Declared(name) => Some(name.clone()),
        UseSource::Clear(_) | UseSource::Template(_) => None,
    });
    let answers = reports.into_iter().filter(|one| !one.left_out);
    Asked {
        target: target.name.clone(),
        variables: declared.collect(),
        mark,
        answers: answers.map(|one| (one.what, one.verdict)).collect(),
    }
}

/// What is known of the probes that were sent from here.
fn sent_from_here(desk: &Desk<'_>, manifest: &ManifestName) -> BTreeMap<TargetName, LastProbe> {
    let known = desk.known.borrow();
    let known = known.get(manifest);
    known.map(|known| known.probed.clone()).unwrap_or_default()
}

/// What tells whether they are to be sent.
struct Asking<'a> {
    eyes: &'a Eyes,
    plan: &'a Plan,
    observer: &'a str,
    sent: &'a BTreeMap<TargetName, LastProbe>,
}

impl Asking<'_> {
    /// Whether the probes of a target are to be sent now.
    fn is_due(&self, spec: &TargetSpec, mark: &str) -> bool {
        let (target, eyes) = (&spec.name, self.eyes);
        let Some(every) = agreed(spec, &eyes.memory, self.plan) else {
            return false;
        };
        let mut targets = self.plan.targets.iter();
        let of_plan = targets.find(|one| one.target == *target);
        if !of_plan.is_some_and(is_as_it_should_be) {
            return false;
        }
        let last = [eyes.book.probed.get(target), self.sent.get(target)];
        let last = last.into_iter().flatten().filter(|one| one.mark == mark);
        let last = last.map(|one| one.at).max();
        is_open_question(&eyes.book, target, self.observer) || has_passed(last, every, eyes.now)
    }
}

/// How often, where an apply has agreed to what they send, to whom, and that they are sent.
fn agreed(spec: &TargetSpec, memory: &Memory, plan: &Plan) -> Option<Duration> {
    let facts = memory.authority.as_ref()?;
    let every = effective_reconciling(Some(facts), &spec.name, &spec.reconciling).probe?;
    widened(&plan.authority, &spec.name)
        .is_none()
        .then_some(every)
}

/// Whether it is in sync and runs with that. What differs is told as that, and a probe of it might be a
/// try with a credential that is known to be wrong there.
fn is_as_it_should_be(target: &TargetPlan) -> bool {
    let mut changes = target.changes.iter();
    matches!(target.state, TargetState::Read)
        && target.behind.is_none()
        && changes.all(|change| matches!(change.class, Class::InSync | Class::Unmanaged))
}

/// Whether something about them is not told yet, because it may pass, or was lost from sight: then each
/// look asks.
fn is_open_question(book: &AlertBook, target: &TargetName, observer: &str) -> bool {
    let is_it = |key: &AlertKey| {
        key.class == AlertClass::Probe
            && key.target.as_ref() == Some(target)
            && key.observer.as_deref().is_none_or(|of| of == observer)
    };
    let mut open = book.open.values();
    book.strikes.keys().any(is_it) || open.any(|one| one.unchecked.is_some() && is_it(&one.key))
}

/// What is asked, as the last apply agreed to it, and since which apply: no clock is compared with
/// another one.
fn mark(spec: &TargetSpec, eyes: &Eyes) -> String {
    let mut digest = Sha256::new();
    let facts = eyes.memory.authority.as_ref();
    let facts = facts.and_then(|facts| facts.targets.get(&spec.name));
    let asks = facts.into_iter().flat_map(|facts| facts.probes.clone());
    let applied = eyes.memory.last.get(&spec.name).and_then(|last| last.at);
    for part in asks.chain([format!("{applied:?}")]) {
        digest.update(to_hex(&Sha256::digest(part)));
    }
    to_hex(&digest.finalize()[..8])
}

/// A clock that was set back makes nobody wait.
fn has_passed(last: Option<Timestamp>, every: Duration, now: Timestamp) -> bool {
    let Some(last) = last.filter(|last| *last <= now) else {
        return true;
    };
    let every = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
    now.duration_since(last) >= every - every / TOGETHER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sent_so_often() {
        let at = |minutes: i64| Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap();
        let hour = Duration::from_secs(3600);
        for (last, now, due) in [
            (None, 0, true),
            (Some(0), 0, false),
            (Some(0), 53, false),
            (Some(0), 54, true),
            // set back
            (Some(600), 0, true),
        ] {
            assert_eq!(
                has_passed(last.map(at), hour, at(now)),
                due,
                "{last:?} {now}"
            );
        }
        assert!(!has_passed(Some(at(0)), Duration::MAX, at(60)));
    }
}
