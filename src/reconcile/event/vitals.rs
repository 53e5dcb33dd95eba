//! How a scheduled run is doing, as plain data: what metrics, health checks and `status` read.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{AlertClass, ManifestName, Mode, TargetName};
use crate::plan::Class;

/// Everything there is to know about a reconciler that runs. Counters only rise while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When its loop last turned: long ago means that it hangs.
    pub beat_at: Option<Timestamp>,
    /// Whether every target was looked at once, however that ended.
    pub first_round: bool,
    /// Whether it is about to end.
    pub stopping: bool,
    /// By manifest and target.
    pub targets: BTreeMap<(ManifestName, TargetName), TargetVitals>,
    /// By manifest.
    pub manifests: BTreeMap<ManifestName, ManifestVitals>,
    /// By sink.
    pub sinks: BTreeMap<String, SinkVitals>,
    /// Requests sent, by platform.
    pub requests: BTreeMap<String, u64>,
    /// Requests that waited because a budget was used up, by platform.
    pub throttled: BTreeMap<String, u64>,
}

impl Vitals {
    /// Whether its loop still turns. `unmoved` is how long the beat is known to have stood still by a
    /// clock that nobody sets: one that was set back makes no hanging loop look alive.
    ///
    /// # Errors
    /// Why not: lower case, no final period.
    pub fn alive(
        &self,
        now: Timestamp,
        unmoved: Duration,
        patience: Duration,
    ) -> Result<(), String> {
        let Some(last) = self.beat_at.or(self.started_at) else {
            return Err("the loop has not begun".to_owned());
        };
        let by_clock = Duration::try_from(now.duration_since(last)).unwrap_or_default();
        let still = by_clock.max(unmoved);
        if still <= patience {
            return Ok(());
        }
        let (still, patience) = (still.as_secs(), patience.as_secs());
        let what = match self.beat_at {
            Some(_) => "the loop has not turned",
            None => "the loop has not begun",
        };
        Err(format!("{what} for {still} s (limit {patience} s)"))
    }

    /// Whether what it says is about all of its targets.
    ///
    /// # Errors
    /// What is missing: lower case, no final period.
    pub fn ready(&self) -> Result<(), String> {
        const NAMED: usize = 5;
        if self.stopping {
            return Err("it is stopping".to_owned());
        }
        if self.first_round {
            return Ok(());
        }
        let waiting = self.targets.iter().filter(|(_, of)| of.looks == 0);
        let waiting: Vec<String> = waiting
            .map(|((manifest, target), _)| format!("{manifest}/{target}"))
            .collect();
        if waiting.is_empty() {
            return Err("the first round has not ended".to_owned());
        }
        let mut text = format!(
            "the first round has not ended: {} of {} targets not looked at yet: {}",
            waiting.len(),
            self.targets.len(),
            waiting[..waiting.len().min(NAMED)].join(", ")
        );
        if waiting.len() > NAMED {
            text.push_str(&format!(" and {} more", waiting.len() - NAMED));
        }
        Err(text)
    }
}

/// One target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetVitals {
    /// What may be done to it.
    pub mode: Mode,
    /// Looks that ended, well or not.
    pub looks: u64,
    /// Looks that failed.
    pub failures: u64,
    /// Failures since the last look that did not fail.
    pub failing: u32,
    /// When it was last read whole.
    pub read_at: Option<Timestamp>,
    /// How long the last look took, in milliseconds.
    pub look_ms: u64,
    /// Variables by class, at the last look that did not fail.
    pub variables: BTreeMap<Class, u64>,
    /// When all of its probes were last answered.
    pub probed_at: Option<Timestamp>,
    /// Whether they work; `None` where that is not known.
    pub probes_work: Option<bool>,
    /// Values written by scheduled applies, heals among them.
    pub writes: u64,
    /// Values put back.
    pub heals: u64,
}

/// One manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestVitals {
    /// The commit that is watched, where there is one.
    pub revision: Option<String>,
    /// Since when it could not be loaded or opened; the last good one is watched meanwhile.
    pub broken_since: Option<Timestamp>,
    /// Alerts that are open, by class.
    pub open: BTreeMap<AlertClass, u64>,
    /// The nearest date at which a value ends.
    pub expires_at: Option<Timestamp>,
}

/// One sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkVitals {
    /// Messages delivered.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Events that wait.
    pub waiting: u64,
    /// When something was last delivered.
    pub delivered_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn beating(second: i64) -> Vitals {
        Vitals {
            started_at: Some(at(0)),
            beat_at: Some(at(second)),
            ..Vitals::default()
        }
    }

    #[test]
    fn a_loop_is_alive_as_long_as_it_turns() {
        let patience = Duration::from_secs(60);
        assert_eq!(beating(100).alive(at(160), NONE, patience), Ok(()));
        assert_eq!(
            beating(100).alive(at(161), NONE, patience),
            Err("the loop has not turned for 61 s (limit 60 s)".to_owned())
        );
        assert!(Vitals::default().alive(at(0), NONE, patience).is_err());
        let starting = Vitals {
            started_at: Some(at(100)),
            ..Vitals::default()
        };
        assert_eq!(starting.alive(at(130), NONE, patience), Ok(()));
        assert_eq!(
            starting.alive(at(190), NONE, patience),
            Err("the loop has not begun for 90 s (limit 60 s)".to_owned())
        );
    }

    #[test]
    fn a_clock_that_was_set_back_hides_no_hanging_loop() {
        let patience = Duration::from_secs(60);
        let set_back = beating(7200);
        assert_eq!(set_back.alive(at(3600), NONE, patience), Ok(()));
        assert_eq!(
            set_back.alive(at(3600), Duration::from_secs(61), patience),
            Err("the loop has not turned for 61 s (limit 60 s)".to_owned())
        );
    }

    #[test]
    fn what_was_not_looked_at_is_named() {
        let mut vitals = Vitals::default();
        assert_eq!(vitals.ready().unwrap_err(), "the first round has not ended");
        for number in 0..8 {
            let key = (
                "dev".parse().unwrap(),
                format!("t{number}").parse().unwrap(),
            );
            let looks = u64::from(number == 0);
            let of = TargetVitals {
                looks,
                ..TargetVitals::default()
            };
            vitals.targets.insert(key, of);
        }
        assert_eq!(
            vitals.ready().unwrap_err(),
            "the first round has not ended: 7 of 8 targets not looked at yet: \
             dev/t1, dev/t2, dev/t3, dev/t4, dev/t5 and 2 more"
        );
        vitals.first_round = true;
        assert_eq!(vitals.ready(), Ok(()));
        vitals.stopping = true;
        assert_eq!(vitals.ready().unwrap_err(), "it is stopping");
    }
}
