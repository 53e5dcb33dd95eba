//! What is drawn before the loop begins: how places answer and what is wrong there, and what an onlooker who
//! misses nothing would say of it.

use std::collections::BTreeMap;
use std::time::Duration;

use driftlock::model::AlertKey;
use driftlock::reconcile::schedule::Entry;
use jiff::SignedDuration;
use rand::Rng;
use rand::rngs::StdRng;

use super::{DAY, HOUR, Key, MINUTE};

/// How a place answers for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    Fine,
    /// Too many requests; come back after so long.
    Busy(Duration),
    /// 5xx, each of a few tries.
    Broken,
    /// No answer within a minute.
    Silent,
}

/// A time from, to, by the loop's clock.
pub(super) type Span = (Duration, Duration);

/// What is drawn before the loop begins.
pub(super) struct Fate {
    /// By connection, in order, without overlaps.
    pub(super) weather: BTreeMap<String, Vec<(Span, Weather)>>,
    /// When nothing at all answers.
    pub(super) night: Span,
    /// By target, in order, with a pin each, without overlaps.
    pub(super) drifts: BTreeMap<Key, Vec<(Span, String)>>,
    /// From then on the wall clock is off by so much.
    pub(super) jumps: Vec<(Duration, SignedDuration)>,
}

/// What an onlooker who misses nothing would have been told, by key.
#[derive(Default)]
pub(super) struct Oracle {
    pub(super) open: BTreeMap<AlertKey, String>,
    pub(super) failing: BTreeMap<Key, u32>,
    pub(super) opened: BTreeMap<AlertKey, u64>,
    pub(super) resolved: BTreeMap<AlertKey, u64>,
}

impl Oracle {
    pub(super) fn open(&mut self, key: AlertKey, pin: &str) {
        if self.open.insert(key.clone(), pin.to_owned()).is_none() {
            *self.opened.entry(key).or_default() += 1;
        }
    }

    pub(super) fn close(&mut self, key: &AlertKey) {
        if self.open.remove(key).is_some() {
            *self.resolved.entry(key.clone()).or_default() += 1;
        }
    }
}

impl Fate {
    pub(super) fn draw(entries: &[Entry], end: Duration, chance: &mut StdRng) -> Self {
        let mut weather: BTreeMap<String, Vec<(Span, Weather)>> = BTreeMap::new();
        for entry in entries {
            if weather.contains_key(&entry.connection) || entry.key.1.as_str() == "extra" {
                continue;
            }
            let mut spans = vec![];
            let mut at = HOUR.mul_f64(chance.gen_range(0.5..6.0));
            while at < end {
                let long = MINUTE * chance.gen_range(2..90);
                let kind = match chance.gen_range(0..4) {
                    0 => Weather::Busy(Duration::from_secs(chance.gen_range(1..3600))),
                    1 => Weather::Broken,
                    2 => Weather::Silent,
                    _ => Weather::Fine,
                };
                spans.push(((at, at + long), kind));
                at += long + HOUR.mul_f64(chance.gen_range(1.0..12.0));
            }
            weather.insert(entry.connection.clone(), spans);
        }
        // one is away for a day
        if let Some(spans) = weather.values_mut().next() {
            *spans = vec![((4 * HOUR, 4 * HOUR + DAY), Weather::Broken)];
        }
        let mut drifts: BTreeMap<Key, Vec<(Span, String)>> = BTreeMap::new();
        for (number, entry) in entries.iter().enumerate() {
            // one that is taken away has its own end
            if number % 3 != 0 || entry.key.1.as_str() == "extra" {
                continue;
            }
            let mut at = HOUR.mul_f64(chance.gen_range(0.2..8.0));
            let mut all = vec![];
            while at < end {
                let long = MINUTE * chance.gen_range(15..600);
                all.push(((at, at + long), format!("pin {}", all.len())));
                at += long + HOUR.mul_f64(chance.gen_range(1.0..20.0));
            }
            drifts.insert(entry.key.clone(), all);
        }
        let hours = SignedDuration::from_hours;
        Self {
            weather,
            // the last hours are fine, so that everything can end
            night: (end / 3, end / 3 + (end / 7).min(DAY)),
            drifts,
            jumps: vec![
                (end / 6, hours(-1)),
                (end / 4, hours(26)),
                (end / 2, hours(0)),
                (end * 2 / 3, hours(-30)),
                (end * 3 / 4, hours(0)),
            ],
        }
    }

    /// Nothing is wrong in the last hours.
    pub(super) fn calm(&mut self, from: Duration) {
        for spans in self.weather.values_mut() {
            spans.retain(|((begin, _), _)| *begin < from);
            for ((_, end), _) in spans {
                *end = (*end).min(from);
            }
        }
        for spans in self.drifts.values_mut() {
            spans.retain(|((begin, _), _)| *begin < from);
            for ((_, end), _) in spans {
                *end = (*end).min(from);
            }
        }
    }

    pub(super) fn weather(&self, connection: &str, at: Duration) -> Weather {
        if within(self.night, at) && !connection.starts_with("extra") {
            return Weather::Silent;
        }
        let spans = self.weather.get(connection).into_iter().flatten();
        let mut now = spans.filter(|(span, _)| within(*span, at));
        now.next().map_or(Weather::Fine, |(_, weather)| *weather)
    }

    pub(super) fn drift(&self, key: &Key, at: Duration) -> Option<&str> {
        let spans = self.drifts.get(key).into_iter().flatten();
        let mut now = spans.filter(|(span, _)| within(*span, at));
        now.next().map(|(_, pin)| pin.as_str())
    }
}

pub(super) fn within((begin, end): Span, at: Duration) -> bool {
    begin <= at && at < end
}
