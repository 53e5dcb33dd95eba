//! One step of a book.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::text::{clipped_who, describe};
use super::{Probed, Round};
use crate::model::{
    Alert, AlertBook, AlertClass, AlertEvent, AlertEventKind, AlertKey, LastProbe, Sighting,
    Strike, Track, to_hex,
};

/// A book on its way.
pub(super) struct Step<'a> {
    pub(super) before: &'a AlertBook,
    pub(super) next: AlertBook,
    pub(super) round: &'a Round<'a>,
    pub(super) sightings: BTreeMap<AlertKey, &'a Sighting>,
    /// The generation that the opinions of this pass are of.
    began: u64,
    left_out: u64,
}

impl<'a> Step<'a> {
    pub(super) fn new(before: &'a AlertBook, round: &'a Round<'a>) -> Self {
        let mut sightings: BTreeMap<AlertKey, &Sighting> = BTreeMap::new();
        for sighting in round.sightings {
            let mut key = sighting.key.clone();
            if key.class.is_of_observer() && key.observer.is_none() {
                key.observer = Some(round.observer.to_owned());
            }
            let kept = sightings.entry(key).or_insert(sighting);
            // two of one key: always the same one, in whatever order they come
            let rank = |one: &Sighting| (!one.urgent, one.pin.clone(), one.what.clone());
            if rank(sighting) < rank(kept) {
                *kept = sighting;
            }
        }
        Self {
            before,
            next: before.clone(),
            round,
            sightings,
            // of another book: nothing that happened to this one was known
            began: match round.began.book == before.id {
                true => round.began.generation,
                false => 0,
            },
            left_out: 0,
        }
    }

    /// The generation that this step makes.
    pub(super) fn generation(&self) -> u64 {
        self.before.generation.saturating_add(1)
    }

    /// Whether nobody changed it since this pass began to look.
    pub(super) fn counts(&self, key: &AlertKey) -> bool {
        let changed = match (self.next.tracks.get(key), self.next.closed.get(key)) {
            (Some(track), _) if self.next.open.contains_key(key) => track.generation,
            (_, Some(closed)) => *closed,
            (_, None) => self.next.closed_floor,
        };
        self.began >= changed
    }

    pub(super) fn take_sightings(&mut self) {
        let sightings = std::mem::take(&mut self.sightings);
        for (key, sighting) in &sightings {
            if !self.counts(key) {
                continue;
            }
            match self.next.open.remove(key) {
                Some(alert) => self.confirm(key, alert, sighting),
                None => self.begin(key, sighting),
            }
        }
        self.sightings = sightings;
    }

    /// Something that is not open yet.
    fn begin(&mut self, key: &AlertKey, sighting: &Sighting) {
        if !self.is_ripe(key, sighting) {
            return;
        }
        if self.next.open.len() >= AlertBook::MAX_OPEN {
            self.left_out += 1;
            return;
        }
        let at = self.round.at;
        let muted = self.is_muted(key, &sighting.pin);
        let mut alert = Alert {
            key: key.clone(),
            id: self.name(key),
            pin: String::new(),
            what: String::new(),
            next: vec![],
            owner: None,
            who: None,
            urgent: false,
            opened_at: at,
            told_at: at,
            unchecked: None,
            muted,
        };
        describe(&mut alert, sighting);
        let track = Track {
            generation: self.generation(),
            told: !muted,
            told_by: self.round.observer.to_owned(),
            seen_by: [self.round.observer.to_owned()].into(),
            seen_in: self.round.revision.to_owned(),
            doubts: 0,
        };
        self.next.closed.remove(key);
        self.next.tracks.insert(key.clone(), track);
        if !muted {
            self.tell(AlertEventKind::Opened, &alert);
        }
        self.next.open.insert(key.clone(), alert);
    }

    /// Whether it was seen often or long enough; else it is counted.
    fn is_ripe(&mut self, key: &AlertKey, sighting: &Sighting) -> bool {
        let at = self.round.at;
        let patience = &self.round.patience;
        let former = self.next.strikes.get(key);
        let count = former.map_or(0, |strike| strike.count).saturating_add(1);
        // a clock that went back begins anew: else it would wait for as long as it went back
        let since = former.map_or(at, |strike| strike.since.min(at));
        let ripe = match key.class {
            AlertClass::Unknown => count >= patience.after,
            // what says no to a credential says so for good; all else may be a service that restarts
            AlertClass::Probe if !sighting.urgent => count >= patience.after,
            AlertClass::Pending | AlertClass::NotRunning if !sighting.urgent => {
                passed(since, at, patience.grace)
            }
            _ => true,
        };
        if ripe {
            self.next.strikes.remove(key);
            return true;
        }
        if former.is_none() && !self.has_room_to_count() {
            self.left_out += 1;
            return false;
        }
        let counted = matches!(key.class, AlertClass::Unknown | AlertClass::Probe);
        let strike = Strike {
            // where time decides, nothing is written for each look
            count: if counted { count } else { 1 },
            since,
            pin: None,
        };
        self.next.strikes.insert(key.clone(), strike);
        false
    }

    /// Where there is none, what others counted first goes: they may be gone for good.
    fn has_room_to_count(&mut self) -> bool {
        if self.next.strikes.len() < AlertBook::MAX_STRIKES {
            return true;
        }
        let strikes = self.next.strikes.iter();
        let of_others = strikes.filter(|(key, _)| !self.is_ours(key));
        let oldest = of_others.min_by_key(|(_, strike)| strike.since);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return false;
        };
        self.next.strikes.remove(&key);
        true
    }

    /// Something that is open, and still is so.
    fn confirm(&mut self, key: &AlertKey, mut alert: Alert, sighting: &Sighting) {
        let (at, observer) = (self.round.at, self.round.observer);
        let mut track = self.next.tracks.remove(key).unwrap_or_default();
        if !track.seen_by.contains(observer) {
            track.seen_by.insert(observer.to_owned());
        }
        self.round.revision.clone_into(&mut track.seen_in);
        track.doubts = 0;
        alert.unchecked = None;
        if track.told_by == observer && alert.told_at > at {
            // the clock went back: what was told is not told again for that
            alert.told_at = at;
        }
        let moved = alert.pin != sighting.pin;
        if moved {
            self.next
                .mutes
                .retain(|mute| mute.key != *key || mute.pin == sighting.pin);
            track.generation = self.generation();
            // whoever did the former one
            alert.who = None;
            describe(&mut alert, sighting);
        }
        let was_muted = std::mem::replace(&mut alert.muted, self.is_muted(key, &sighting.pin));
        let kind = if alert.muted {
            None
        } else if !track.told {
            Some(AlertEventKind::Opened)
        } else if moved {
            Some(AlertEventKind::Changed)
        } else if was_muted || self.is_due(&alert, &track) {
            Some(AlertEventKind::Reminder)
        } else {
            None
        };
        if let Some(kind) = kind {
            // a mute has an end, and it is behind us
            self.next.mutes.retain(|mute| mute.key != *key);
            describe(&mut alert, sighting);
            alert.told_at = at;
            track.told = true;
            observer.clone_into(&mut track.told_by);
            self.tell(kind, &alert);
        } else if alert.who.is_none() {
            alert.who = sighting.who.as_ref().map(clipped_who);
        }
        self.next.tracks.insert(key.clone(), track);
        self.next.open.insert(key.clone(), alert);
    }

    /// Clocks of two machines are not compared: who told it last reminds, and another one only after
    /// twice the time, because that one seems to be gone.
    fn is_due(&self, alert: &Alert, track: &Track) -> bool {
        let Some(remind) = self.round.patience.remind else {
            return false;
        };
        let own = track.told_by == self.round.observer;
        let wait = if own {
            remind
        } else {
            remind.saturating_mul(2)
        };
        passed(alert.told_at, self.round.at, wait)
    }

    /// When the next ones are sent is known to whoever looks at the target next.
    pub(super) fn note_probes(&mut self) {
        let coverage = self.round.coverage;
        if let Some(declared) = &coverage.declared {
            self.next
                .probed
                .retain(|target, _| declared.contains(target));
        }
        for (target, probed) in &coverage.probed {
            match probed {
                Probed::Answered(mark) | Probed::Silent(mark) => {
                    let last = LastProbe {
                        at: self.round.at,
                        mark: mark.clone(),
                    };
                    self.next.probed.insert(target.clone(), last);
                }
                Probed::NoMore => drop(self.next.probed.remove(target)),
            }
        }
    }

    pub(super) fn finish(mut self) -> Option<AlertBook> {
        self.next.left_out = self.left_out;
        if self.next == *self.before {
            return None;
        }
        self.forget();
        self.next.hold_to_limits();
        Some(self.next)
    }

    pub(super) fn is_muted(&self, key: &AlertKey, pin: &str) -> bool {
        let at = self.round.at;
        let mut mutes = self.next.mutes.iter();
        mutes.any(|mute| mute.key == *key && mute.pin == pin && mute.holds(at))
    }

    pub(super) fn tell(&mut self, kind: AlertEventKind, alert: &Alert) {
        self.next.last_event += 1;
        self.next.events.push(AlertEvent {
            number: self.next.last_event,
            at: self.round.at,
            kind,
            alert: alert.clone(),
        });
    }

    /// One that no other alert of any book has.
    fn name(&self, key: &AlertKey) -> String {
        let key = serde_json::to_vec(key).unwrap_or_default();
        let mut digest = Sha256::new();
        for part in [self.before.id.as_bytes(), &key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.update(self.generation().to_be_bytes());
        to_hex(&digest.finalize()[..6])
    }
}

/// Whether `wait` lies between the two.
fn passed(since: Timestamp, at: Timestamp, wait: Duration) -> bool {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.duration_since(since) >= wait
}
