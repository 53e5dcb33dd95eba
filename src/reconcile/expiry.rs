//! Which values have passed a date, or are near one: one rule for `check`, `plan`, `status` and
//! `doctor`. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::desired::Values;
use crate::manifest::{Manifest, Metadata, Source};
use crate::model::{Due, Expiring, ExpiryPolicy, TargetName, Validity, VarName, validity};

/// Clocks of two machines may differ by so much without a word.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// What a value says of its time, and when it was put into the manifest. Nothing of a value that is
/// not open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dates {
    /// When it was sealed, as its binding line says.
    pub sealed_at: Option<Timestamp>,
    /// What it says itself.
    pub own: Option<Validity>,
}

/// The date that matters most: what has passed comes before what is near, and what no longer works
/// before what should be changed.
pub fn due(
    metadata: &Metadata,
    dates: &Dates,
    policy: ExpiryPolicy,
    now: Timestamp,
) -> Option<(Due, bool)> {
    let own = || dates.own.and_then(|own| ends(own, policy.notice(), now));
    let declared = || expires(metadata, policy.notice(), now);
    let rotation = || rotation(metadata, dates.sealed_at?, policy.notice(), now);
    let all = [own(), declared(), begins(dates.own, now), rotation()];
    let mut all: Vec<(Due, bool)> = all.into_iter().flatten().collect();
    // of two that have passed the first one stays first
    all.sort_by_key(|(_, past)| !past);
    all.into_iter().next()
}

fn expires(metadata: &Metadata, notice: Duration, now: Timestamp) -> Option<(Due, bool)> {
    let date = metadata.expires?;
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    if date <= day(now) {
        return Some((Due::Expired(date), true));
    }
    (date <= day(now.checked_add(notice).ok()?)).then_some((Due::Expired(date), false))
}

/// What lives shorter than the notice is near its end all its life: the last quarter of that counts.
fn ends(own: Validity, notice: Duration, now: Timestamp) -> Option<(Due, bool)> {
    let end = own.ends?;
    let notice = match own.issued.and_then(|issued| seconds(issued, end)) {
        Some(life) => notice.min(life / 4),
        None => notice,
    };
    let due = Due::Ended(own.of, end);
    match seconds(now, end) {
        None => Some((due, true)),
        Some(left) => (left <= notice).then_some((due, false)),
    }
}

fn begins(own: Option<Validity>, now: Timestamp) -> Option<(Due, bool)> {
    let own = own?;
    let begin = own.begins?;
    (seconds(now, begin)? > SKEW).then_some((Due::NotYet(own.of, begin), true))
}

fn rotation(
    metadata: &Metadata,
    sealed_at: Timestamp,
    notice: Duration,
    now: Timestamp,
) -> Option<(Due, bool)> {
    let every = metadata.rotate?;
    if seconds(now, sealed_at).is_some_and(|ahead| ahead > SKEW) {
        return Some((Due::SealedAhead(sealed_at), false));
    }
    let age = seconds(sealed_at, now).unwrap_or_default();
    let due = Due::Rotation { sealed_at, every };
    if age >= every {
        return Some((due, true));
    }
    (age + notice.min(every / 4) >= every).then_some((due, false))
}

/// From one time to a later one; `None` where it is not later.
fn seconds(from: Timestamp, to: Timestamp) -> Option<Duration> {
    let seconds = to.as_second().checked_sub(from.as_second())?;
    u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
}

/// The same of a declared variable, ready to be told.
pub fn expiring(
    manifest: &Manifest,
    name: &VarName,
    dates: &Dates,
    now: Timestamp,
) -> Option<Expiring> {
    let metadata = &manifest.variables.get(name)?.metadata;
    let (due, past) = due(metadata, dates, manifest.expiry, now)?;
    Some(Expiring {
        name: name.clone(),
        due,
        past,
        fails: past && manifest.expiry.fails,
        owner: metadata.owner.clone(),
    })
}

/// The dates of a declared variable, as far as its value is known here.
pub fn dates(values: &Values<'_>, name: &VarName) -> Dates {
    let source = values
        .manifest()
        .variables
        .get(name)
        .map(|variable| &variable.source);
    match source {
        Some(Source::Clear(text)) => Dates {
            sealed_at: None,
            own: validity(text),
        },
        // of a text that is made from others, those have the dates
        Some(Source::Template(_)) | None => Dates::default(),
        Some(Source::Sealed(_) | Source::Armored(_)) => Dates {
            sealed_at: values.sealed_at(name),
            own: values
                .secret(name)
                .and_then(|value| validity(value.expose())),
        },
    }
}

/// Every date of the variables that these targets use, by themselves or in templates: what has passed
/// first, then by name. `None` for all targets and all variables.
pub fn of_targets(
    values: &Values<'_>,
    targets: Option<&BTreeSet<TargetName>>,
    only: Option<&BTreeSet<VarName>>,
    now: Timestamp,
) -> Vec<Expiring> {
    let manifest = values.manifest();
    let used = used(manifest, targets, only);
    let mut found: Vec<Expiring> = used
        .iter()
        .filter_map(|name| expiring(manifest, name, &dates(values, name), now))
        .collect();
    found.sort_by(|a, b| (!a.past, &a.name).cmp(&(!b.past, &b.name)));
    found
}

/// Every date of every declared variable, used or not, by name.
pub fn of_manifest(values: &Values<'_>, now: Timestamp) -> Vec<Expiring> {
    let manifest = values.manifest();
    let names = manifest.variables.keys();
    names
        .filter_map(|name| expiring(manifest, name, &dates(values, name), now))
        .collect()
}

fn used<'a>(
    manifest: &'a Manifest,
    targets: Option<&BTreeSet<TargetName>>,
    only: Option<&BTreeSet<VarName>>,
) -> BTreeSet<&'a VarName> {
    let mut used = BTreeSet::new();
    let wanted = manifest
        .targets
        .iter()
        .filter(|target| targets.is_none_or(|wanted| wanted.contains(&target.name)));
    let mut waiting: Vec<&VarName> = wanted
        .flat_map(|target| &target.uses)
        .flat_map(|one| {
            let names: Vec<&VarName> = one.source.references().collect();
            let asked = only.is_none_or(|only| {
                only.contains(&one.name) || names.iter().any(|name| only.contains(*name))
            });
            if asked { names } else { vec![] }
        })
        .collect();
    while let Some(name) = waiting.pop() {
        if used.insert(name)
            && let Some(Source::Template(template)) = manifest
                .variables
                .get(name)
                .map(|variable| &variable.source)
        {
            waiting.extend(template.references());
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::model::Dated;

    const DAY: u64 = 86_400;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Whether it is told as passed or as near; `None` for nothing.
    fn told(metadata: &Metadata, dates: &Dates, now: &str) -> Option<bool> {
        due(metadata, dates, ExpiryPolicy::default(), at(now)).map(|(_, past)| past)
    }

    fn own(begins: Option<&str>, ends: Option<&str>) -> Dates {
        Dates {
            sealed_at: None,
            own: Some(Validity {
                of: Dated::Jwt,
                issued: begins.map(at),
                begins: begins.map(at),
                ends: ends.map(at),
            }),
        }
    }

    #[test]
    fn an_expiry_is_told_two_weeks_before() {
        let metadata = Metadata {
            expires: Some(Date::constant(2026, 3, 20)),
            ..Metadata::default()
        };
        let says = |now| told(&metadata, &Dates::default(), now);
        assert_eq!(says("2026-03-05T23:00:00Z"), None);
        assert_eq!(says("2026-03-06T00:00:00Z"), Some(false));
        assert_eq!(says("2026-03-19T23:00:00Z"), Some(false));
        assert_eq!(says("2026-03-20T00:00:00Z"), Some(true));
    }

    #[test]
    fn a_short_rotation_is_told_in_its_last_quarter() {
        let metadata = Metadata {
            rotate: Some(Duration::from_secs(8 * DAY)),
            ..Metadata::default()
        };
        let dates = Dates {
            sealed_at: Some(at("2026-03-01T00:00:00Z")),
            own: None,
        };
        let says = |now| told(&metadata, &dates, now);
        assert_eq!(says("2026-03-06T23:59:59Z"), None);
        assert_eq!(says("2026-03-07T00:00:00Z"), Some(false));
        assert_eq!(says("2026-03-09T00:00:00Z"), Some(true));
    }

    #[test]
    fn a_rotation_that_counts_from_the_future_is_said_to() {
        let metadata = Metadata {
            rotate: Some(Duration::from_secs(90 * DAY)),
            ..Metadata::default()
        };
        let dates = Dates {
            sealed_at: Some(at("2026-03-02T00:00:00Z")),
            own: None,
        };
        let says = |now| due(&metadata, &dates, ExpiryPolicy::default(), at(now));
        let ahead = Due::SealedAhead(at("2026-03-02T00:00:00Z"));
        assert_eq!(says("2026-03-01T00:00:00Z"), Some((ahead, false)));
        assert_eq!(says("2026-03-01T23:58:00Z"), None, "clocks differ a little");
        // who does not rotate does not care
        assert_eq!(
            told(&Metadata::default(), &dates, "2026-03-01T00:00:00Z"),
            None
        );
    }

    #[test]
    fn what_a_value_says_of_itself_is_told_as_a_date_in_the_manifest_is() {
        let plain = Metadata::default();
        let dates = own(None, Some("2026-03-20T12:00:00Z"));
        let says = |now| told(&plain, &dates, now);
        assert_eq!(says("2026-03-06T11:59:59Z"), None);
        assert_eq!(says("2026-03-06T12:00:00Z"), Some(false));
        assert_eq!(says("2026-03-20T11:59:59Z"), Some(false));
        assert_eq!(says("2026-03-20T12:00:00Z"), Some(true));
        // a token of one hour is no news for three quarters of it
        let short = own(Some("2026-03-20T12:00:00Z"), Some("2026-03-20T13:00:00Z"));
        assert_eq!(told(&plain, &short, "2026-03-20T12:44:59Z"), None);
        assert_eq!(told(&plain, &short, "2026-03-20T12:45:00Z"), Some(false));
        assert_eq!(told(&plain, &short, "2026-03-20T11:56:00Z"), None);
        assert_eq!(told(&plain, &short, "2026-03-20T11:54:00Z"), Some(true));
    }

    #[test]
    fn a_longer_notice_is_given_earlier_and_the_worst_date_wins() {
        let metadata = Metadata {
            expires: Some(Date::constant(2026, 3, 20)),
            ..Metadata::default()
        };
        let policy = ExpiryPolicy {
            warn: Some(Duration::from_secs(40 * DAY)),
            fails: true,
        };
        let now = at("2026-02-09T00:00:00Z");
        let found = due(&metadata, &Dates::default(), policy, now);
        assert_eq!(
            found,
            Some((Due::Expired(Date::constant(2026, 3, 20)), false))
        );
        let ended = own(None, Some("2026-02-01T00:00:00Z"));
        let (found, past) = due(&metadata, &ended, policy, now).unwrap();
        assert!(past && matches!(found, Due::Ended(Dated::Jwt, _)));
    }
}
