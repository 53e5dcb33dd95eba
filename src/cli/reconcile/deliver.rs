//! From the books to the sinks: of each manifest, and of the reconciler itself.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::desk::Desk;
use super::shelf::Watched;
use super::trouble;
use crate::alert::Books;
use crate::alert::deliver::{self, Origin, Report, Standing};
use crate::cli::session;
use crate::model::{AlertBook, ManifestName};
use crate::reconcile::books::JournalBooks;

/// How long a journal that could not be used is left alone.
const AGAIN: Duration = Duration::from_secs(30);

/// Delivers what is due. How long until there is something again.
pub(super) async fn deliver(desk: &Desk<'_>) -> Option<Duration> {
    ping(desk).await;
    let mut next: Option<Duration> = None;
    let mut sooner = |wait: Option<Duration>| {
        next = match (next, wait) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    };
    let all: Vec<_> = desk.shelf.borrow().watched().cloned().collect();
    for watched in all {
        sooner(of_manifest(desk, &watched).await);
    }
    let leaving: Vec<_> = desk.leaving.borrow().values().cloned().collect();
    for gone in leaving {
        let name = gone.name();
        let is_back = desk.shelf.borrow().find(name).is_some();
        let wait = match is_back {
            true => None,
            false => of_manifest(desk, &gone).await,
        };
        if wait.is_none() {
            desk.leaving.borrow_mut().remove(name);
        }
        if wait.is_none() && !is_back {
            desk.known.borrow_mut().remove(name);
            desk.sink_troubles.borrow_mut().remove(name);
        }
        sooner(wait);
    }
    sooner(of_own(desk).await);
    let mut vitals = desk.vitals();
    for (sink, one) in standing(desk) {
        vitals.sinks.entry(sink).or_default().waiting = one.waiting;
    }
    drop(vitals);
    next
}

/// How each sink stands, over all books.
pub(super) fn standing(desk: &Desk<'_>) -> BTreeMap<String, Standing> {
    let mut all: BTreeMap<String, Standing> = BTreeMap::new();
    let known = desk.known.borrow();
    let own = desk.own.borrow().book();
    let books = known.values().map(|known| &known.book).chain([&own]);
    for (sink, one) in books.flat_map(|book| deliver::standing(book, &desk.sinks)) {
        let of = all.entry(sink.to_owned()).or_default();
        of.waiting += one.waiting;
        of.trouble = of.trouble.take().or(one.trouble);
    }
    all
}

/// When the book has something for a sink: nothing, now, or later.
fn due(desk: &Desk<'_>, book: &AlertBook, now: Timestamp) -> Option<Duration> {
    let at = deliver::wants(book, &desk.sinks, now)?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

async fn of_manifest(desk: &Desk<'_>, watched: &Watched) -> Option<Duration> {
    let name = watched.name();
    let now = desk.context.now();
    let book = desk
        .known
        .borrow()
        .get(name)
        .map(|known| known.book.clone())?;
    let wait = due(desk, &book, now)?;
    if !wait.is_zero() {
        return Some(wait);
    }
    let auth = session::authenticator(watched.fingerprinter.as_ref());
    let mut journal = match desk.journal(&watched.item.file.folder, false) {
        Ok(journal) => journal,
        Err(error) => {
            tracing::warn!(manifest = %name, "{}", error.message);
            return Some(AGAIN);
        }
    };
    let mut books = JournalBooks {
        journal: &mut *journal,
        scope: &watched.item.scope,
        auth: &auth,
    };
    let origin = origin(desk, name, watched.revision.clone());
    let clock = desk.context.clock();
    let report = deliver::run(&mut books, &desk.sinks, &origin, &*clock).await;
    // as it is now: what was delivered is not wanted again
    if let Ok(book) = books.change(&mut |_| None)
        && let Some(known) = desk.known.borrow_mut().get_mut(name)
    {
        known.book = book;
    }
    note(desk, name, report)
}

async fn of_own(desk: &Desk<'_>) -> Option<Duration> {
    let now = desk.context.now();
    let book = desk.own.borrow().book();
    let wait = due(desk, &book, now)?;
    if !wait.is_zero() {
        return Some(wait);
    }
    let name = trouble::own_name();
    let origin = origin(desk, &name, None);
    let clock = desk.context.clock();
    let mut own = desk.own_book();
    let report = deliver::run(&mut own, &desk.sinks, &origin, &*clock).await;
    note(desk, &name, report)
}

fn origin(desk: &Desk<'_>, manifest: &ManifestName, revision: Option<String>) -> Origin {
    Origin {
        by: desk.context.who(),
        manifest: manifest.clone(),
        revision,
    }
}

/// Keeps what it came to; how long until the next.
fn note(desk: &Desk<'_>, name: &ManifestName, report: Report) -> Option<Duration> {
    if let Some(problem) = &report.problem {
        tracing::warn!(manifest = %name, "alerts were not delivered: cannot {problem}");
    }
    for (sink, one) in &report.sinks {
        let mut vitals = desk.vitals();
        let of = vitals.sinks.entry(sink.clone()).or_default();
        of.delivered += one.delivered;
        of.failed += one.failed;
        of.delivered_at = one.delivered_at.or(of.delivered_at);
        drop(vitals);
        desk.in_round(|round| round.delivered(sink, one.delivered));
        if let Some(why) = &one.why {
            tracing::warn!(%sink, "{why}");
        }
    }
    let known = desk
        .sink_troubles
        .borrow_mut()
        .insert(name.clone(), report.sightings.clone());
    if known.unwrap_or_default() != report.sightings {
        trouble::own(desk);
    }
    let now = desk.context.now();
    let wait = report.next?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}

async fn ping(desk: &Desk<'_>) {
    let (looks, whole) = {
        let vitals = desk.vitals();
        let looks: u64 = vitals.targets.values().map(|one| one.looks).sum();
        let read = vitals.targets.values().all(|one| one.failing == 0);
        let whole = read && desk.shelf.borrow().is_whole();
        (vitals.first_round.then_some(looks), whole)
    };
    if let Some(looks) = looks {
        desk.pinger.ping(looks, whole, desk.context.now()).await;
    }
}
