//! A lease as it is written down, and whether its holder is still there. Clocks of two machines are
//! not compared: an hour apart, each would take the other for dead.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::journal::lease::{Holder, one_line};

/// So long after its end, by any clock, nobody is there any more.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(3);
/// How long a lease may say that it lives without a sign; what says more was not written by us.
const LONGEST: u64 = 3600;

/// What the holder wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grant {
    /// Random; whoever has another one has another lease.
    pub(super) token: String,
    /// Who.
    pub(super) holder: Holder,
    /// Until when without a further sign, by the holder's own clock.
    pub(super) until: Timestamp,
    /// Signs of life so far.
    pub(super) beat: u64,
    /// How long it outlives its last sign, in seconds.
    pub(super) seconds: u64,
    /// Names what the holder's machine keeps of the journal: whoever has the same is on that machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) home: Option<String>,
    /// From whom it was taken, and why, where it was not free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) taken: Option<String>,
}

/// How long this machine has seen no sign of the holder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Silence {
    /// Watched by this run, which a clock that is set cannot change.
    pub(super) watched: Duration,
    /// Since this machine first saw the last sign, by its own clock.
    pub(super) noted: SignedDuration,
}

/// Whether a lease counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Its holder may be at work.
    Alive,
    /// Nothing was heard for so long that nobody is.
    Dead,
}

impl Grant {
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds.clamp(1, LONGEST))
    }

    pub(super) fn life(&self, silence: Silence, now: Timestamp) -> Life {
        let patience = self.patience();
        let noted = Duration::try_from(silence.noted).unwrap_or_default();
        let dead = silence.watched >= patience
            || noted >= patience * 2
            || now.duration_since(self.until) >= FORGOTTEN;
        if dead { Life::Dead } else { Life::Alive }
    }

    /// One more sign of life.
    pub(super) fn renewed(&self, now: Timestamp) -> Self {
        Self {
            beat: self.beat.saturating_add(1),
            until: end(now, self.patience()),
            ..self.clone()
        }
    }

    /// What to do about it, for somebody who finds it held.
    pub(super) fn help(&self, now: Timestamp) -> String {
        let seconds = self.patience().as_secs();
        let over = now.duration_since(self.until);
        let wait = format!("--lock-timeout {}s", seconds + 30);
        if over.is_positive() {
            format!(
                "by this machine's clock it ended {} ago, and clocks differ: {wait} watches it and takes it over if no sign of life comes; --break-lease REASON takes it at once",
                words(over)
            )
        } else {
            format!(
                "--lock-timeout 10m waits for it; if that run is known to be dead, {wait} takes it over after watching it, --break-lease REASON at once"
            )
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder {
            pid,
            who,
            run,
            since,
        } = &self.holder;
        write!(f, "process {pid} of {}", one_line(who))?;
        if let Some(run) = run {
            write!(f, " ({})", one_line(run))?;
        }
        write!(f, " since {since}")
    }
}

/// Where a lease ends that is renewed now.
pub(super) fn end(now: Timestamp, patience: Duration) -> Timestamp {
    let patience = SignedDuration::try_from(patience).unwrap_or_default();
    now.checked_add(patience).unwrap_or(now)
}

fn words(span: SignedDuration) -> String {
    match span.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(until: &str) -> Grant {
        Grant {
            token: "t".to_owned(),
            holder: Holder {
                pid: 7,
                who: "ci\u{1b}[2J@runner".to_owned(),
                run: Some("https://forge.example.com/runs/1".to_owned()),
                since: "2026-01-02T03:00:00Z".parse().unwrap(),
            },
            until: until.parse().unwrap(),
            beat: 3,
            seconds: 300,
            home: None,
            taken: None,
        }
    }

    fn life(until: &str, now: &str, watched: u64, noted: i64) -> Life {
        let silence = Silence {
            watched: Duration::from_secs(watched),
            noted: SignedDuration::from_secs(noted),
        };
        grant(until).life(silence, now.parse().unwrap())
    }

    #[test]
    fn clocks_an_hour_apart_kill_nobody() {
        let until = "2026-01-02T03:10:00Z";
        for now in ["2026-01-02T04:09:00Z", "2026-01-02T02:09:00Z"] {
            assert_eq!(life(until, now, 0, 0), Life::Alive, "{now}");
            assert_eq!(life(until, now, 299, 599), Life::Alive, "{now}");
        }
    }

    #[test]
    fn whoever_was_silent_while_watched_is_gone() {
        let (until, now) = ("2026-01-02T03:10:00Z", "2026-01-02T03:01:00Z");
        assert_eq!(life(until, now, 300, 0), Life::Dead);
        assert_eq!(life(until, now, 0, 600), Life::Dead);
        // a clock that was set back says nothing
        assert_eq!(life(until, now, 0, -9000), Life::Alive);
    }

    #[test]
    fn what_ended_hours_ago_holds_nobody_up() {
        assert_eq!(
            life("2026-01-02T03:10:00Z", "2026-01-02T06:10:00Z", 0, 0),
            Life::Dead
        );
    }

    #[test]
    fn a_holder_is_named_on_one_line() {
        let text = grant("2026-01-02T03:10:00Z").to_string();
        assert_eq!(
            text,
            "process 7 of ci[2J@runner (https://forge.example.com/runs/1) since 2026-01-02T03:00:00Z"
        );
    }

    #[test]
    fn a_renewed_lease_says_so() {
        let now = "2026-01-02T03:20:00Z".parse().unwrap();
        let renewed = grant("2026-01-02T03:10:00Z").renewed(now);
        assert_eq!(renewed.beat, 4);
        assert_eq!(renewed.until.to_string(), "2026-01-02T03:25:00Z");
    }
}
