//! How long to wait for what, in one place, so that tests can run in milliseconds.

use std::time::Duration;

use rand::Rng;
use tokio::time::Instant;

/// All durations of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first wait before trying again; doubled each time.
    pub first_wait: Duration,
    /// The longest single wait of our own choosing.
    pub longest_wait: Duration,
    /// From the start of an operation: no further try begins after it. A `Retry-After` beyond it is
    /// reported, not waited for.
    pub give_up: Duration,
    /// Longest time for one reading request.
    pub read_timeout: Duration,
    /// Longest time for one writing request.
    pub write_timeout: Duration,
    /// How often an answer that may be permanent is tried again (Railway's `Problem processing
    /// request`).
    pub problem_tries: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            give_up: Duration::from_secs(60),
            read_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(90),
            problem_tries: 2,
        }
    }
}

/// When to stop trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// Whether a wait of this length still ends in time.
    pub fn allows(self, wait: Duration) -> bool {
        Instant::now() + wait <= self.0
    }
}

impl Pace {
    /// The deadline of an operation that starts now.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.give_up)
    }

    /// The deadline of a look that starts now: somebody sits and waits for it, and nothing is lost by
    /// looking again later.
    pub fn reading_deadline(&self) -> Deadline {
        Deadline::after(self.give_up / 2)
    }

    /// The same, so many times faster.
    #[must_use]
    pub fn hastened(self, times: u32) -> Self {
        let times = times.max(1);
        Self {
            first_wait: self.first_wait / times,
            longest_wait: self.longest_wait / times,
            give_up: self.give_up / times,
            read_timeout: self.read_timeout / times,
            write_timeout: self.write_timeout / times,
            problem_tries: self.problem_tries,
        }
    }

    /// How long to wait before try number `tries + 1`: doubling, and between half and all of it by
    /// chance, so that many runs that were stopped together do not come back together.
    pub fn wait(&self, tries: u32) -> Duration {
        let doubled = self.first_wait.saturating_mul(
            1_u32
                .checked_shl(tries.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        let longest = doubled.min(self.longest_wait);
        longest.mul_f64(rand::thread_rng().gen_range(0.5..=1.0))
    }

    /// The same where the server may have said how long: never earlier than that, and many runs do not
    /// come back all at once.
    pub fn wait_as_asked(&self, asked: Option<Duration>, tries: u32) -> Duration {
        let ours = self.wait(tries);
        asked.map_or(ours, |asked| asked + ours / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_at_a_railway_that_is_down_ends_within_a_minute() {
        let pace = Pace::default();
        // the last try may begin right before the end
        let longest = pace.give_up / 2 + pace.read_timeout;
        assert!(longest < Duration::from_secs(60), "{longest:?}");
        // and one that hangs once has a second chance
        assert!(pace.read_timeout + pace.first_wait < pace.give_up / 2);
        let hasty = pace.hastened(20);
        assert_eq!(hasty.give_up * 20, pace.give_up);
        assert_eq!(pace.hastened(0), pace);
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let pace = Pace::default();
        for (tries, most) in [
            (1, 500),
            (2, 1000),
            (3, 2000),
            (5, 8000),
            (9, 8000),
            (99, 8000),
        ] {
            for _ in 0..50 {
                let wait = pace.wait(tries);
                let most = Duration::from_millis(most);
                assert!(wait >= most / 2 && wait <= most, "{tries}: {wait:?}");
            }
        }
    }
}
