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
    /// How often `Problem processing request` is tried again: it may be permanent.
    pub problem_tries: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            give_up: Duration::from_secs(60),
            read_timeout: Duration::from_secs(30),
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
