//! Rate limits: the API's hourly and per-second budgets, and the edge's for anonymous clients.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::ids::{http_date, rfc3339};
use super::switches::{ResetFormat, Switches};

/// What the edge lets through in a second without a query string.
const EDGE_PER_SECOND: usize = 10;

#[derive(Debug, Default)]
pub struct Limits {
    used: u32,
    recent: VecDeque<Instant>,
    anonymous: VecDeque<Instant>,
    blocked_until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Free,
    /// The API's own 429, with the seconds to wait.
    Exhausted(u64),
    Edge,
}

impl Limits {
    pub fn check(&mut self, switches: &Switches, has_source: bool) -> Verdict {
        let now = Instant::now();
        if switches.edge_guard && !has_source && self.edge_refuses(switches, now) {
            return Verdict::Edge;
        }
        if self.used >= switches.hourly_budget {
            return Verdict::Exhausted(3600);
        }
        if within_a_second(&mut self.recent, now, switches.second) >= switches.per_second as usize {
            return Verdict::Exhausted(1);
        }
        self.recent.push_back(now);
        self.used += 1;
        Verdict::Free
    }

    fn edge_refuses(&mut self, switches: &Switches, now: Instant) -> bool {
        if self.blocked_until.is_some_and(|until| now < until) {
            return true;
        }
        let seen = within_a_second(&mut self.anonymous, now, switches.second);
        self.anonymous.push_back(now);
        if seen >= EDGE_PER_SECOND {
            self.blocked_until = Some(now + switches.edge_block);
        }
        seen >= EDGE_PER_SECOND
    }

    /// A new hour.
    pub fn renew(&mut self) {
        *self = Self::default();
    }

    /// The `X-RateLimit-*` headers.
    pub fn headers(&self, switches: &Switches) -> Vec<(&'static str, String)> {
        if switches.reset_format == ResetFormat::Absent {
            return Vec::new();
        }
        let reset = epoch() + 3600;
        let reset = match switches.reset_format {
            ResetFormat::EpochSeconds | ResetFormat::Absent => reset.to_string(),
            ResetFormat::EpochMillis => (reset * 1000).to_string(),
            ResetFormat::Rfc3339 => rfc3339(reset),
            ResetFormat::HttpDate => http_date(reset),
        };
        let remaining = switches.hourly_budget.saturating_sub(self.used);
        vec![
            ("x-ratelimit-limit", switches.hourly_budget.to_string()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset", reset),
        ]
    }
}

fn within_a_second(times: &mut VecDeque<Instant>, now: Instant, second: Duration) -> usize {
    while times.front().is_some_and(|time| now - *time >= second) {
        times.pop_front();
    }
    times.len()
}

/// Real time, for headers that a client compares with its own clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a server on the network has a clock of its own"
)]
pub fn epoch() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
