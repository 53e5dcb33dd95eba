//! What one sink has not had, in which messages. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{CLAIM, FURTHEST, MOST_MESSAGES};
use crate::alert::message::Subject;
use crate::alert::sinks::Sinks;
use crate::model::{Alert, AlertBook, AlertEvent, AlertEventKind, SinkState};

/// So many events one message is about at most.
const MOST_DIGEST: usize = 100;

/// What one sink has not had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Queue {
    /// The messages, in order.
    pub(super) parts: Vec<Subject>,
    /// Events that are not for it.
    pub(super) skipped: BTreeSet<u64>,
    /// Where it starts anew, since what came before cannot be told one by one.
    pub(super) restart: Option<u64>,
    /// Events that wait.
    pub(super) waiting: u64,
}

/// What one sink is to be sent, by who has claimed it.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) sink: String,
    /// As it is with the claim.
    pub(super) state: SinkState,
    pub(super) parts: Vec<Subject>,
    /// The newest event when it was claimed.
    pub(super) newest: u64,
}

/// What a sink has not had.
pub(super) fn look(book: &AlertBook, sinks: &Sinks, name: &str) -> Queue {
    look_from(book, sinks, name, book.sinks.is_empty())
}

/// The same, where it is known whether anybody was ever told anything: in a book that nobody was told
/// from, and in which everything only began, a new sink begins with the first event; later ones, and
/// those of a book with a history, begin with what is open.
pub(super) fn look_from(book: &AlertBook, sinks: &Sinks, name: &str, first: bool) -> Queue {
    let new = SinkState::default();
    let state = book.sinks.get(name);
    let only_began = || {
        let mut events = book.events.iter();
        events.all(|event| event.kind == AlertEventKind::Opened)
    };
    let is_late = state.is_none() && !(first && only_began());
    let state = state.unwrap_or(&new);
    let has_next = |number| book.events.iter().any(|event| event.number == number);
    let is_behind = state.cursor < book.last_event;
    if is_behind && (is_late || !has_next(state.cursor + 1)) {
        return standing(book, sinks, name);
    }
    let (wanted, skipped) = sort(book, sinks, name, state);
    let waiting = wanted.len() as u64;
    let only_opened = sinks.sinks.get(name).is_none_or(|sink| sink.threads());
    Queue {
        parts: gather(wanted, sinks.alerting.digest as usize, only_opened),
        skipped,
        restart: None,
        waiting,
    }
}

/// A sink that is new, or so far behind that events it did not have are gone.
fn standing(book: &AlertBook, sinks: &Sinks, name: &str) -> Queue {
    let open: Vec<Alert> = book
        .open
        .values()
        .filter(|alert| !alert.muted && sinks.alerting.routes_to(alert, name))
        .cloned()
        .collect();
    let waiting = open.len() as u64;
    Queue {
        parts: match open.is_empty() {
            true => vec![],
            false => vec![Subject::Standing(open)],
        },
        skipped: BTreeSet::new(),
        restart: Some(book.last_event),
        waiting,
    }
}

/// Events that are for this sink, and those that are not.
fn sort<'a>(
    book: &'a AlertBook,
    sinks: &Sinks,
    name: &str,
    state: &SinkState,
) -> (Vec<&'a AlertEvent>, BTreeSet<u64>) {
    let mut told: BTreeSet<&str> = state.threads.keys().map(String::as_str).collect();
    let (mut wanted, mut skipped) = (vec![], BTreeSet::new());
    for event in book
        .events
        .iter()
        .filter(|event| event.number > state.cursor)
    {
        let alert = &event.alert;
        let is_for_it = match event.kind {
            // who was told that it began is told that it is over, wherever alerts go by now
            AlertEventKind::Resolved => told.remove(alert.id.as_str()),
            _ if alert.muted || is_muted_since(book, alert) => false,
            _ => sinks.alerting.routes_to(alert, name),
        };
        if is_for_it && event.kind != AlertEventKind::Resolved {
            told.insert(&alert.id);
        }
        if state.ahead.contains(&event.number) {
            continue;
        }
        if is_for_it {
            wanted.push(event);
        } else {
            skipped.insert(event.number);
        }
    }
    (wanted, skipped)
}

/// Whether somebody muted it while its message waited: if it still is so when the mute ends, that is
/// told then.
fn is_muted_since(book: &AlertBook, alert: &Alert) -> bool {
    let open = book.open.get(&alert.key);
    open.is_some_and(|open| open.muted && open.id == alert.id)
}

/// One message for each event, or for many of one kind. The order of the events of one alert is kept.
fn gather(wanted: Vec<&AlertEvent>, digest: usize, only_opened: bool) -> Vec<Subject> {
    let mut kinds: BTreeMap<AlertEventKind, Vec<&AlertEvent>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for event in &wanted {
        // an event with an earlier one of its alert before it stays behind that
        if seen.insert(event.alert.id.as_str())
            && (!only_opened || event.kind == AlertEventKind::Opened)
        {
            kinds.entry(event.kind).or_default().push(event);
        }
    }
    kinds.retain(|_, events| digest > 0 && events.len() >= digest.max(2));
    let joined: BTreeSet<u64> = kinds.values().flatten().map(|event| event.number).collect();
    let mut parts: Vec<Subject> = kinds
        .into_iter()
        .flat_map(|(kind, events)| {
            let pages = events.chunks(MOST_DIGEST);
            let page = |page: &[&AlertEvent]| {
                Subject::Digest(kind, page.iter().map(|event| (*event).clone()).collect())
            };
            pages.map(page).collect::<Vec<_>>()
        })
        .collect();
    let single = wanted
        .into_iter()
        .filter(|event| !joined.contains(&event.number));
    parts.extend(single.map(|event| Subject::Event(Box::new(event.clone()))));
    parts
}

/// Whether a claim until then holds now.
pub(super) fn holds(until: Timestamp, now: Timestamp) -> bool {
    until > now && until <= now + FURTHEST
}

/// Until when it is left alone; what a clock said that was set back since does not count.
pub(super) fn waits_until(state: &SinkState, now: Timestamp) -> Option<Timestamp> {
    let is_behind = state.tried_at.is_some_and(|tried| tried > now);
    let next = state.next_try.filter(|_| !is_behind);
    next.filter(|next| is_near(*next, now))
}

/// Passes over what is not for it, and claims the sink where something is due.
pub(super) fn claim(
    book: &mut AlertBook,
    sinks: &Sinks,
    name: &str,
    queue: Queue,
    token: &str,
    at: Timestamp,
) -> Option<Work> {
    if !sinks.sinks.contains_key(name) {
        return None;
    }
    let newest = book.last_event;
    let state = book.sinks.entry(name.to_owned()).or_default();
    if queue.parts.is_empty() {
        if let Some(restart) = queue.restart {
            state.cursor = state.cursor.max(restart);
            state.ahead.clear();
        }
        super::record::advance(state, queue.skipped, newest);
        return None;
    }
    let is_held = (state.claim.as_ref()).is_some_and(|(_, until)| holds(*until, at));
    let is_early = waits_until(state, at).is_some_and(|next| next > at);
    if is_held || is_early {
        return None;
    }
    state.claim = Some((token.to_owned(), at + CLAIM));
    if queue.restart.is_none() {
        super::record::advance(state, queue.skipped, newest);
    }
    Some(Work {
        sink: name.to_owned(),
        state: state.clone(),
        parts: queue.parts.into_iter().take(MOST_MESSAGES).collect(),
        newest,
    })
}

/// A wait that is longer than any was written by a clock that is wrong.
fn is_near(next: Timestamp, now: Timestamp) -> bool {
    next <= now + super::record::LONGEST_ASKED * 2
}
