//! Who is told, with moods, and a book that outlives the loop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use driftlock::alert::{Books, Fault, Message, Sink};
use driftlock::model::{AlertBook, AlertEventKind, AlertKey};

use super::MINUTE;

#[derive(Default)]
pub(super) struct Received {
    /// By book: numbers, each once.
    pub(super) numbers: BTreeMap<String, BTreeSet<u64>>,
    pub(super) twice: u64,
    pub(super) opened: BTreeMap<AlertKey, u64>,
    pub(super) resolved: BTreeMap<AlertKey, u64>,
    pub(super) messages: u64,
    pub(super) tries: u64,
}

/// Refuses every seventh message, and asks for a minute at every thirteenth.
pub(super) struct Receiver(pub(super) Arc<Mutex<Received>>);

#[async_trait]
impl Sink for Receiver {
    fn kind(&self) -> &'static str {
        "receiver"
    }

    async fn send(&self, message: &Message, _: Option<&str>) -> Result<Option<String>, Fault> {
        let mut received = self.0.lock().unwrap();
        received.tries += 1;
        if received.tries.is_multiple_of(13) {
            return Err(Fault::passes("too many").after(Some(MINUTE)));
        }
        if received.tries.is_multiple_of(7) {
            return Err(Fault::passes("not now"));
        }
        received.messages += 1;
        for event in message.subject.events() {
            let numbers = received.numbers.entry(message.book.clone()).or_default();
            if !numbers.insert(event.number) {
                received.twice += 1;
            }
            let key = event.alert.key.clone();
            match event.kind {
                AlertEventKind::Opened => *received.opened.entry(key).or_default() += 1,
                AlertEventKind::Resolved => *received.resolved.entry(key).or_default() += 1,
                _ => {}
            }
        }
        Ok(None)
    }

    async fn prove(&self, _: &Message) -> Result<String, Fault> {
        Ok(String::new())
    }
}

/// A book that lives as long as the journal would.
#[derive(Clone)]
pub(super) struct Shelf(pub(super) Arc<Mutex<AlertBook>>);

impl Shelf {
    pub(super) fn book(&self) -> AlertBook {
        self.0.lock().unwrap().clone()
    }
}

impl Books for Shelf {
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        let mut held = self.0.lock().unwrap();
        if let Some(mut next) = change(&held) {
            next.generation = held.generation + 1;
            *held = next;
        }
        Ok(held.clone())
    }
}
