//! What is wrong with what a reconciler works with: manifests, journals, sinks. It is told in its own book.

use std::collections::BTreeMap;

use super::desk::{Desk, Recollected};
use super::events::happened;
use super::eyes::{Eyes, lost};
use super::shelf::Watched;
use crate::alert::Books;
use crate::alert::rules::{Began, Coverage, Round, advance};
use crate::alert::sight::{self, About};
use crate::model::{AlertBook, AlertClass, ManifestName, Sighting};

/// A journal that knew this manifest a moment ago and does not any more. Looks overlap: what one of them
/// recalled before another one did is no news.
pub(super) fn notice_loss(desk: &Desk<'_>, watched: &Watched, eyes: &Eyes, book: &AlertBook) {
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
    let is_lost = |known: &Recollected| known.lost.is_some();
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
    // what several books cannot deliver to one sink is one thing that is wrong
    let troubles = desk.sink_troubles.borrow();
    all.extend(troubles.values().flatten().cloned().map(|mut one| {
        one.key.manifest = own_name();
        one
    }));
    all
}

/// What the reconciler's own book is called to receivers.
pub(super) fn own_name() -> ManifestName {
    "reconciler".parse().expect("the name keeps the rule")
}

/// Brings the reconciler's own book up to date.
pub(super) fn own(desk: &Desk<'_>) {
    let observer = desk.observer();
    let sightings = own_sightings(desk, &observer);
    let mut book = desk.own_book();
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
    let changed = book.change(&mut |book| {
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
    happened(desk, &book, news);
}
