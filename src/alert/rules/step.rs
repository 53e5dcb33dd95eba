//! One step of a book.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::{Look, Round};
use crate::model::{
    Alert, AlertBook, AlertClass, AlertEvent, AlertEventKind, AlertKey, Sighting, Strike, Track,
    Who, to_hex,
};

/// A text that came from elsewhere is no longer than this, in characters.
const LONGEST: usize = 400;
/// So many commands go with an alert.
const COMMANDS: usize = 4;
/// Events, mutes and sinks that nobody needs are kept so long.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A book on its way.
pub(super) struct Step<'a> {
    before: &'a AlertBook,
    next: AlertBook,
    round: &'a Round<'a>,
    sightings: BTreeMap<AlertKey, &'a Sighting>,
    /// The generation that the opinions of this pass are of.
    began: u64,
    left_out: u64,
}

/// What a pass can say about an alert that it did not see.
enum Answer {
    /// It is over; why, where that is not plain.
    Over(Option<String>),
    /// It was to be looked at, and could not be; why.
    CannotSay(String),
    /// It was not looked at.
    NotAsked,
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
    fn generation(&self) -> u64 {
        self.before.generation.saturating_add(1)
    }

    /// Whether nobody changed it since this pass began to look.
    fn counts(&self, key: &AlertKey) -> bool {
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
            AlertClass::Pending | AlertClass::NotRunning if !sighting.urgent => {
                passed(since, at, patience.grace)
            }
            _ => true,
        };
        if ripe {
            self.next.strikes.remove(key);
            return true;
        }
        let counted = key.class == AlertClass::Unknown;
        let strike = Strike {
            // where time decides, nothing is written for each look
            count: if counted { count } else { 1 },
            since,
            pin: None,
        };
        self.next.strikes.insert(key.clone(), strike);
        false
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

    pub(super) fn take_what_is_over(&mut self) {
        let unseen: Vec<AlertKey> = (self.next.open.keys())
            .filter(|key| !self.sightings.contains_key(*key))
            .cloned()
            .collect();
        for key in unseen {
            if !self.counts(&key) {
                continue;
            }
            match self.answer(&key) {
                Answer::Over(why) => self.resolve(&key, why),
                Answer::CannotSay(why) => self.lose_sight(&key, why),
                Answer::NotAsked => {}
            }
        }
    }

    fn answer(&self, key: &AlertKey) -> Answer {
        let coverage = self.round.coverage;
        let whole = |class| match coverage.classes.contains(&class) {
            true => Answer::Over(None),
            false => Answer::NotAsked,
        };
        let Some(target) = &key.target else {
            return match self.is_ours(key) {
                true => whole(key.class),
                false => Answer::NotAsked,
            };
        };
        if (coverage.declared.as_ref()).is_some_and(|declared| !declared.contains(target)) {
            let why = format!("{target} is no longer a target of the manifest");
            return Answer::Over(Some(why));
        }
        if !self.is_ours(key) {
            return Answer::NotAsked;
        }
        let look = coverage.targets.get(target);
        match (key.class, look) {
            (
                AlertClass::Expiry
                | AlertClass::Rotation
                | AlertClass::Manifest
                | AlertClass::Journal
                | AlertClass::Delivery,
                _,
            ) => whole(key.class),
            (_, Some(Look::Unchecked(why))) => Answer::CannotSay(why.clone()),
            (AlertClass::Held | AlertClass::Failed | AlertClass::Brake, _) => {
                match coverage.acted.contains(target) {
                    true => Answer::Over(None),
                    false => Answer::NotAsked,
                }
            }
            (_, None) => Answer::NotAsked,
            (_, Some(Look::Checked { unread, left_out })) => match &key.variable {
                Some(name) if left_out.contains(name) => Answer::NotAsked,
                Some(name) if unread.contains(name) => {
                    Answer::CannotSay(format!("{name} could not be read"))
                }
                // about all of it, and all of it was not asked for
                None if !left_out.is_empty() => Answer::NotAsked,
                _ => Answer::Over(None),
            },
        }
    }

    /// Whether this reconciler may say anything about it.
    fn is_ours(&self, key: &AlertKey) -> bool {
        if !key.class.is_of_observer() {
            return true;
        }
        let owner = key.observer.as_deref().unwrap_or_default();
        let rest = owner.strip_prefix(self.round.observer);
        rest.is_some_and(|rest| {
            rest.is_empty() || key.class == AlertClass::Delivery && rest.starts_with('/')
        })
    }

    fn resolve(&mut self, key: &AlertKey, why: Option<String>) {
        let mut track = self.next.tracks.get(key).cloned().unwrap_or_default();
        let stranger = !track.seen_by.contains(self.round.observer);
        if stranger && track.seen_in != self.round.revision {
            // one of the two has an old checkout, and nobody can say which
            track.doubts = track.doubts.saturating_add(1);
            let convinced = track.doubts >= self.round.patience.after;
            self.next.tracks.insert(key.clone(), track.clone());
            if !convinced {
                return;
            }
        }
        let Some(mut alert) = self.next.open.remove(key) else {
            return;
        };
        self.next.tracks.remove(key);
        self.next.closed.insert(key.clone(), self.generation());
        if let Some(why) = why {
            alert.what = clipped(&format!("{}; {why}", alert.what));
        }
        if track.told && !self.is_muted(key, &alert.pin) {
            alert.muted = false;
            self.tell(AlertEventKind::Resolved, &alert);
        }
    }

    /// Told once, when the last one who saw it has lost sight of it for good.
    fn lose_sight(&mut self, key: &AlertKey, why: String) {
        if key.class.is_of_observer() || !self.is_blind(key) {
            return;
        }
        let Some(track) = self.next.tracks.get_mut(key) else {
            return;
        };
        let told = track.told;
        if !track.seen_by.remove(self.round.observer) || !track.seen_by.is_empty() {
            return;
        }
        let (at, muted) = (self.round.at, |alert: &Alert| alert.muted);
        let Some(alert) = self.next.open.get_mut(key) else {
            return;
        };
        if alert.unchecked.is_some() {
            return;
        }
        alert.unchecked = Some((at, clipped(&why)));
        if told && !muted(alert) {
            let alert = alert.clone();
            self.tell(AlertEventKind::CouldNotCheck, &alert);
        }
    }

    /// Whether it is open that this reconciler cannot read the target or the variable: a look that
    /// failed once is nothing to tell.
    fn is_blind(&self, key: &AlertKey) -> bool {
        let unknown = |variable| AlertKey {
            manifest: key.manifest.clone(),
            target: key.target.clone(),
            variable,
            class: AlertClass::Unknown,
            observer: Some(self.round.observer.to_owned()),
        };
        let open = &self.next.open;
        open.contains_key(&unknown(None)) || open.contains_key(&unknown(key.variable.clone()))
    }

    pub(super) fn take_back_strikes(&mut self) {
        let strikes = std::mem::take(&mut self.next.strikes);
        let kept = strikes.into_iter().filter(|(key, _)| {
            let over = matches!(self.answer(key), Answer::Over(_));
            self.sightings.contains_key(key) || !over
        });
        let kept = kept.collect();
        self.next.strikes = kept;
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

    /// What only sinks wait for that nobody serves here, and what has long ended, goes after a while.
    fn forget(&mut self) {
        let at = self.round.at;
        let is_stale = |since: Timestamp| at.duration_since(since) > STALE;
        let known = self.next.sinks.iter();
        let known = known.filter(|(name, _)| self.round.sinks.contains(*name));
        let passed = known.map(|(_, sink)| sink.cursor).min();
        let passed = passed.unwrap_or(self.before.last_event);
        self.next
            .events
            .retain(|event| event.number > passed || !is_stale(event.at));
        if let Some(first) = self.next.events.first().map(|event| event.number) {
            let behind = |cursor: u64| cursor.saturating_add(1) < first;
            let sinks = self.round.sinks;
            (self.next.sinks).retain(|name, sink| sinks.contains(name) || !behind(sink.cursor));
        }
        let open = &self.next.open;
        self.next
            .mutes
            .retain(|mute| open.contains_key(&mute.key) || !is_stale(mute.until));
    }

    fn is_muted(&self, key: &AlertKey, pin: &str) -> bool {
        let at = self.round.at;
        let mut mutes = self.next.mutes.iter();
        mutes.any(|mute| mute.key == *key && mute.pin == pin && mute.holds(at))
    }

    fn tell(&mut self, kind: AlertEventKind, alert: &Alert) {
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

fn describe(alert: &mut Alert, sighting: &Sighting) {
    alert.pin.clone_from(&sighting.pin);
    alert.what = clipped(&sighting.what);
    // half a command is none
    let whole = |one: &&String| one.chars().count() <= LONGEST;
    let next = sighting.next.iter().filter(whole).take(COMMANDS);
    alert.next = next.cloned().collect();
    alert.owner = sighting.owner.as_deref().map(clipped);
    if let Some(who) = &sighting.who {
        alert.who = Some(clipped_who(who));
    }
    alert.urgent = sighting.urgent;
}

fn clipped_who(who: &Who) -> Who {
    Who {
        by: who.by.as_deref().map(clipped),
        source: clipped(&who.source),
        ..who.clone()
    }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
