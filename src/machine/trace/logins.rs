//! Lists of logins: what `last -F` and `who` print, in UTC and in the C locale.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Lists that tell minutes only, and the seconds between a login and its entry.
const BLUR: SignedDuration = SignedDuration::from_secs(60);

/// Entries of `last` that are no people.
const NO_PEOPLE: [&str; 4] = ["reboot", "shutdown", "runlevel", "LOGIN"];

/// Who was logged in, as far as the machine keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logins {
    /// All of them since then.
    Since {
        /// How far back the list goes; `None` where it does not say.
        begin: Option<Timestamp>,
        /// In no order.
        logins: Vec<Login>,
    },
    /// Only those who are still logged in.
    Present(Vec<Login>),
    /// There is no list that can be read.
    Unknown,
}

/// Somebody was logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Under which name.
    pub user: String,
    /// From where, as the machine has it.
    pub from: Option<String>,
    /// Since when.
    pub begin: Timestamp,
    /// Until when; `None` where that is not over, or nobody knows.
    pub end: Option<Timestamp>,
}

impl Login {
    fn covers(&self, at: Timestamp) -> bool {
        let begun = at.duration_since(self.begin) >= -BLUR;
        begun && self.end.is_none_or(|end| end.duration_since(at) >= -BLUR)
    }

    fn name(&self) -> String {
        match &self.from {
            Some(from) => format!("{} (from {from})", self.user),
            None => self.user.clone(),
        }
    }
}

impl Logins {
    /// Who was logged in at that moment, in words that end a sentence about it.
    pub fn at(&self, at: Timestamp) -> String {
        const SHOWN: usize = 5;
        let (all, present) = match self {
            Self::Unknown => {
                return "who was logged in then is not known: no list of logins can be read there"
                    .to_owned();
            }
            Self::Since { begin, .. } if begin.is_none_or(|begin| begin > at) => {
                return "who was logged in then is not known: the list of logins does not go back that far"
                    .to_owned();
            }
            Self::Since { logins, .. } => (logins, false),
            Self::Present(logins) => (logins, true),
        };
        let names: BTreeSet<String> = all
            .iter()
            .filter(|login| login.covers(at))
            .map(Login::name)
            .collect();
        let mut text = names
            .iter()
            .take(SHOWN)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if names.len() > SHOWN {
            text.push_str(&format!(" and {} more", names.len() - SHOWN));
        }
        match (names.is_empty(), present) {
            (true, false) => "nobody was logged in then".to_owned(),
            (true, true) => {
                "nobody is logged in since before then, and others are not listed".to_owned()
            }
            (false, false) => format!("logged in then: {text}"),
            (false, true) => format!("logged in since before then: {text}"),
        }
    }

    /// `last -F -w -n most`, of util-linux and others: user, line, perhaps an origin, whole dates, and a
    /// last line that says when the list begins.
    pub(super) fn of_last<'a>(lines: impl Iterator<Item = &'a str>, most: usize) -> Self {
        let (mut logins, mut count, mut begin) = (vec![], 0, None);
        let mut oldest: Option<Timestamp> = None;
        for line in lines {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            if words.get(1) == Some(&"begins") {
                begin = words.get(2..7).and_then(whole_date);
                continue;
            }
            let Some(login) = of_last_line(&words) else {
                continue;
            };
            count += 1;
            oldest = Some(oldest.map_or(login.begin, |oldest| oldest.min(login.begin)));
            if !NO_PEOPLE.contains(&login.user.as_str()) {
                logins.push(login);
            }
        }
        if count >= most {
            // the rest of the list was not printed
            begin = oldest;
        }
        Self::Since { begin, logins }
    }

    /// `who`: user, line, a date without a year (or a whole one), perhaps an origin in brackets.
    pub(super) fn of_who<'a>(lines: impl Iterator<Item = &'a str>, now: Timestamp) -> Self {
        let logins = lines.filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let (begin, used) = match words.get(2..)? {
                [date, time, ..] if date.contains('-') => {
                    (at(date.parse().ok()?, clock(time)?)?, 2)
                }
                [month, day, time, ..] => (without_year(month, day, time, now)?, 3),
                _ => return None,
            };
            let from = words
                .get(2 + used)
                .map(|from| from.trim_matches(['(', ')']));
            Some(Login {
                user: words.first()?.to_string(),
                from: from.filter(|from| !from.is_empty()).map(str::to_owned),
                begin,
                end: None,
            })
        });
        Self::Present(logins.collect())
    }
}

fn of_last_line(words: &[&str]) -> Option<Login> {
    let (date, begin) = (2..words.len())
        .find_map(|place| Some((place, whole_date(words.get(place..place + 5)?)?)))?;
    let rest = &words[date + 5..];
    let end = match rest {
        ["-", end @ ..] => end
            .get(..5)
            .and_then(whole_date)
            // it ended with the machine: all that is said is how long it was
            .or_else(|| lasted(end.last()?).map(|span| begin + span)),
        _ => None,
    };
    Some(Login {
        user: words.first()?.to_string(),
        from: (date > 2).then(|| words[2..date].join(" ")),
        begin,
        end,
    })
}

/// `Mon Nov 30 03:00:01 2026`.
fn whole_date(words: &[&str]) -> Option<Timestamp> {
    let [weekday, month, day, time, year] = words else {
        return None;
    };
    let known = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(weekday);
    let date = Date::new(year.parse().ok()?, number(month)?, day.parse().ok()?).ok()?;
    known.then(|| at(date, clock(time)?)).flatten()
}

/// The last time that it was this date.
fn without_year(month: &str, day: &str, time: &str, now: Timestamp) -> Option<Timestamp> {
    let (month, day, time) = (number(month)?, day.parse().ok()?, clock(time)?);
    let this_year = now.to_zoned(TimeZone::UTC).year();
    let tomorrow = now + SignedDuration::from_hours(24);
    [this_year + 1, this_year, this_year - 1]
        .into_iter()
        .filter_map(|year| at(Date::new(year, month, day).ok()?, time))
        .find(|at| *at <= tomorrow)
}

fn number(month: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let place = MONTHS.iter().position(|known| *known == month)?;
    i8::try_from(place + 1).ok()
}

/// `03:00:01` or `03:00`.
fn clock(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(str::parse::<i8>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    Time::new(hour, minute, second, 0).ok()
}

fn at(date: Date, time: Time) -> Option<Timestamp> {
    let zoned = DateTime::from_parts(date, time).to_zoned(TimeZone::UTC);
    Some(zoned.ok()?.timestamp())
}

/// `(00:20)` or `(2+03:15)`.
fn lasted(text: &str) -> Option<SignedDuration> {
    let text = text.strip_prefix('(')?.strip_suffix(')')?;
    let (days, rest) = text.split_once('+').unwrap_or(("0", text));
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str| {
        text.parse::<i64>()
            .ok()
            .filter(|number| (0..100_000).contains(number))
    };
    let minutes = number(days)? * 24 * 60 + number(hours)? * 60 + number(minutes)?;
    Some(SignedDuration::from_mins(minutes))
}
