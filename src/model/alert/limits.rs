//! No book grows for ever, and what is silent in it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Alert, AlertBook, Mute};

impl AlertBook {
    /// So many events are kept for sinks that are behind; a sink that is further behind misses some.
    pub const MAX_EVENTS: usize = 1000;
    /// So many events are kept after every sink has passed them, for people who ask what happened.
    pub const KEPT_EVENTS: usize = 20;
    /// So many alerts are open at once; what more is wrong is counted in `left_out`.
    pub const MAX_OPEN: usize = 1000;
    /// So many mutes hold at once; the oldest go first.
    pub const MAX_MUTES: usize = 500;
    /// So many things are counted before they are told.
    pub const MAX_STRIKES: usize = 1000;
    /// Of so many that are over it is remembered when.
    pub const MAX_CLOSED: usize = 100;
    /// So many times of healing one variable are remembered.
    pub const MAX_HEALS: usize = 16;

    /// The events that somebody may still need are kept, and no book grows for ever. What is dropped
    /// depends on no clock: one that jumps loses nothing.
    pub fn hold_to_limits(&mut self) {
        let passed = self.sinks.values().map(|sink| sink.cursor).min();
        let passed = passed.unwrap_or(self.last_event);
        let count = self.events.len();
        let needed = self.events.iter().filter(|event| event.number > passed);
        let kept = needed.count().clamp(Self::KEPT_EVENTS, Self::MAX_EVENTS);
        self.events.drain(..count.saturating_sub(kept));
        let extra = self.mutes.len().saturating_sub(Self::MAX_MUTES);
        self.mutes.drain(..extra);
        for times in self.heals.values_mut() {
            times.drain(..times.len().saturating_sub(Self::MAX_HEALS));
        }
        self.heals.retain(|_, times| !times.is_empty());
        self.hold_closed();
        self.hold_strikes();
        let open = self.open.values().map(|alert| alert.id.as_str());
        let told = self.events.iter().map(|event| event.alert.id.as_str());
        let spoken: BTreeSet<&str> = open.chain(told).collect();
        for sink in self.sinks.values_mut() {
            sink.threads.retain(|id, _| spoken.contains(id.as_str()));
        }
    }

    /// What keeps this alert silent now, if anything does.
    pub fn mute_of(&self, alert: &Alert, now: Timestamp) -> Option<&Mute> {
        let mut mutes = self.mutes.iter();
        mutes.find(|mute| mute.key == alert.key && mute.pin == alert.pin && mute.holds(now))
    }

    fn hold_closed(&mut self) {
        while self.closed.len() > Self::MAX_CLOSED {
            let oldest = self
                .closed
                .iter()
                .min_by_key(|(_, generation)| **generation);
            let Some((key, generation)) = oldest.map(|(key, at)| (key.clone(), *at)) else {
                return;
            };
            self.closed.remove(&key);
            self.closed_floor = self.closed_floor.max(generation);
        }
    }

    fn hold_strikes(&mut self) {
        while self.strikes.len() > Self::MAX_STRIKES {
            let oldest = self.strikes.iter().min_by_key(|(_, strike)| strike.since);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.strikes.remove(&key);
        }
    }
}
