//! How long an activation may take, all its steps together.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The end of an activation's time.
pub(super) struct Deadline {
    end: Instant,
    limit: Duration,
}

/// What no single question may take longer than.
const QUESTION: Duration = Duration::from_secs(15);

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit,
            limit,
        }
    }

    /// The whole of it.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The time for one question, which is asked also when the time is nearly over: an answer is
    /// worth more than a doubt.
    pub(super) fn question(&self) -> Duration {
        self.left().clamp(Duration::from_secs(5), QUESTION)
    }

    /// Waits; `false`, at once, if the time would be over before.
    pub(super) async fn pause(&self, wait: Duration) -> bool {
        if self.left() < wait {
            return false;
        }
        sleep(wait).await;
        true
    }
}

/// When something that was just started is looked at again: who falls over mostly does so at once.
pub(super) const WATCH: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_millis(1000),
];

/// Pauses that grow from 50 ms to a second.
pub(super) fn growing() -> impl Iterator<Item = Duration> {
    (0..).map(|step: u32| Duration::from_millis((50 << step.min(5)).min(1000)))
}
