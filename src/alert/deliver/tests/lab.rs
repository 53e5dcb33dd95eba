//! A book in memory, and sinks that remember what they got.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::alert::deliver::{Origin, Report, run};
use crate::alert::{Books, Fault, Message, Sink, Sinks, Subject};
use crate::model::{Alert, AlertBook, AlertClass, AlertEvent, AlertEventKind, AlertKey, Alerting};

/// A book that several can hold.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    pub(super) book: Arc<Mutex<AlertBook>>,
    /// What the next changes come to: `false` fails after the change was tried.
    pub(super) fate: Arc<Mutex<VecDeque<bool>>>,
}

impl Books for Shelf {
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        let mut book = self.book.lock().unwrap();
        let works = self.fate.lock().unwrap().pop_front().unwrap_or(true);
        // a try that somebody else came before: what it says counts for nothing
        drop(change(&AlertBook::default()));
        let changed = change(&book);
        if !works {
            return Err("write the journal: it is away".to_owned());
        }
        if let Some(next) = changed {
            let generation = book.generation + 1;
            *book = next;
            book.generation = generation;
        }
        Ok(book.clone())
    }
}

impl Shelf {
    pub(super) fn new() -> Self {
        let shelf = Self::default();
        shelf.book.lock().unwrap().id = "b00c".to_owned();
        shelf
    }

    /// These sinks were there before anything happened.
    pub(super) fn knows(&self, sinks: &[&str]) {
        let mut book = self.book.lock().unwrap();
        for sink in sinks {
            book.sinks.entry((*sink).to_owned()).or_default();
        }
    }

    /// Something happens to the alert of a variable.
    pub(super) fn event(&self, kind: AlertEventKind, name: &str, at: Timestamp) -> u64 {
        let mut book = self.book.lock().unwrap();
        let alert = alert(name, at);
        match kind {
            AlertEventKind::Resolved => drop(book.open.remove(&alert.key)),
            _ => drop(book.open.insert(alert.key.clone(), alert.clone())),
        }
        book.last_event += 1;
        book.generation += 1;
        let number = book.last_event;
        book.events.push(AlertEvent {
            number,
            at,
            kind,
            alert,
        });
        number
    }

    pub(super) fn state(&self, sink: &str) -> crate::model::SinkState {
        let book = self.book.lock().unwrap();
        book.sinks.get(sink).cloned().unwrap_or_default()
    }
}

pub(super) fn alert(name: &str, at: Timestamp) -> Alert {
    Alert {
        key: AlertKey {
            manifest: "prod".parse().unwrap(),
            target: Some("api".parse().unwrap()),
            variable: Some(name.parse().unwrap()),
            class: AlertClass::Drift,
            observer: None,
        },
        id: format!("id-{name}"),
        pin: "pin".to_owned(),
        what: format!("{name} was changed"),
        next: vec!["driftlock apply".to_owned()],
        owner: None,
        who: None,
        urgent: true,
        opened_at: at,
        told_at: at,
        unchecked: None,
        muted: false,
    }
}

/// What a sink got, in one line: `opened A`, `digest opened A B`, `standing A B`.
pub(super) fn line(message: &Message) -> String {
    let names = |alerts: Vec<&Alert>| -> String {
        let names = alerts
            .iter()
            .map(|alert| alert.id.trim_start_matches("id-"));
        names.collect::<Vec<_>>().join(" ")
    };
    let kind = |kind: AlertEventKind| format!("{kind:?}").to_lowercase();
    let all = names(message.subject.alerts());
    match &message.subject {
        Subject::Event(event) => format!("{} {all}", kind(event.kind)),
        Subject::Digest(of, _) => format!("digest {} {all}", kind(*of)),
        Subject::Standing(_) => format!("standing {all}"),
        Subject::Test => "test".to_owned(),
    }
}

/// What was said, and below what.
type Got = (String, Option<String>);

/// Remembers, takes its time, and fails by script.
#[derive(Clone, Default)]
pub(super) struct Tray {
    pub(super) got: Arc<Mutex<Vec<Got>>>,
    pub(super) tries: Arc<Mutex<u32>>,
    pub(super) faults: Arc<Mutex<VecDeque<Option<Fault>>>>,
    /// How long the next sends take, in seconds.
    pub(super) takes: Arc<Mutex<VecDeque<u64>>>,
    pub(super) threads: bool,
}

impl Tray {
    pub(super) fn lines(&self) -> Vec<String> {
        let got = self.got.lock().unwrap();
        got.iter().map(|(line, _)| line.clone()).collect()
    }

    pub(super) fn fails(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults
            .lock()
            .unwrap()
            .extend(faults.into_iter().map(Some));
    }
}

#[async_trait]
impl Sink for Tray {
    fn kind(&self) -> &'static str {
        "tray"
    }

    fn threads(&self) -> bool {
        self.threads
    }

    async fn send(&self, message: &Message, below: Option<&str>) -> Result<Option<String>, Fault> {
        *self.tries.lock().unwrap() += 1;
        let takes = self.takes.lock().unwrap().pop_front().unwrap_or(0);
        tokio::time::sleep(Duration::from_secs(takes)).await;
        if let Some(Some(fault)) = self.faults.lock().unwrap().pop_front() {
            return Err(fault);
        }
        let mut got = self.got.lock().unwrap();
        got.push((line(message), below.map(str::to_owned)));
        let name = (self.threads && below.is_none()).then(|| format!("C/{}", got.len()));
        Ok(name)
    }

    async fn prove(&self, _: &Message) -> Result<String, Fault> {
        Ok(String::new())
    }
}

/// A clock that goes as tokio's does.
#[derive(Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.0.elapsed()
    }
}

pub(super) fn origin(by: &str) -> Origin {
    Origin {
        by: by.to_owned(),
        manifest: "prod".parse().unwrap(),
        revision: Some("abc".to_owned()),
    }
}

pub(super) fn sinks(trays: &[(&str, &Tray)], alerting: Alerting) -> Sinks {
    let ready: BTreeMap<String, Box<dyn Sink>> = trays
        .iter()
        .map(|(name, tray)| {
            let sink: Box<dyn Sink> = Box::new((*tray).clone());
            ((*name).to_owned(), sink)
        })
        .collect();
    Sinks::new(alerting, ready)
}

/// One run of one reconciler.
pub(super) async fn deliver(shelf: &Shelf, sinks: &Sinks, clock: Clock) -> Report {
    let now = move || clock.now();
    run(&mut shelf.clone(), sinks, &origin("me@here"), &now).await
}

/// Runs until nothing is left to do.
pub(super) async fn deliver_all(shelf: &Shelf, sinks: &Sinks, clock: Clock) -> Report {
    loop {
        let report = deliver(shelf, sinks, clock).await;
        let Some(next) = report.next else {
            return report;
        };
        let wait = next.duration_since(clock.now());
        tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
    }
}
