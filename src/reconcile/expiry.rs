//! Which values have passed a date: one rule for `check` and `doctor`. Pure.

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
