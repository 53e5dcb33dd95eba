//! A date of a variable that has passed, or is near.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Dated, VarName};

/// Which date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The day on which it is no longer good, as `expires` says.
    Expired(Date),
    /// When it ends, as it says itself.
    Ended(Dated, Timestamp),
    /// It begins later, as it says itself.
    NotYet(Dated, Timestamp),
    /// `rotate` counts as far from the day it was sealed.
    Rotation {
        /// When it was sealed.
        sealed_at: Timestamp,
        /// How long it was meant to live.
        every: Duration,
    },
    /// It was sealed later than now: one of two clocks is wrong, and `rotate` counts from nowhere.
    SealedAhead(Timestamp),
}

/// One variable whose date matters now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// As declared.
    pub name: VarName,
    /// Which date.
    pub due: Due,
    /// Whether it has passed; else it is near.
    pub past: bool,
    /// Whether that fails a check, by the policy of the manifest or its folder.
    pub fails: bool,
    /// Whom to ask, where the manifest says so.
    pub owner: Option<String>,
}

impl Expiring {
    /// The code of its rule.
    pub const fn code(&self) -> &'static str {
        match (&self.due, self.past) {
            (Due::Expired(_) | Due::Ended(..), true) => "expired",
            (Due::Expired(_) | Due::Ended(..), false) => "expires-soon",
            (Due::Rotation { .. }, true) => "rotation-due",
            (Due::Rotation { .. }, false) => "rotation-soon",
            (Due::NotYet(..), _) => "not-yet-valid",
            (Due::SealedAhead(_), _) => "sealed-ahead",
        }
    }

    /// Whether the value does not work now, as far as it or the manifest says.
    pub const fn is_wrong(&self) -> bool {
        self.past && matches!(self.due, Due::Expired(_) | Due::Ended(..) | Due::NotYet(..))
    }

    /// The date, in UTC: a day, or a day and a minute where it says itself when.
    pub fn at(&self) -> String {
        match self.due {
            Due::Expired(date) => date.to_string(),
            Due::Ended(_, at) | Due::NotYet(_, at) => minute(at),
            Due::Rotation { sealed_at, every } => match sealed_at.checked_add(every) {
                Ok(at) => day(at),
                Err(_) => day(Timestamp::MAX),
            },
            Due::SealedAhead(at) => minute(at),
        }
    }

    /// In words that follow the name; lower case, no final period, and no value.
    pub fn what(&self) -> String {
        let at = self.at();
        match (&self.due, self.past) {
            (Due::Expired(_), true) => format!("has expired, on {at}"),
            (Due::Expired(_), false) => format!("expires on {at}"),
            (Due::Ended(of, _), true) => format!("has expired: its {of} ended {at}"),
            (Due::Ended(of, _), false) => format!("expires soon: its {of} ends {at}"),
            (Due::NotYet(of, _), _) => format!("is not valid yet: its {of} begins {at}"),
            (Due::Rotation { .. }, true) => format!("is due for rotation since {at}"),
            (Due::Rotation { .. }, false) => format!("is due for rotation on {at}"),
            (Due::SealedAhead(_), _) => format!(
                "was sealed in the future, {at}: a clock was wrong, and nobody can say when it is due for rotation"
            ),
        }
    }

    /// The command that gives it a new value: `set`, or `rotate` where it can be made by chance.
    pub const fn verb(&self) -> &'static str {
        match self.due {
            Due::Expired(_) | Due::Ended(..) | Due::NotYet(..) => "set",
            Due::Rotation { .. } | Due::SealedAhead(_) => "rotate",
        }
    }

    /// What comes before that command.
    pub const fn before_next(&self) -> Option<&'static str> {
        match self.due {
            Due::Expired(_) | Due::Ended(..) => Some("renew it where it comes from"),
            Due::NotYet(..) => Some("wait, or get one that is valid now"),
            Due::Rotation { .. } => None,
            Due::SealedAhead(_) => Some("put the clock right"),
        }
    }

    /// The next thing to do, with a command to paste.
    pub fn next(&self) -> String {
        let command = format!("driftlock {} {}", self.verb(), self.name);
        match self.before_next() {
            Some(first) => format!("{first}, then {command}"),
            None => command,
        }
    }
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
