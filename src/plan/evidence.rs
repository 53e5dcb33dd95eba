//! What may be said about the values of one target: how they compare with our records, and how a
//! plan may show them. The only file of this room that looks into values.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::change::{Glimpse, Unshown};
use super::classify::{Memory, Sight, Stamp};
use crate::model::{
    DesiredVar, Fingerprint, Fingerprinter, LastApplied, LiveVar, Recorded, SecretValue,
    Sensitivity, TargetName, VarName,
};

/// How far the platform's clock and ours may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// One target's records and the means to compare with them.
pub(super) struct Evidence<'a> {
    pub(super) target: &'a TargetName,
    pub(super) fingerprinter: Option<&'a Fingerprinter>,
    pub(super) last: &'a LastApplied,
    /// Whether fingerprints may be printed and stored.
    pub(super) key_trusted: bool,
    /// Declared names that were secret when last applied, anywhere.
    pub(super) were_secret: &'a BTreeSet<&'a VarName>,
}

/// One variable, looked at once: each fingerprint is made at most once.
pub(super) struct Look<'a> {
    pub(super) desired: Option<&'a DesiredVar>,
    pub(super) live: Option<&'a LiveVar>,
    pub(super) recorded: Option<&'a Recorded>,
    desired_print: Option<Fingerprint>,
    live_print: Option<Fingerprint>,
}

impl<'a> Evidence<'a> {
    pub(super) fn look(
        &self,
        name: &VarName,
        desired: Option<&'a DesiredVar>,
        live: Option<&'a LiveVar>,
    ) -> Look<'a> {
        let print = |value: &SecretValue| {
            self.fingerprinter
                .map(|with| with.fingerprint(self.target, name, value))
        };
        let desired_print = desired.and_then(|var| print(&var.value));
        let live_print = match (live, desired) {
            (Some(LiveVar::Value(live)), Some(var)) if *live == var.value => desired_print,
            (Some(LiveVar::Value(live)), _) => print(live),
            _ => None,
        };
        Look {
            desired,
            live,
            recorded: self.last.vars.get(name),
            desired_print,
            live_print,
        }
    }

    pub(super) fn memory(&self, name: &VarName, look: &Look<'_>) -> Memory {
        let Some(recorded) = look.recorded else {
            return if self.is_recorded() {
                Memory::NoVariable
            } else {
                Memory::NoTarget
            };
        };
        if !self.last.comparable || self.fingerprinter.is_none() {
            return Memory::Incomparable;
        }
        let desired = look.desired.is_some_and(|var| {
            self.is_recorded_value(recorded, name, &var.value, look.desired_print)
        });
        let live = match look.live {
            Some(LiveVar::Value(live)) => {
                self.is_recorded_value(recorded, name, live, look.live_print)
            }
            _ => false,
        };
        if recorded.dropped {
            return Memory::Dropped { desired };
        }
        Memory::Known { desired, live }
    }

    /// Whether this target was ever recorded.
    pub(super) fn is_recorded(&self) -> bool {
        self.last.recorded || !self.last.vars.is_empty()
    }

    fn is_recorded_value(
        &self,
        recorded: &Recorded,
        name: &VarName,
        value: &SecretValue,
        print: Option<Fingerprint>,
    ) -> bool {
        // the present key first: former ones are only tried where that one does not fit
        print == Some(recorded.fingerprint)
            || self.fingerprinter.is_some_and(|with| {
                !with.former().is_empty()
                    && with.matches(&recorded.fingerprint, self.target, name, value)
            })
    }

    /// Whether the record says of desired all that a new one would.
    pub(super) fn is_as_recorded(&self, look: &Look<'_>) -> bool {
        let (Some(desired), Some(recorded)) = (look.desired, look.recorded) else {
            return false;
        };
        // a doubt is settled by recording what is there now
        self.last.comparable
            && !self.last.in_doubt
            && look.desired_print == Some(recorded.fingerprint)
            && desired.sequence == recorded.sequence
            && desired.sensitivity == recorded.sensitivity
    }

    /// The desired value as a plan may show it: its text where it is clear and was never secret.
    pub(super) fn after(&self, name: &VarName, look: &Look<'_>) -> Glimpse {
        let Some(desired) = look.desired else {
            return Glimpse::Absent;
        };
        let was_clear = look
            .recorded
            .is_none_or(|recorded| recorded.sensitivity == Sensitivity::Clear);
        if was_clear && self.is_clear(name, desired) {
            return Glimpse::Text(desired.value.expose().to_owned());
        }
        self.print(look.desired_print)
    }

    /// The live value as a plan may show it: its text only where the record says that this name
    /// held a clear value before, or where it is the desired text anyway.
    pub(super) fn before(&self, name: &VarName, look: &Look<'_>) -> Glimpse {
        let live = match look.live {
            None => return Glimpse::Absent,
            Some(LiveVar::Sealed { .. }) => return Glimpse::Sealed,
            Some(LiveVar::Unknown(_)) => return Glimpse::Unknown,
            Some(LiveVar::Value(live)) => live,
        };
        if look.desired.is_some_and(|desired| desired.value == *live) {
            return self.after(name, look);
        }
        let was_clear = look
            .recorded
            .is_some_and(|recorded| recorded.sensitivity == Sensitivity::Clear);
        match look.desired {
            Some(desired) if was_clear && self.is_clear(name, desired) => {
                Glimpse::Text(live.expose().to_owned())
            }
            _ => self.print(look.live_print),
        }
    }

    fn is_clear(&self, name: &VarName, desired: &DesiredVar) -> bool {
        desired.sensitivity == Sensitivity::Clear
            && !self
                .were_secret
                .contains(desired.declared.as_ref().unwrap_or(name))
    }

    fn print(&self, print: Option<Fingerprint>) -> Glimpse {
        match print {
            Some(print) if self.key_trusted => Glimpse::Fingerprint(print),
            _ => Glimpse::Sealed,
        }
    }
}

impl Look<'_> {
    /// What tells the live value from another one, where it can be read.
    pub(super) fn unshown(&self) -> Option<Unshown> {
        self.live_print.map(Unshown)
    }

    /// Live as seen from desired; `None` where it is unknown.
    pub(super) fn sight(&self) -> Option<Sight> {
        Some(match self.live {
            None => Sight::Absent,
            Some(LiveVar::Unknown(_)) => return None,
            Some(LiveVar::Sealed { changed_at }) => {
                let then = self
                    .recorded
                    .map(|then| (then.platform_changed_at, then.at));
                Sight::Sealed(match (changed_at, then) {
                    (Some(now), Some((Some(then), _))) if *now == then => Stamp::Same,
                    // an older stamp is not our write either
                    (Some(_), Some((Some(_), _))) => Stamp::Moved,
                    // readable when we recorded it, and sealed by somebody since
                    (Some(now), Some((None, at))) if at.duration_since(*now) > SKEW => Stamp::Same,
                    (Some(_), Some((None, _))) => Stamp::Moved,
                    (None, _) | (_, None) => Stamp::NoTelling,
                })
            }
            Some(LiveVar::Value(live)) => match self.desired {
                Some(desired) if desired.value != *live => Sight::Other,
                Some(desired) if desired.sealed => Sight::Unsealed,
                Some(_) => Sight::Equal,
                None => Sight::Other,
            },
        })
    }
}
