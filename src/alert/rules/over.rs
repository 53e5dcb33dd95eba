//! What a pass did not see: over, lost from sight, or not looked at; and what nobody needs any more.

use jiff::{SignedDuration, Timestamp};

use super::step::Step;
use super::text::clipped;
use super::{Look, Probed};
use crate::model::{AlertClass, AlertEventKind, AlertKey};

/// Events, mutes and sinks that nobody needs are kept so long.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a pass can say about an alert that it did not see.
enum Answer {
    /// It is over; why, where that is not plain.
    Over(Option<String>),
    /// It was to be looked at, and could not be; why.
    CannotSay(String),
    /// It was not looked at.
    NotAsked,
}

impl Step<'_> {
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
            (AlertClass::Probe, _) => match (coverage.probed.get(target), &key.observer) {
                (Some(Probed::NoMore), _) => {
                    let why = "its probes are not sent any more".to_owned();
                    Answer::Over(Some(why))
                }
                // that nobody answers this one is over as soon as somebody does; what was answered is
                // not over because nobody answers now
                (Some(Probed::Answered(_)), _) | (Some(Probed::Silent(_)), Some(_)) => {
                    Answer::Over(None)
                }
                (None, None) => match look {
                    Some(Look::Unchecked(why)) => Answer::CannotSay(why.clone()),
                    _ => Answer::NotAsked,
                },
                (Some(Probed::Silent(_)), None) | (None, Some(_)) => Answer::NotAsked,
            },
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
    pub(super) fn is_ours(&self, key: &AlertKey) -> bool {
        if !key.class.is_of_observer() && key.observer.is_none() {
            return true;
        }
        let owner = key.observer.as_deref().unwrap_or_default();
        let rest = owner.strip_prefix(self.round.observer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
        let at = self.round.at;
        let Some(alert) = self.next.open.get_mut(key) else {
            return;
        };
        if alert.unchecked.is_some() {
            return;
        }
        alert.unchecked = Some((at, clipped(&why)));
        if told && !alert.muted {
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

    /// What only sinks wait for that nobody serves here, and what has long ended, goes after a while.
    pub(super) fn forget(&mut self) {
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
}
