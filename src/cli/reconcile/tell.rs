//! From what a look found to the book of alerts: of the manifest, and of the reconciler itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::desk::Desk;
use super::events::happened;
use super::eyes::Eyes;
use super::probes::Probes;
use super::shelf::Watched;
use super::trouble;
use crate::alert::Books;
use crate::alert::brake;
use crate::alert::rules::{Coverage, Round, advance};
use crate::alert::sight::{self, About, Failure};
use crate::journal::JournalError;
use crate::model::{AlertBook, AlertClass, AlertKey, Due, Expiring, Sighting, TargetName};
use crate::plan::{Change, Plan};
use crate::reconcile::books::JournalBooks;
use crate::reconcile::desired::Values;
use crate::reconcile::event::{Freshness, Sight};
use crate::reconcile::observe::{self, Wants};
use crate::reconcile::pass::Pass;
use crate::reconcile::rotation;
use crate::reconcile::who;

/// How much longer than its overlap a rotation may wait for its next step before that is told.
const ROTATION_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// What was looked at.
pub(super) struct Seen<'a> {
    pub(super) plan: &'a Plan,
    /// Those of them that may be written by itself at all.
    pub(super) acted: BTreeSet<TargetName>,
    /// Those that were not asked, because they failed before: nothing new is known of them.
    pub(super) rests: &'a BTreeSet<TargetName>,
    /// What was asked besides.
    pub(super) probes: &'a Probes,
}

/// Puts into the book what is new, what changed and what is over.
///
/// # Errors
/// Why the journal could not be used; then nothing was concluded.
pub(super) async fn conclude(
    desk: &Desk<'_>,
    watched: &Watched,
    pass: &Pass<'_>,
    eyes: &mut Eyes,
    seen: &Seen<'_>,
) -> Result<(), String> {
    let observer = desk.observer();
    let argument = argument(watched);
    let about = about(watched, &observer, &argument);
    let (mut sightings, mut coverage) = sight::of_plan(seen.plan, &about);
    let rests = |target: &Option<TargetName>| {
        target
            .as_ref()
            .is_some_and(|target| seen.rests.contains(target))
    };
    sightings.retain(|one| !rests(&one.key.target));
    coverage
        .targets
        .retain(|target, _| !seen.rests.contains(target));
    sightings.extend(of_writes(desk, watched, eyes, seen, &about));
    sightings.extend(of_rotations(watched, pass.values, eyes.now, &about));
    sightings.extend(seen.probes.sightings(watched.name(), &about));
    coverage.probed = seen.probes.probed();
    sightings.extend(of_other_machines(pass, eyes, watched, &about)?);
    // also where nothing is written any more: what was held there is over
    coverage.acted = coverage.targets.keys().cloned().collect();
    coverage
        .classes
        .extend([AlertClass::Rotation, AlertClass::Unknown]);
    ask_who(pass, eyes, seen.plan, &mut sightings).await;
    let began = eyes.began();
    let sinks = desk.sink_names();
    let round = Round {
        at: eyes.now,
        observer: &observer,
        began: &began,
        revision: &watched.mark,
        sightings: &sightings,
        coverage: &coverage,
        patience: desk.patience(),
        sinks: &sinks,
    };
    let mut before = 0;
    let mut books = JournalBooks {
        journal: &mut *eyes.journal,
        scope: &watched.item.scope,
        auth: &eyes.auth,
    };
    let book = books.change(&mut |book| {
        // what another one told meanwhile is not told by this one
        before = book.last_event;
        advance(book, &round)
    })?;
    happened(desk, &book, before);
    trouble::notice_loss(desk, watched, eyes, &book);
    count(desk, watched, &book, seen.plan);
    eyes.book = book;
    Ok(())
}

pub(super) fn about<'a>(watched: &'a Watched, observer: &'a str, argument: &'a str) -> About<'a> {
    About {
        observer,
        argument,
        fingerprinter: watched.fingerprinter.as_ref(),
        owners: &watched.owners,
        dated: true,
    }
}

/// The manifest as a word of a command line.
pub(super) fn argument(watched: &Watched) -> String {
    crate::cli::context::shell_word(&watched.item.file.path)
}

/// What is held, what failed and what is braked, of targets that may be written.
fn of_writes(
    desk: &Desk<'_>,
    watched: &Watched,
    eyes: &Eyes,
    seen: &Seen<'_>,
    about: &About<'_>,
) -> Vec<Sighting> {
    let manifest = watched.name();
    let mut all = sight::of_holds(seen.plan, &seen.acted, about);
    let mut braked = brake::braked(&eyes.book, eyes.now);
    braked.retain(|(target, _)| seen.acted.contains(target));
    all.extend(sight::of_brakes(manifest, &braked, about));
    let known = desk.known.borrow();
    let waits = |target: &TargetName| {
        let mut targets = seen.plan.targets.iter();
        targets.any(|one| {
            let wants = one.changes.iter().any(Change::will_write) || one.will_activate();
            one.target == *target && wants
        })
    };
    let failures = known.get(manifest).map(|known| known.failures.as_slice());
    let failures = failures.unwrap_or_default().iter().filter(|one| {
        let target = &one.failure.target;
        let last = eyes.memory.last.get(target).and_then(|last| last.at);
        // what is stored and does not work is so until somebody has applied again
        let stands = one.failure.variables.is_empty() && last == one.recorded_at;
        seen.acted.contains(target) && (stands || waits(target))
    });
    let failures: Vec<Failure> = failures.map(|one| one.failure.clone()).collect();
    all.extend(sight::of_failures(manifest, &failures, about));
    // a former run failed, and nothing says that it would not fail again
    let told = |key: &AlertKey| all.iter().any(|one| one.key == *key);
    let still = eyes.book.open.values().filter(|alert| {
        let key = &alert.key;
        let waits = key.target.as_ref().is_some_and(waits);
        key.class == AlertClass::Failed && waits && !told(key)
    });
    let again: Vec<Sighting> = still
        .map(|alert| Sighting {
            key: alert.key.clone(),
            pin: alert.pin.clone(),
            what: alert.what.clone(),
            next: alert.next.clone(),
            owner: alert.owner.clone(),
            who: None,
            urgent: alert.urgent,
        })
        .collect();
    all.extend(again);
    all
}

/// Rotations whose next step somebody forgot.
fn of_rotations(
    watched: &Watched,
    values: &Values<'_>,
    now: Timestamp,
    about: &About<'_>,
) -> Vec<Sighting> {
    let manifest = &watched.item.loaded.manifest;
    let all = rotation::under_way(manifest).into_iter();
    all.filter_map(|one| {
        let hold = SignedDuration::try_from(one.overlap.hold).ok()?;
        let age = stands_for(values.sealed_at(one.name)?, hold, now)?;
        let (name, stage) = (one.name, one.stage.word());
        Some(Sighting {
            key: AlertKey {
                manifest: manifest.name.clone(),
                target: None,
                variable: Some(name.clone()),
                class: AlertClass::Rotation,
                observer: None,
            },
            pin: stage.to_owned(),
            what: format!(
                "the rotation of {name} stands at its stage {stage} for {} h: both values are good until somebody goes on",
                age.as_hours()
            ),
            next: vec![format!("driftlock rotate --continue {name} -f {}", about.argument)],
            owner: watched.owners.get(name).cloned(),
            who: None,
            urgent: false,
        })
    })
    .collect()
}

/// For how long, where that is too long.
fn stands_for(since: Timestamp, hold: SignedDuration, now: Timestamp) -> Option<SignedDuration> {
    let age = now.duration_since(since);
    (age > hold.saturating_add(ROTATION_PATIENCE)).then_some(age)
}

/// Machines that looked at their own targets once, and do not any more.
fn of_other_machines(
    pass: &Pass<'_>,
    eyes: &Eyes,
    watched: &Watched,
    about: &About<'_>,
) -> Result<Vec<Sighting>, String> {
    if !observe::concerns(pass.located) {
        return Ok(vec![]);
    }
    let kept = eyes.journal.observations(&watched.item.scope, &eyes.auth);
    let kept = kept.map_err(|error| said(&error))?;
    let seen = observe::seen(pass, &eyes.memory, &kept, Wants::Elsewhere, eyes.now);
    let silent = seen.into_iter().filter_map(|(target, seen)| {
        let Sight::Seen { at, freshness, .. } = seen.sight else {
            return None;
        };
        if freshness != Freshness::Stale {
            return None;
        }
        let machine = seen.machine?;
        Some(Sighting {
            key: AlertKey {
                manifest: watched.name().clone(),
                target: None,
                variable: None,
                class: AlertClass::Unknown,
                observer: Some(format!("{}/{target}", about.observer)),
            },
            pin: "silent".to_owned(),
            what: format!("{target} can be read by {machine} only, which last did so at {at}"),
            next: vec![format!(
                "driftlock reconcile --once {} # on {machine}",
                about.argument
            )],
            owner: None,
            who: None,
            urgent: false,
        })
    });
    Ok(silent.collect())
}

/// Asks the places who it was, about what nobody was told yet.
async fn ask_who(pass: &Pass<'_>, eyes: &Eyes, plan: &Plan, sightings: &mut [Sighting]) {
    let is_new = |sighting: &Sighting| {
        let open = eyes.book.open.get(&sighting.key);
        matches!(sighting.key.class, AlertClass::Drift | AlertClass::Conflict)
            && open.is_none_or(|alert| alert.pin != sighting.pin)
    };
    let about: BTreeSet<_> = (sightings.iter())
        .filter(|sighting| is_new(sighting))
        .filter_map(|one| Some((one.key.target.clone()?, one.key.variable.clone()?)))
        .collect();
    if about.is_empty() {
        return;
    }
    let mut questions = who::questions(plan, pass.located, &eyes.memory);
    questions.retain(|one| about.contains(&(one.target.name.clone(), one.name.clone())));
    let answers = who::ask(pass.connections, &questions, who::PATIENCE).await;
    let authors = who::authors(questions, answers, eyes.now);
    for sighting in sightings {
        if let (Some(target), Some(name)) = (&sighting.key.target, &sighting.key.variable) {
            let author = authors.of.get(&(target.clone(), name.clone()));
            sighting.who = sighting.who.take().or_else(|| author.cloned());
        }
    }
}

fn count(desk: &Desk<'_>, watched: &Watched, book: &AlertBook, plan: &Plan) {
    let mut vitals = desk.vitals();
    let one = vitals.manifests.entry(watched.name().clone()).or_default();
    one.open = by_class(book);
    one.expires_at = plan.expiry.iter().filter_map(ends_at).min();
}

pub(super) fn by_class(book: &AlertBook) -> BTreeMap<AlertClass, u64> {
    let mut open: BTreeMap<AlertClass, u64> = BTreeMap::new();
    for key in book.open.keys() {
        *open.entry(key.class).or_default() += 1;
    }
    open
}

fn ends_at(one: &Expiring) -> Option<Timestamp> {
    match one.due {
        Due::Ended(_, at) => Some(at),
        Due::Expired(date) => {
            let day = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            Some(day.timestamp())
        }
        Due::NotYet(..) | Due::Rotation { .. } | Due::SealedAhead(_) => None,
    }
}

/// A manifest that is not there any more: what was open of it is over.
pub(super) fn farewell(desk: &Desk<'_>, gone: &Watched) {
    let Ok((mut eyes, _)) = Eyes::open(desk, gone, false) else {
        return;
    };
    let observer = desk.observer();
    let began = eyes.began();
    let coverage = Coverage {
        declared: Some(BTreeSet::new()),
        classes: [
            AlertClass::Expiry,
            AlertClass::Rotation,
            AlertClass::Unknown,
        ]
        .into(),
        ..Coverage::default()
    };
    let sinks = desk.sink_names();
    let round = Round {
        at: eyes.now,
        observer: &observer,
        began: &began,
        revision: &gone.mark,
        sightings: &[],
        coverage: &coverage,
        patience: desk.patience(),
        sinks: &sinks,
    };
    let changed = eyes
        .journal
        .change_alerts(&gone.item.scope, &eyes.auth, &mut |book| {
            advance(book, &round)
        });
    match changed {
        Ok(book) => {
            happened(desk, &book, eyes.book.last_event);
            let mut known = desk.known.borrow_mut();
            known.entry(gone.name().clone()).or_default().book = book;
        }
        Err(error) => tracing::warn!(manifest = %gone.name(), "{}", said(&error)),
    }
}

pub(super) fn said(error: &JournalError) -> String {
    crate::cli::error::CommandError::of(error).message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_may_wait_for_its_overlap_and_a_day() {
        let since: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let hold = SignedDuration::from_hours(1);
        let after = |hours| stands_for(since, hold, since + SignedDuration::from_hours(hours));
        for hours in [-5, 0, 24, 25] {
            assert_eq!(after(hours), None, "{hours}");
        }
        assert_eq!(after(26).map(|age| age.as_hours()), Some(26));
        let longest = stands_for(since, SignedDuration::MAX, Timestamp::MAX);
        assert_eq!(longest, None);
    }
}
