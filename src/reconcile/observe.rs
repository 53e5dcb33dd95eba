//! What this machine saw, kept for the others and for `status --journal`: of the targets that only it
//! can read, and of all of them where a scheduled run looks. And what was kept, compared with what is
//! desired now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::event::{Freshness, SeenTarget, Sight, Then};
use super::pass::{Memory, Pass};
use super::targets::{Located, Visibility};
use crate::journal::{
    Authenticator, Journal, JournalError, Observation, Observations, Scope, Sighting, Was,
};
use crate::manifest::TargetSpec;
use crate::model::{
    Completeness, Desired, Fingerprinter, LastApplied, Live, LiveVar, Machine, TargetName, VarName,
};
use crate::plan::LiveState;

/// How long another machine's report counts where the manifest does not say.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How far the clocks of two machines may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Of which targets what was seen is kept.
#[derive(Debug, Clone, Copy)]
pub enum Keeps<'a> {
    /// Of those that no other machine can read: what every command does.
    Own,
    /// Of all that were read: what scheduled runs do.
    Every {
        /// This machine.
        machine: &'a str,
        /// An observation that says nothing new is kept again once the former one is so old; never
        /// later than after a tenth of `stale_after`. A shared journal is pushed to each time.
        refresh: SignedDuration,
    },
}

impl<'a> Keeps<'a> {
    /// As whom this machine keeps what it read of a target; `None` where it does not.
    fn observer(self, located: &'a Located) -> Option<&'a str> {
        machine(located).or(match self {
            Self::Own => None,
            Self::Every { machine, .. } => Some(machine),
        })
    }

    fn refresh(self, stale_after: SignedDuration) -> SignedDuration {
        let usual = stale_after / 10;
        match self {
            Self::Own => usual,
            Self::Every { refresh, .. } => refresh.min(usual),
        }
    }
}

/// How an observation is kept.
#[derive(Debug, Clone, Copy)]
pub struct Keeping<'a> {
    /// Of what.
    pub keeps: Keeps<'a>,
    /// Makes the fingerprints, and proves it: a key that others have, too.
    pub with: &'a Fingerprinter,
    /// Under which manifest.
    pub scope: &'a Scope,
    /// When it was read.
    pub now: Timestamp,
}

/// Of which targets it is asked what was seen of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Those that this machine cannot read.
    Elsewhere,
    /// All of them, whoever saw them last.
    All,
}

/// Whether any target of these can be read by one machine only: without one there is nothing to
/// keep for others and nothing to ask them.
pub fn concerns(located: &[Located]) -> bool {
    located.iter().any(|located| machine(located).is_some())
}

fn machine(located: &Located) -> Option<&str> {
    match located.target.address.machine()? {
        Machine::Named(name) => Some(name),
        Machine::Any | Machine::Host(_) => None,
    }
}

fn stale_after(spec: &TargetSpec) -> SignedDuration {
    spec.stale_after
        .and_then(|after| SignedDuration::try_from(after).ok())
        .unwrap_or(STALE_AFTER)
}

/// What was last seen, by target: of other machines' targets, or of all.
pub fn seen(
    pass: &Pass<'_>,
    memory: &Memory,
    kept: &Observations,
    wants: Wants,
    now: Timestamp,
) -> BTreeMap<TargetName, SeenTarget> {
    let mut all = BTreeMap::new();
    for (located, spec) in pass.located.iter().zip(&pass.loaded.manifest.targets) {
        let elsewhere = matches!(located.visibility, Visibility::Elsewhere(_));
        if !elsewhere && wants == Wants::Elsewhere {
            continue;
        }
        let desired = pass.desired(&spec.name, memory);
        let found = newest(kept, located);
        let sight = match found {
            Some(seen) => Sight::Seen {
                at: seen.at,
                freshness: freshness(seen.at, now, stale_after(spec)),
                readable: seen.readable,
            },
            None if kept.other_key.contains(&spec.name) => Sight::OtherKey,
            None => Sight::Never,
        };
        let seen = SeenTarget {
            machine: found
                .map(|seen| seen.machine.as_str())
                .or_else(|| machine(located))
                .map(str::to_owned),
            sight,
            vars: compare(&spec.name, found, &desired, pass.fingerprinter),
        };
        all.insert(spec.name.clone(), seen);
    }
    all
}

/// Of this place, by the machine that it belongs to or, where any can read it, by whichever was there
/// last: the target may have been another one before.
fn newest<'a>(kept: &'a Observations, located: &'a Located) -> Option<&'a Observation> {
    of_place(kept, located)
        .filter(|seen| is_of(seen, machine(located)))
        .max_by_key(|seen| seen.at)
}

fn of_place<'a>(
    kept: &'a Observations,
    located: &'a Located,
) -> impl Iterator<Item = &'a Observation> {
    kept.known
        .iter()
        .filter(|seen| seen.target == located.target.name && seen.place == located.target.place)
}

fn is_of(seen: &Observation, machine: Option<&str>) -> bool {
    machine.is_none_or(|name| name.eq_ignore_ascii_case(&seen.machine))
}

fn freshness(at: Timestamp, now: Timestamp, stale_after: SignedDuration) -> Freshness {
    let age = now.duration_since(at);
    if age < -SKEW {
        Freshness::Future
    } else if age > stale_after {
        Freshness::Stale
    } else {
        Freshness::Young
    }
}

/// How each variable that is wanted now, or was there then, compares; by its declared name. Two
/// names on one target may be one variable: the worse one counts.
fn compare(
    target: &TargetName,
    seen: Option<&Observation>,
    desired: &Desired,
    fingerprinter: Option<&Fingerprinter>,
) -> BTreeMap<VarName, Then> {
    let mut all: BTreeMap<VarName, Then> = BTreeMap::new();
    let mut add = |name: &VarName, then: Then| {
        let known = all.entry(name.clone()).or_insert(then);
        *known = then.min(*known);
    };
    for (name, var) in &desired.vars {
        let then = match (seen, fingerprinter.filter(|_| desired.key_trusted)) {
            (None, _) | (_, None) => Then::Incomparable,
            (Some(seen), _) if !seen.readable => Then::Unknown,
            (Some(seen), Some(with)) => match seen.vars.get(name) {
                // nobody looked for it: it is wanted since
                None => Then::DesiredMoved,
                Some(sighting) => compare_one(sighting, |print| {
                    with.matches(print, target, name, &var.value)
                }),
            },
        };
        add(var.declared.as_ref().unwrap_or(name), then);
    }
    for (name, var) in &desired.unknown {
        add(
            var.declared.as_ref().unwrap_or(name),
            match seen {
                Some(seen) if !seen.readable => Then::Unknown,
                _ => Then::Incomparable,
            },
        );
    }
    for (name, sighting) in seen.iter().flat_map(|seen| &seen.vars) {
        let wanted = desired.vars.contains_key(name) || desired.unknown.contains_key(name);
        if !wanted && sighting.live.is_some() {
            add(name, Then::Leftover);
        }
    }
    all
}

fn compare_one(sighting: &Sighting, matches: impl Fn(&crate::model::Fingerprint) -> bool) -> Then {
    match (sighting.was, &sighting.live) {
        (Was::Missing, _) => Then::Missing,
        (_, Some(print)) if matches(print) => Then::InSync,
        (Was::Equal, Some(_)) => Then::DesiredMoved,
        (Was::Differs | Was::Unknown, Some(_)) => Then::Differed,
        (Was::Unknown, None) => Then::Unknown,
        (Was::Equal | Was::Differs, None) => Then::Incomparable,
    }
}

/// Keeps what this run read. Nothing is written where it would say nothing new; says whether
/// something was.
pub fn observe(
    pass: &Pass<'_>,
    memory: &Memory,
    live: &[LiveState],
    keeping: &Keeping<'_>,
    journal: &mut dyn Journal,
) -> Result<bool, JournalError> {
    let &Keeping {
        keeps,
        with,
        scope,
        now,
    } = keeping;
    let auth = Authenticator::new(with);
    let kept = journal.observations(scope, &auth)?;
    let mut new = vec![];
    for ((located, spec), live) in pass
        .located
        .iter()
        .zip(&pass.loaded.manifest.targets)
        .zip(live)
    {
        let (Some(machine), Visibility::Here) = (keeps.observer(located), &located.visibility)
        else {
            continue;
        };
        // not asked
        if matches!(live, LiveState::Elsewhere { .. }) {
            continue;
        }
        let desired = pass.desired(&spec.name, memory);
        // under a key that somebody else may know nothing is kept
        if !desired.key_trusted {
            continue;
        }
        let last = memory.last.get(&spec.name);
        let seen = Observation {
            target: spec.name.clone(),
            place: located.target.place.clone(),
            machine: machine.to_owned(),
            at: now,
            readable: matches!(live, LiveState::Read(_)),
            vars: match live {
                LiveState::Read(live) => sightings(&spec.name, live, &desired, last, with),
                LiveState::Unknown { .. } | LiveState::Elsewhere { .. } => BTreeMap::new(),
            },
        };
        let known = of_place(&kept, located)
            .filter(|known| is_of(known, Some(machine)))
            .max_by_key(|known| known.at);
        let refresh = keeps.refresh(stale_after(spec));
        if known.is_none_or(|known| is_news(known, &seen, refresh)) {
            new.push(seen);
        }
    }
    if !new.is_empty() {
        journal.observe(scope, &new, &auth)?;
    }
    Ok(!new.is_empty())
}

/// Reads again only what no other machine can read: files of this one. The rest counts as
/// elsewhere.
pub async fn read_own(pass: &Pass<'_>) -> Vec<LiveState> {
    let own =
        |located: &&Located| located.visibility == Visibility::Here && machine(located).is_some();
    let targets: Vec<_> = pass
        .located
        .iter()
        .filter(own)
        .map(|located| located.target.clone())
        .collect();
    let read = pass.connections.read(&targets, &mut |_| {}).await;
    let mut read = read.into_iter();
    let state = |located: &Located| match own(&located).then(|| read.next()).flatten() {
        Some(Ok(live)) => LiveState::Read(live),
        Some(Err(error)) => LiveState::Unknown {
            reason: error.reason,
            help: error.help,
        },
        None => LiveState::Elsewhere {
            machine: String::new(),
        },
    };
    pass.located.iter().map(state).collect()
}

/// Something changed, or the last time is long enough ago.
fn is_news(known: &Observation, seen: &Observation, refresh: SignedDuration) -> bool {
    let age = seen.at.duration_since(known.at);
    known.readable != seen.readable
        || known.vars != seen.vars
        || age.is_negative()
        || age >= refresh
}

fn sightings(
    target: &TargetName,
    live: &Live,
    desired: &Desired,
    last: Option<&LastApplied>,
    with: &Fingerprinter,
) -> BTreeMap<VarName, Sighting> {
    let complete = live.completeness == Completeness::Complete;
    let names = (desired.vars.keys())
        .chain(desired.unknown.keys())
        .chain(last.into_iter().flat_map(|last| last.vars.keys()));
    let mut all = BTreeMap::new();
    for name in names {
        let wanted = desired.vars.get(name);
        let (was, print) = match live.vars.get(name) {
            Some(LiveVar::Value(value)) => {
                let was = match wanted {
                    Some(wanted) if wanted.value == *value => Was::Equal,
                    None if desired.unknown.contains_key(name) => Was::Unknown,
                    Some(_) | None => Was::Differs,
                };
                (was, Some(with.fingerprint(target, name, value)))
            }
            Some(LiveVar::Sealed { .. } | LiveVar::Unknown(_)) => (Was::Unknown, None),
            None if !complete => (Was::Unknown, None),
            None if wanted.is_some() || desired.unknown.contains_key(name) => (Was::Missing, None),
            // applied once, wanted no more, and gone
            None => continue,
        };
        let live = print;
        all.insert(name.clone(), Sighting { was, live });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fingerprint;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn too_old_and_from_the_future_do_not_count() {
        let now = at("2026-03-02T12:00:00Z");
        let of = |text| freshness(at(text), now, STALE_AFTER);
        assert_eq!(of("2026-03-01T12:00:00Z"), Freshness::Young);
        assert_eq!(of("2026-03-01T11:59:59Z"), Freshness::Stale);
        // clocks differ a little
        assert_eq!(of("2026-03-02T12:05:00Z"), Freshness::Young);
        assert_eq!(of("2026-03-02T12:05:01Z"), Freshness::Future);
    }

    #[test]
    fn only_news_or_a_tenth_of_the_time_is_written() {
        let seen = |text, readable| Observation {
            target: "t".parse().unwrap(),
            place: "p".to_owned(),
            machine: "mini".to_owned(),
            at: at(text),
            readable,
            vars: BTreeMap::new(),
        };
        let known = seen("2026-03-02T12:00:00Z", true);
        let usual = Keeps::Own.refresh(STALE_AFTER);
        let news = |text, readable| is_news(&known, &seen(text, readable), usual);
        assert!(!news("2026-03-02T12:00:00Z", true));
        assert!(!news("2026-03-02T14:23:59Z", true));
        assert!(news("2026-03-02T14:24:00Z", true));
        assert!(news("2026-03-02T12:00:01Z", false));
        // a clock that was set back
        assert!(news("2026-03-02T11:59:59Z", true));
    }

    #[test]
    fn a_scheduled_run_says_again_sooner_and_never_later() {
        let every = |refresh| {
            Keeps::Every {
                machine: "mini",
                refresh: SignedDuration::from_mins(refresh),
            }
            .refresh(STALE_AFTER)
        };
        assert_eq!(every(5), SignedDuration::from_mins(5));
        assert_eq!(every(6 * 60), Keeps::Own.refresh(STALE_AFTER));
    }

    #[test]
    fn what_was_seen_is_compared_with_what_is_wanted_now() {
        let print = Fingerprint::from_bytes([1; 32]);
        let one = |was, live, same| compare_one(&Sighting { was, live }, |_| same);
        assert_eq!(one(Was::Equal, Some(print), true), Then::InSync);
        assert_eq!(one(Was::Differs, Some(print), true), Then::InSync);
        assert_eq!(one(Was::Equal, Some(print), false), Then::DesiredMoved);
        assert_eq!(one(Was::Differs, Some(print), false), Then::Differed);
        assert_eq!(one(Was::Missing, None, false), Then::Missing);
        assert_eq!(one(Was::Unknown, None, false), Then::Unknown);
    }
}
