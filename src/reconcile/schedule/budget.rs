//! How many requests a platform may be sent: so many at once, and so many in a time.

use std::time::Duration;

/// A bucket of requests that fills up steadily. Times count from any fixed moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// At most so many at once.
    capacity: f64,
    /// So many come back each second.
    rate: f64,
    left: f64,
    at: Duration,
}

impl Budget {
    /// `requests` in each `per`. A tenth of that may be spent at once.
    pub fn new(requests: u32, per: Duration) -> Self {
        let requests = f64::from(requests.max(1));
        let capacity = (requests / 10.0).max(1.0);
        Self {
            capacity,
            rate: (requests - capacity).max(1.0) / per.as_secs_f64().max(1.0),
            left: capacity,
            at: Duration::ZERO,
        }
    }

    fn fill(&mut self, now: Duration) {
        let gone = now.saturating_sub(self.at).as_secs_f64();
        self.left = (self.left + gone * self.rate).min(self.capacity);
        self.at = self.at.max(now);
    }

    /// How long until there is room for so many requests; nothing if there is now. What is more than
    /// the bucket holds has to wait until it is full, and then goes.
    pub fn wait(&mut self, requests: f64, now: Duration) -> Duration {
        self.fill(now);
        let lacks = requests.min(self.capacity) - self.left;
        if lacks <= 0.0 {
            return Duration::ZERO;
        }
        // rounded up, or one would wake up a moment too early for ever
        Duration::from_secs_f64(lacks / self.rate) + Duration::from_millis(1)
    }

    /// So many were sent, or are about to be. More than there was room for is made up for later.
    pub fn spend(&mut self, requests: f64, now: Duration) {
        self.fill(now);
        self.left -= requests;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn no_hour_has_more_than_its_requests() {
        let mut budget = Budget::new(600, HOUR);
        let mut sent: Vec<Duration> = vec![];
        let mut now = Duration::ZERO;
        while now < 5 * HOUR {
            let wait = budget.wait(2.0, now);
            if wait.is_zero() {
                budget.spend(2.0, now);
                sent.extend([now, now]);
            }
            now += wait.max(Duration::from_millis(10));
        }
        for begin in &sent {
            let within = sent
                .iter()
                .filter(|at| **at >= *begin && **at < *begin + HOUR);
            assert!(within.count() <= 600, "from {begin:?}");
        }
        // and it is not much too careful either
        assert!(sent.len() > 5 * 530, "{}", sent.len());
    }

    #[test]
    fn what_is_larger_than_the_bucket_goes_once_it_is_full() {
        let mut budget = Budget::new(100, HOUR);
        budget.spend(10.0, Duration::ZERO);
        let wait = budget.wait(50.0, Duration::ZERO);
        assert!(budget.wait(50.0, wait).is_zero());
        budget.spend(50.0, wait);
        // it is paid back before the next one
        assert!(budget.wait(1.0, wait) > wait);
    }
}
