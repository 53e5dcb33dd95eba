//! How often, in the words of those that start us: what a cron line can say is little.

use std::time::Duration;

use crate::manifest::format_duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Whether a line of a crontab can say it: minutes that divide an hour, hours that divide a day, a day,
/// a week.
pub(super) fn fits_cron(every: Duration) -> bool {
    let seconds = every.as_secs();
    match seconds {
        _ if seconds < HOUR => seconds.is_multiple_of(MINUTE) && HOUR.is_multiple_of(seconds),
        _ if seconds < DAY => seconds.is_multiple_of(HOUR) && DAY.is_multiple_of(seconds),
        _ => seconds == DAY || seconds == 7 * DAY,
    }
}

/// The nearest interval that a line can say; of two the shorter one.
pub(super) fn nearest(every: Duration) -> Duration {
    let minutes = (1..=30).map(|n| n * MINUTE);
    let hours = (1..=12).map(|n| n * HOUR);
    let all = minutes.chain(hours).chain([DAY, 7 * DAY]);
    all.map(Duration::from_secs)
        .filter(|one| fits_cron(*one))
        .min_by_key(|one| one.abs_diff(every))
        .unwrap_or(every)
}

/// The five fields of a line. `spread` moves the run within its interval, so that not every machine
/// asks the platforms at the full hour.
pub(super) fn cron_fields(every: Duration, spread: u64) -> String {
    let seconds = every.as_secs();
    let minute = spread % 60;
    match seconds {
        _ if seconds <= MINUTE => "* * * * *".to_owned(),
        _ if seconds < HOUR => {
            let step = seconds / MINUTE;
            format!("{}-59/{step} * * * *", spread % step)
        }
        HOUR => format!("{minute} * * * *"),
        _ if seconds < DAY => {
            let step = seconds / HOUR;
            format!("{minute} {}-23/{step} * * *", (spread / 60) % step)
        }
        DAY => format!("{minute} {} * * *", (spread / 60) % 24),
        _ => format!(
            "{minute} {} * * {}",
            (spread / 60) % 24,
            (spread / 1440) % 7
        ),
    }
}

/// The same for `OnCalendar=`, without a spread: systemd has its own.
pub(super) fn calendar(every: Duration) -> String {
    let seconds = every.as_secs();
    match seconds {
        _ if seconds <= MINUTE => "*:*:00".to_owned(),
        _ if seconds < HOUR => format!("*:00/{}:00", seconds / MINUTE),
        HOUR => "hourly".to_owned(),
        _ if seconds < DAY => format!("00/{}:00:00", seconds / HOUR),
        DAY => "daily".to_owned(),
        _ => "weekly".to_owned(),
    }
}

/// A time for systemd, which has no single letter for all that we have.
pub(super) fn seconds(every: Duration) -> String {
    format!("{}s", every.as_secs())
}

/// Where in its interval this schedule begins: always there, and elsewhere for another one (FNV-1a).
pub(super) fn spread(of: &str) -> u64 {
    of.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What is wrong with an interval that a line cannot say.
pub(super) fn unsayable(every: Duration) -> String {
    format!(
        "a line of cron cannot say \"every {}\": only minutes that divide an hour, hours that divide a \
         day, 1d and 1w",
        format_duration(every)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Duration {
        crate::manifest::parse_duration(text).unwrap()
    }

    #[test]
    fn a_line_says_what_divides_and_nothing_else() {
        for (every, fields) in [
            ("1m", "* * * * *"),
            ("5m", "2-59/5 * * * *"),
            ("30m", "7-59/30 * * * *"),
            ("1h", "7 * * * *"),
            ("6h", "7 3-23/6 * * *"),
            ("1d", "7 9 * * *"),
            ("1w", "7 9 * * 0"),
        ] {
            assert!(fits_cron(of(every)), "{every}");
            assert_eq!(cron_fields(of(every), 9 * 60 + 7), fields);
            assert_eq!(nearest(of(every)), of(every));
        }
        for (every, near) in [
            ("7m", "6m"),
            ("90m", "1h"),
            ("45m", "30m"),
            ("30s", "1m"),
            ("5h", "4h"),
            ("2d", "1d"),
            ("90s", "1m"),
        ] {
            assert!(!fits_cron(of(every)), "{every}");
            assert_eq!(nearest(of(every)), of(near), "{every}");
        }
    }

    #[test]
    fn two_schedules_begin_at_their_own_time() {
        assert_eq!(spread("a"), spread("a"));
        assert_ne!(spread("a") % 1440, spread("b") % 1440);
    }
}
