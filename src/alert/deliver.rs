//! From the events of a book to the sinks, in order.
//!
//! For each sink: claim it in the book (compare-and-swap), send what it has not had, and write down how
//! far it came (compare-and-swap again). While a claim holds nobody else sends to that sink; one that
//! ran out is taken by the next. So an event reaches a sink at least once, under a name that stays the
//! same, and exactly once unless the process dies between sending and writing down, or the sink takes
//! a message and its answer is lost.
//!
//! A delivery that could not be written down, because the journal was away, is remembered for as long
//! as this process lives, and written down before anything else is sent.

mod queue;
mod record;
mod serve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use rand::Rng as _;
use tokio::time::Instant;

use super::Books;
use super::sinks::Sinks;
use crate::model::{AlertBook, AlertClass, AlertKey, ManifestName, Sighting};
use queue::Work;
use record::Outcome;

/// So long a claim holds. Nothing is sent by who has one in its last part.
pub(super) const CLAIM: Duration = Duration::from_secs(120);
/// A claim further ahead than any was made by a clock that is wrong, and holds nothing.
const FURTHEST: Duration = Duration::from_secs(900);
/// Nothing is begun so long after the claim: each message may still take three requests.
pub(super) const BEGIN: Duration = Duration::from_secs(60);
/// So long until a book is asked for again that could not be read or written.
const RETRY: Duration = Duration::from_secs(30);
/// So many messages for one sink in one run; a run that left some is wanted again at once.
pub(super) const MOST_MESSAGES: usize = 20;

/// Outcomes that are not in their book yet, by the book's id.
pub(super) type Unrecorded = Mutex<BTreeMap<String, Vec<Outcome>>>;

/// Who delivers what.
#[derive(Debug, Clone)]
pub struct Origin {
    /// User and machine, for alerts about sinks.
    pub by: String,
    /// The manifest whose book it is.
    pub manifest: ManifestName,
    /// What the manifest was read from last, usually a commit.
    pub revision: Option<String>,
}

/// What one run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// By sink.
    pub sinks: BTreeMap<String, SinkReport>,
    /// When the next run has something to do, if nothing happens until then.
    pub next: Option<Timestamp>,
    /// What is wrong with sinks, for the next round of the rules.
    pub sightings: Vec<Sighting>,
    /// Why the book could not be read or written: fits after "cannot".
    pub problem: Option<String>,
}

/// What one run came to for one sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkReport {
    /// Messages delivered.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Why the last one of them did.
    pub why: Option<String>,
    /// When something was delivered, if it was.
    pub delivered_at: Option<Timestamp>,
}

/// Delivers what is due. `now` is the clock; how long a run takes is measured by tokio's.
pub async fn run(
    books: &mut dyn Books,
    sinks: &Sinks,
    origin: &Origin,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Report {
    if sinks.sinks.is_empty() {
        return Report::default();
    }
    let token = format!("{}/{:016x}", origin.by, rand::thread_rng().r#gen::<u64>());
    let (book, works, began) = match claim(books, sinks, &token, now) {
        Ok(claimed) => claimed,
        Err(problem) => return away(problem, now()),
    };
    let sends = works.into_iter().filter_map(|work| {
        let sink = sinks.sinks.get(&work.sink)?;
        Some(serve::serve(
            sink.as_ref(),
            work,
            origin,
            &book.id,
            began,
            now,
        ))
    });
    let outcomes: Vec<Outcome> = join_all(sends).await;
    let mut report = Report::default();
    let book = if outcomes.is_empty() {
        book
    } else {
        for outcome in &outcomes {
            count(&mut report, outcome);
        }
        match write_down(books, sinks, &book.id, outcomes, &token, origin) {
            Ok(book) => book,
            Err(problem) => {
                return Report {
                    sinks: report.sinks,
                    ..away(problem, now())
                };
            }
        }
    };
    let at = now();
    report.next = wants(&book, sinks, at);
    report.sightings = sightings(&book, sinks, origin);
    report
}

/// How one sink stands with one book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Events that wait.
    pub waiting: u64,
    /// What is wrong with it, as far as this book's messages show.
    pub trouble: Option<String>,
}

/// How each sink stands with this book.
pub fn standing<'s>(
    book: &AlertBook,
    sinks: &'s Sinks,
) -> impl Iterator<Item = (&'s str, Standing)> {
    sinks.names().map(|name| {
        let state = book.sinks.get(name);
        let trouble = state.and_then(|state| Some(state.trouble.as_ref()?.what.clone()));
        let waiting = queue::look(book, sinks, name).waiting;
        (name, Standing { waiting, trouble })
    })
}

/// Of a run whose book could not be read or written.
fn away(problem: String, at: Timestamp) -> Report {
    Report {
        next: Some(at + RETRY),
        problem: Some(problem),
        ..Report::default()
    }
}

/// When there is something to deliver; `None` while there is nothing.
pub fn wants(book: &AlertBook, sinks: &Sinks, now: Timestamp) -> Option<Timestamp> {
    let names = sinks.names();
    names
        .filter(|name| !queue::look(book, sinks, name).parts.is_empty())
        .map(|name| {
            let Some(state) = book.sinks.get(name) else {
                return now;
            };
            let free = state.claim.as_ref().map(|(_, until)| *until);
            let free = free.filter(|until| queue::holds(*until, now));
            let due = [free, queue::waits_until(state, now)];
            let due = due.into_iter().flatten().max();
            due.map_or(now, |due| due.max(now))
        })
        .min()
}

/// What is wrong with sinks, seen by who saw it first: for the rules, which tell it through the other
/// sinks, once, and say when it is over. To be given to each round.
pub fn sightings(book: &AlertBook, sinks: &Sinks, origin: &Origin) -> Vec<Sighting> {
    let names = sinks.names();
    names
        .filter_map(|name| {
            let trouble = book.sinks.get(name)?.trouble.as_ref()?;
            if !trouble.told || trouble.by != origin.by {
                return None;
            }
            let mut what = format!("alerts do not reach {name}: {}", trouble.what);
            if let Some(help) = &trouble.help {
                what.push_str("; ");
                what.push_str(help);
            }
            Some(Sighting {
                key: AlertKey {
                    manifest: origin.manifest.clone(),
                    target: None,
                    variable: None,
                    class: AlertClass::Delivery,
                    observer: Some(format!("{}/{name}", origin.by)),
                },
                pin: trouble.what.clone(),
                what,
                next: vec![format!("driftlock alert test --sink {name}")],
                owner: None,
                who: None,
                urgent: true,
            })
        })
        .collect()
}

/// Writes down what was left, and claims what is due. Gives the book and the work.
fn claim(
    books: &mut dyn Books,
    sinks: &Sinks,
    token: &str,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<(AlertBook, Vec<Work>, Instant), String> {
    let mut works = vec![];
    let mut began = Instant::now();
    let mut written: Option<String> = None;
    let book = books.change(&mut |book| {
        works.clear();
        began = Instant::now();
        let at = now();
        let mut next = book.clone();
        let left = sinks.unrecorded.lock().ok();
        let left = left.as_ref().and_then(|left| left.get(&book.id));
        for outcome in left.into_iter().flatten() {
            record::apply(&mut next, outcome);
        }
        written = left.map(|_| book.id.clone());
        let first = next.sinks.is_empty();
        for name in sinks.names() {
            let queue = queue::look_from(&next, sinks, name, first);
            if let Some(work) = queue::claim(&mut next, sinks, name, queue, token, at) {
                works.push(work);
            }
        }
        (next != *book).then_some(next)
    })?;
    if let Some(id) = written
        && let Ok(mut left) = sinks.unrecorded.lock()
    {
        left.remove(&id);
    }
    Ok((book, works, began))
}

/// What could not be written down is kept for the next run.
fn write_down(
    books: &mut dyn Books,
    sinks: &Sinks,
    id: &str,
    mut outcomes: Vec<Outcome>,
    token: &str,
    origin: &Origin,
) -> Result<AlertBook, String> {
    for outcome in &mut outcomes {
        token.clone_into(&mut outcome.token);
        origin.by.clone_into(&mut outcome.by);
    }
    let written = books.change(&mut |book| {
        // a book that was begun anew has other events under the same numbers
        if book.id != id {
            return None;
        }
        let mut next = book.clone();
        for outcome in &outcomes {
            record::apply(&mut next, outcome);
        }
        (next != *book).then_some(next)
    });
    if written.is_err()
        && let Ok(mut left) = sinks.unrecorded.lock()
    {
        left.entry(id.to_owned()).or_default().extend(outcomes);
    }
    written
}

fn count(report: &mut Report, outcome: &Outcome) {
    let of = report.sinks.entry(outcome.sink.clone()).or_default();
    of.delivered += outcome.messages;
    of.failed += u64::from(outcome.fault.is_some());
    of.why = outcome.fault.as_ref().map(|(fault, ..)| fault.what.clone());
    of.delivered_at = outcome.delivered_at;
}
