//! A window: on which days, from when to when, on whose clocks.
//!
//! `mon-fri 09:00-17:00 Europe/Zurich`. Whoever writes maintenance windows thinks in days and in two
//! times of a clock on a wall; so do kured and the maintenance windows of databases. The other habit,
//! a cron line and a duration (Argo CD, freezes of GitLab), hides the end, and on the days on which
//! clocks change it does not say which of the two counts. The zone is always written: a manifest is
//! read on machines with different clocks.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Zones;

/// Minutes of a whole day on a clock.
pub(super) const DAY: u16 = 24 * 60;

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAILY: &str = "daily";

/// A window of time that comes again. It is open whenever clocks in its zone show a time in it: a time
/// that clocks skip on a day is not in it on that day, and one that they show twice is in it twice.
/// A window that goes past midnight belongs to the day on which it begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Window {
    /// As it is spelled canonically; equal windows have one text.
    text: String,
    /// `None` if this version does not understand the text.
    when: Option<When>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct When {
    pub(super) days: Days,
    /// Minutes from midnight.
    pub(super) from: u16,
    /// Minutes from the same midnight; more than a day where it goes past the next one.
    pub(super) to: u16,
    zone: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Days {
    /// Monday is the first bit.
    Weekly(u8),
    /// From the first to the last, both included.
    Dates(Date, Date),
}

/// Why a text is no window. Fits after "this window".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseWindowError {
    /// Too few or too many words, or one that is nothing of all that.
    #[error("is not made of days, times and a time zone")]
    Shape,
    /// No zone at the end.
    #[error("has no time zone at its end")]
    NoZone,
    /// No zone of that name.
    #[error("has a time zone that this driftlock does not know")]
    UnknownZone,
    /// A time that is none.
    #[error("has times that are not HH:MM-HH:MM")]
    Times,
    /// It ends when it begins.
    #[error("begins and ends at the same time")]
    NoTime,
    /// A date that is none.
    #[error("has a date that is not in the calendar")]
    Date,
    /// The last day before the first one.
    #[error("ends on an earlier day than it begins")]
    Backwards,
}

impl Window {
    /// Whether it is open at that instant. One that cannot be read is never open.
    pub fn is_open(&self, at: Timestamp, zones: &Zones) -> bool {
        self.read(zones)
            .is_ok_and(|(when, zone)| when.is_open(at, &zone))
    }

    /// The first instant after `after` from which on it is open, or closed; `None` if there is none
    /// for more than a year.
    pub(super) fn next_turn(
        &self,
        open: bool,
        after: Timestamp,
        zones: &Zones,
    ) -> Option<Timestamp> {
        let (when, zone) = self.read(zones).ok()?;
        when.next_turn(open, after, &zone)
    }

    /// Why it cannot be read.
    pub(super) fn is_unreadable(&self, zones: &Zones) -> Option<String> {
        self.read(zones).err()
    }

    fn read(&self, zones: &Zones) -> Result<(&When, TimeZone), String> {
        let Some(when) = &self.when else {
            return Err(format!(
                "this driftlock cannot read the window `{}`",
                self.text
            ));
        };
        match zones.zone(&when.zone) {
            Some(zone) => Ok((when, zone)),
            None => Err(format!(
                "the time zone of the window `{self}` is not known here"
            )),
        }
    }
}

impl When {
    pub(super) fn is_open(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let wall = zone.to_datetime(at);
        let seconds = i64::from(wall.hour()) * 3600
            + i64::from(wall.minute()) * 60
            + i64::from(wall.second());
        let within =
            |second: i64| (i64::from(self.from) * 60..i64::from(self.to) * 60).contains(&second);
        let of_day_before = || {
            let before = wall.date().yesterday().ok();
            before.is_some_and(|before| self.days.has(before))
                && within(seconds + i64::from(DAY) * 60)
        };
        self.days.has(wall.date()) && within(seconds) || of_day_before()
    }

    /// What clocks show at the minute of a window of that day.
    pub(super) fn shown(day: Date, minute: u16) -> Option<DateTime> {
        let day = match minute / DAY {
            0 => day,
            _ => day.tomorrow().ok()?,
        };
        let minute = minute % DAY;
        let (hour, minute) = (
            i8::try_from(minute / 60).ok()?,
            i8::try_from(minute % 60).ok()?,
        );
        Some(day.at(hour, minute, 0, 0))
    }
}

impl Days {
    pub(super) fn has(self, day: Date) -> bool {
        match self {
            Self::Weekly(days) => days & 1 << day.weekday().to_monday_zero_offset() != 0,
            Self::Dates(first, last) => (first..=last).contains(&day),
        }
    }
}

impl FromStr for Window {
    type Err = ParseWindowError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split(' ').collect();
        let (zone, rest) = words.split_last().ok_or(ParseWindowError::Shape)?;
        if is_times(zone)
            || zone.starts_with(|c: char| c.is_ascii_digit())
            || parse_days(zone).is_ok()
        {
            return Err(ParseWindowError::NoZone);
        }
        let (days, times) = match rest {
            [one] if is_times(one) => (None, Some(*one)),
            [one] => (Some(*one), None),
            [one, two] => (Some(*one), Some(*two)),
            _ => return Err(ParseWindowError::Shape),
        };
        let days = days.map_or(Ok(Days::Weekly(0x7f)), parse_days)?;
        let (from, to) = times.map_or(Ok((0, DAY)), parse_times)?;
        let zone = parse_zone(zone)?;
        let when = When {
            days,
            from,
            to,
            zone,
        };
        Ok(Self {
            text: when.to_string(),
            when: Some(when),
        })
    }
}

/// What another version wrote down may be more than this one understands: such a window withholds.
impl From<String> for Window {
    fn from(text: String) -> Self {
        text.parse().unwrap_or(Self { text, when: None })
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.text
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_times(word: &str) -> bool {
    word.contains(':') && word.contains('-')
}

fn parse_zone(word: &str) -> Result<String, ParseWindowError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    let begins = word.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || !word.chars().all(fits) {
        return Err(ParseWindowError::Shape);
    }
    Zones::spelled(word).ok_or(ParseWindowError::UnknownZone)
}

fn parse_days(word: &str) -> Result<Days, ParseWindowError> {
    if word == DAILY {
        return Ok(Days::Weekly(0x7f));
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return parse_dates(word);
    }
    let number = |day: &str| {
        WEEK.iter()
            .position(|one| *one == day)
            .ok_or(ParseWindowError::Shape)
    };
    let mut days = 0;
    for part in word.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        // `sat-mon` goes around the end of the week
        for day in first..=last + if last < first { 7 } else { 0 } {
            days |= 1 << (day % 7);
        }
    }
    Ok(Days::Weekly(days))
}

fn parse_dates(word: &str) -> Result<Days, ParseWindowError> {
    let (first, last) = word.split_once("..").unwrap_or((word, word));
    let (first, last) = (parse_date(first)?, parse_date(last)?);
    match first <= last {
        true => Ok(Days::Dates(first, last)),
        false => Err(ParseWindowError::Backwards),
    }
}

fn parse_date(text: &str) -> Result<Date, ParseWindowError> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    match plain {
        true => text.parse().map_err(|_| ParseWindowError::Date),
        false => Err(ParseWindowError::Shape),
    }
}

fn parse_times(word: &str) -> Result<(u16, u16), ParseWindowError> {
    let (from, to) = word.split_once('-').ok_or(ParseWindowError::Times)?;
    let from = parse_time(from).filter(|minute| *minute < DAY);
    let (Some(from), Some(to)) = (from, parse_time(to)) else {
        return Err(ParseWindowError::Times);
    };
    match to {
        to if to == from => Err(ParseWindowError::NoTime),
        to if to < from => Ok((from, to + DAY)),
        to => Ok((from, to)),
    }
}

/// `HH:MM`, and `24:00`.
fn parse_time(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| -> Option<u16> {
        let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY).then_some(at)
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.days)?;
        if (self.from, self.to) != (0, DAY) {
            let spell = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            let to = match self.to {
                DAY => DAY,
                to => to % DAY,
            };
            write!(f, " {}-{}", spell(self.from), spell(to))?;
        }
        write!(f, " {}", self.zone)
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekly(0x7f) => f.write_str(DAILY),
            Self::Weekly(days) => f.write_str(&spell_days(*days)),
            Self::Dates(first, last) if first == last => write!(f, "{first}"),
            Self::Dates(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

/// `mon-fri`, `sat,sun`.
fn spell_days(days: u8) -> String {
    let has = |day: usize| day < WEEK.len() && days & 1 << day != 0;
    let mut parts = vec![];
    let mut day = 0;
    while day < WEEK.len() {
        let mut end = day;
        while has(end) {
            end += 1;
        }
        match end - day {
            0 => {}
            1 => parts.push(WEEK[day].to_owned()),
            2 => parts.push(format!("{},{}", WEEK[day], WEEK[day + 1])),
            _ => parts.push(format!("{}-{}", WEEK[day], WEEK[end - 1])),
        }
        day = end + 1;
    }
    parts.join(",")
}
