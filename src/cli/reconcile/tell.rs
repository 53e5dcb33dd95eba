//! From what a look found to the book of alerts: of the manifest, and of the reconciler itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::desk::Desk;
use super::eyes::Eyes;
use super::shelf::Watched;
use crate::alert::Books;
use crate::alert::brake;
use crate::alert::rules::{Began, Coverage, Round, advance};
use crate::alert::sight::{self, About, Failure};
use crate::journal::{Journal, JournalError};
use crate::model::{
    AlertBook, AlertClass, AlertEventKind, AlertKey, Due, Expiring, ManifestName, Sighting,
    TargetName,
};
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
    log(desk, watched.name(), &book, before);
    notice_loss(desk, watched, eyes, &book);
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
        let age = now.duration_since(values.sealed_at(one.name)?);
        if age <= hold.saturating_add(ROTATION_PATIENCE) {
            return None;
        }
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

/// What happened to alerts, for who reads the log.
pub(super) fn log(desk: &Desk<'_>, manifest: &ManifestName, book: &AlertBook, before: u64) {
    let mut round = desk.round.borrow_mut();
    for event in book.events.iter().filter(|event| event.number > before) {
        round.tell(manifest, event);
    }
    log_events(book, before);
}

fn log_events(book: &AlertBook, before: u64) {
    for event in book.events.iter().filter(|event| event.number > before) {
        let alert = &event.alert;
        let manifest = &alert.key.manifest;
        let target = alert.key.target.as_ref().map_or("", TargetName::as_str);
        let (class, id, what) = (alert.key.class, &alert.id, &alert.what);
        let kind = match event.kind {
            AlertEventKind::Opened => "opened",
            AlertEventKind::Changed => "changed",
            AlertEventKind::Reminder => "reminder",
            AlertEventKind::Resolved => "resolved",
            AlertEventKind::CouldNotCheck => "could not check",
        };
        match event.kind {
            AlertEventKind::Resolved => {
                tracing::info!(%manifest, target, %class, id, "{kind}: {what}");
            }
            _ => tracing::warn!(%manifest, target, %class, id, "{kind}: {what}"),
        }
    }
}

/// What is said of a journal that is not the one that it was.
pub(super) fn lost(journal: &dyn Journal) -> String {
    let place = journal.place();
    format!(
        "the journal {place} was lost or begun anew: what was applied before is not known any more, so nothing is written by itself until somebody has applied again, and what is wrong is told anew"
    )
}

/// A journal that knew this manifest a moment ago and does not any more. Looks overlap: what one of them
/// recalled before another one did is no news.
fn notice_loss(desk: &Desk<'_>, watched: &Watched, eyes: &Eyes, book: &AlertBook) {
    let mut known = desk.known.borrow_mut();
    let one = known.entry(watched.name().clone()).or_default();
    let former = &one.book.id;
    let is_another = !former.is_empty() && *former != book.id;
    let is_news = one.recalled_at.is_none_or(|at| eyes.recalled_at >= at);
    let recorded = if is_news {
        one.recalled_at = Some(eyes.recalled_at);
        eyes.memory.last.values().any(|last| last.at.is_some())
    } else {
        one.recorded
    };
    if is_another || one.recorded && !recorded {
        one.lost = Some(lost(&*eyes.journal));
    } else if recorded {
        one.lost = None;
    }
    one.recorded = recorded;
    one.book.clone_from(book);
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
        Ok(book) => log(desk, gone.name(), &book, eyes.book.last_event),
        Err(error) => tracing::warn!(manifest = %gone.name(), "{}", said(&error)),
    }
}

pub(super) fn said(error: &JournalError) -> String {
    crate::cli::error::CommandError::of(error).message
}

/// The journal of a manifest cannot be used: told in the book of the reconciler.
pub(super) fn journal_is_away(desk: &Desk<'_>, watched: &Watched, why: &str) {
    tracing::error!(manifest = %watched.name(), "{why}");
    desk.journals
        .borrow_mut()
        .insert(watched.name().clone(), why.to_owned());
    own(desk);
}

/// It can be used.
pub(super) fn journal_is_fine(desk: &Desk<'_>, watched: &Watched) {
    let was_away = desk.journals.borrow_mut().remove(watched.name()).is_some();
    let is_lost = |known: &super::desk::Recollected| known.lost.is_some();
    let lost = desk.known.borrow().get(watched.name()).is_some_and(is_lost);
    if was_away || lost {
        own(desk);
    }
}

/// What is wrong with the reconciler's own tools: manifests, journals, sinks.
fn own_sightings(desk: &Desk<'_>, observer: &str) -> Vec<Sighting> {
    let no_owners = BTreeMap::new();
    let about = About {
        observer,
        argument: "",
        fingerprinter: None,
        owners: &no_owners,
        dated: false,
    };
    let trouble = |manifest: &ManifestName, class, why: &str, next| {
        sight::of_trouble(manifest, class, why, next, &about)
    };
    let mut all = vec![];
    for broken in desk.broken() {
        let what = format!("{} cannot be used: {}", broken.path.display(), broken.why);
        let next = broken.next.clone();
        all.push(trouble(&broken.name, AlertClass::Manifest, &what, next));
    }
    let doctor = || vec!["driftlock doctor".to_owned()];
    let journals = desk.journals.borrow();
    for (manifest, why) in &*journals {
        all.push(trouble(manifest, AlertClass::Journal, why, doctor()));
    }
    for (manifest, known) in &*desk.known.borrow() {
        if let (Some(why), false) = (&known.lost, journals.contains_key(manifest)) {
            all.push(trouble(manifest, AlertClass::Journal, why, doctor()));
        }
    }
    all.extend(desk.sink_troubles.borrow().values().flatten().cloned());
    all
}

/// Brings the reconciler's own book up to date.
pub(super) fn own(desk: &Desk<'_>) {
    let observer = desk.observer();
    let sightings = own_sightings(desk, &observer);
    let mut own = desk.own.borrow_mut();
    let now = desk.context.now();
    if !own.is_news(&sightings, now) {
        return;
    }
    let coverage = Coverage {
        classes: [
            AlertClass::Manifest,
            AlertClass::Journal,
            AlertClass::Delivery,
        ]
        .into(),
        ..Coverage::default()
    };
    let sinks = desk.sink_names();
    // what was there before, another run's or of a book that was lost since, is not told again
    let mut news = 0;
    let changed = own.open(desk).change(&mut |book| {
        news = book.last_event;
        // what is said here is about now: a former run's alerts may well be over
        let began = Began::with(book);
        let round = Round {
            at: now,
            observer: &observer,
            began: &began,
            revision: "",
            sightings: &sightings,
            coverage: &coverage,
            patience: desk.patience(),
            sinks: &sinks,
        };
        advance(book, &round)
    });
    own.note(sightings, now);
    drop(own);
    // one that cannot be written goes on in memory
    let Ok(book) = changed else { return };
    for event in book.events.iter().filter(|event| event.number > news) {
        desk.round
            .borrow_mut()
            .tell(&event.alert.key.manifest, event);
    }
    log_events(&book, news);
}
