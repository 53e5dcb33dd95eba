//! Nobody is told about an alert for a while, because somebody said so, with a reason and an end. Pure.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::{Alert, AlertBook, AlertKey, Mute, TargetName, VarName};

/// Which alerts somebody means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The one of this id, or of an id that begins so.
    Id(String),
    /// All of one variable on one target.
    At(VarName, TargetName),
}

/// A subject that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither the id of an alert, 4 to 12 hex digits, nor VARIABLE@TARGET")]
pub struct InvalidSubject;

/// Why something cannot be muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MuteError {
    /// Nothing like it is open.
    #[error("no such alert is open")]
    NoAlert,
    /// Several ids begin so.
    #[error("several alerts have an id that begins so")]
    Ambiguous,
    /// No reason.
    #[error("a mute needs a reason: a line of at most 200 characters")]
    Reason,
    /// An end that is none.
    #[error(
        "this is no end: say how long (12h, 3d, 2w), a day (2026-12-24) or a moment (2026-12-24T18:00Z)"
    )]
    Until,
    /// The end has passed.
    #[error("this has passed already")]
    Past,
    /// Too long.
    #[error(
        "nothing is muted for more than 90 days: what is right for longer belongs into the manifest"
    )]
    TooLong,
}

impl std::str::FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        if let Some((variable, target)) = text.split_once('@') {
            let variable = variable.parse().map_err(|_| InvalidSubject)?;
            let target = target.parse().map_err(|_| InvalidSubject)?;
            return Ok(Self::At(variable, target));
        }
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match hex && (4..=12).contains(&text.len()) {
            true => Ok(Self::Id(text.to_ascii_lowercase())),
            false => Err(InvalidSubject),
        }
    }
}

impl Subject {
    /// What is open and meant.
    pub fn find<'a>(&self, book: &'a AlertBook) -> Result<Vec<&'a Alert>, MuteError> {
        let found: Vec<&Alert> = (book.open.values())
            .filter(|alert| self.means(alert))
            .collect();
        match (self, found.len()) {
            (_, 0) => Err(MuteError::NoAlert),
            (Self::Id(_), 2..) => Err(MuteError::Ambiguous),
            _ => Ok(found),
        }
    }

    fn means(&self, alert: &Alert) -> bool {
        match self {
            Self::Id(id) => alert.id.starts_with(id.as_str()),
            Self::At(variable, target) => self.is_at(&alert.key, variable, target),
        }
    }

    fn is_at(&self, key: &AlertKey, variable: &VarName, target: &TargetName) -> bool {
        key.variable.as_ref() == Some(variable) && key.target.as_ref() == Some(target)
    }
}

/// The end that a person wrote, from now on: `12h`, `3d`, `2w`, a day (its last moment, UTC), or a
/// moment.
pub fn parse_until(text: &str, now: Timestamp) -> Result<Timestamp, MuteError> {
    let until = match span(text) {
        Some(span) => now.checked_add(span).map_err(|_| MuteError::TooLong)?,
        None => moment(text).ok_or(MuteError::Until)?,
    };
    if until <= now {
        return Err(MuteError::Past);
    }
    match until.duration_since(now) <= Mute::LONGEST {
        true => Ok(until),
        false => Err(MuteError::TooLong),
    }
}

fn span(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 24 * 7,
        _ => return None,
    };
    let count = text.strip_suffix(unit)?;
    if !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // more digits than that are too long in any unit
    let count: i64 = count.parse::<u32>().ok()?.into();
    Some(SignedDuration::from_hours(count.checked_mul(hours)?))
}

fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let day: Date = text.parse().ok()?;
    let next = day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(next.timestamp())
}

/// What somebody says about a mute.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    /// Why.
    pub reason: &'a str,
    /// Until when.
    pub until: Timestamp,
    /// User and machine.
    pub by: &'a str,
    /// When it was said.
    pub at: Timestamp,
}

/// Mutes what is meant, as it is now. A later word about the same replaces the former one.
pub fn mute(
    book: &AlertBook,
    subject: &Subject,
    saying: Saying<'_>,
) -> Result<AlertBook, MuteError> {
    let reason = saying.reason.trim();
    let line = !reason.is_empty() && reason.chars().count() <= 200;
    if !line || reason.chars().any(char::is_control) {
        return Err(MuteError::Reason);
    }
    let mut next = book.clone();
    for alert in subject.find(book)? {
        next.mutes.retain(|mute| mute.key != alert.key);
        next.mutes.push(Mute {
            key: alert.key.clone(),
            pin: alert.pin.clone(),
            reason: reason.to_owned(),
            until: saying.until,
            by: saying.by.to_owned(),
            at: saying.at,
        });
        if let Some(alert) = next.open.get_mut(&alert.key) {
            alert.muted = true;
        }
    }
    next.hold_to_limits();
    Ok(next)
}

/// Takes the mutes back; the next look tells what still is so. `None` where nothing was muted.
pub fn unmute(book: &AlertBook, subject: &Subject) -> Result<Option<AlertBook>, MuteError> {
    let keys: Vec<AlertKey> = match subject {
        // also what is over for now
        Subject::At(variable, target) => (book.mutes.iter())
            .filter(|mute| subject.is_at(&mute.key, variable, target))
            .map(|mute| mute.key.clone())
            .collect(),
        Subject::Id(_) => (subject.find(book)?.iter())
            .map(|alert| alert.key.clone())
            .collect(),
    };
    let mut next = book.clone();
    next.mutes.retain(|mute| !keys.contains(&mute.key));
    Ok((next.mutes != book.mutes).then_some(next))
}
