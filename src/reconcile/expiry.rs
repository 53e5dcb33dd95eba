//! Which values have passed a date, or are near one: one rule for `check` and `doctor`. Pure.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::manifest::Metadata;

/// A date that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// `expires` says that it is no longer good.
    Expired(Date),
    /// `rotate` counts further than from the day it was sealed.
    Rotation {
        /// When it was sealed.
        sealed_at: Timestamp,
        /// How long it was meant to live.
        every: Duration,
    },
}

/// What has passed; what has expired is worse.
pub fn due(metadata: &Metadata, sealed_at: Option<Timestamp>, now: Timestamp) -> Option<Due> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    if let Some(date) = metadata.expires.filter(|date| *date <= today) {
        return Some(Due::Expired(date));
    }
    let (every, sealed_at) = (metadata.rotate?, sealed_at?);
    let age = now.as_second().saturating_sub(sealed_at.as_second());
    (age >= 0 && age.unsigned_abs() >= every.as_secs())
        .then_some(Due::Rotation { sealed_at, every })
}

/// How long before a date it is said that it comes.
const NOTICE: Duration = Duration::from_secs(14 * 86_400);

/// A date that is near: `due` would give it within 14 days, or within the last quarter of a shorter
/// rotation. Nothing where something has passed already.
pub fn soon(metadata: &Metadata, sealed_at: Option<Timestamp>, now: Timestamp) -> Option<Due> {
    if due(metadata, sealed_at, now).is_some() {
        return None;
    }
    let later = |notice: Duration| now.checked_add(notice).ok();
    let expires = Metadata {
        rotate: None,
        ..metadata.clone()
    };
    due(&expires, None, later(NOTICE)?).or_else(|| {
        let rotates = Metadata {
            expires: None,
            ..metadata.clone()
        };
        due(
            &rotates,
            sealed_at,
            later(NOTICE.min(metadata.rotate? / 4))?,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_expiry_is_told_two_weeks_before() {
        let metadata = Metadata {
            expires: Some(Date::constant(2026, 3, 20)),
            ..Metadata::default()
        };
        let says = |now| {
            (
                due(&metadata, None, at(now)).is_some(),
                soon(&metadata, None, at(now)).is_some(),
            )
        };
        assert_eq!(says("2026-03-05T23:00:00Z"), (false, false));
        assert_eq!(says("2026-03-06T00:00:00Z"), (false, true));
        assert_eq!(says("2026-03-19T23:00:00Z"), (false, true));
        assert_eq!(says("2026-03-20T00:00:00Z"), (true, false));
    }

    #[test]
    fn a_short_rotation_is_told_in_its_last_quarter() {
        let metadata = Metadata {
            rotate: Some(Duration::from_secs(8 * DAY)),
            ..Metadata::default()
        };
        let sealed = Some(at("2026-03-01T00:00:00Z"));
        let says = |now| {
            (
                due(&metadata, sealed, at(now)).is_some(),
                soon(&metadata, sealed, at(now)).is_some(),
            )
        };
        assert_eq!(says("2026-03-06T23:59:59Z"), (false, false));
        assert_eq!(says("2026-03-07T00:00:00Z"), (false, true));
        assert_eq!(says("2026-03-09T00:00:00Z"), (true, false));
    }
}
