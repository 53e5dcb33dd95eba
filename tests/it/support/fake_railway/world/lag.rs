//! Reads that lag behind writes, by time or by a number of reads.

use std::time::{Duration, Instant};

use super::{Environment, Scopes, Staged, World};

/// How long a write stays invisible: until the time has passed and the reads were made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lag {
    pub time: Duration,
    pub reads: u32,
    /// Whether the staged patch lags too.
    pub staged_too: bool,
}

impl Lag {
    fn is_none(&self) -> bool {
        self.time.is_zero() && self.reads == 0
    }
}

/// An environment as it was before a write.
#[derive(Debug)]
pub struct Past {
    at: Instant,
    lag: Lag,
    reads: u32,
    scopes: Scopes,
    staged: Option<Staged>,
}

impl Past {
    fn is_seen(&self) -> bool {
        self.at.elapsed() < self.lag.time || self.reads < self.lag.reads
    }
}

impl World {
    /// Keeps what readers see for a while, before a write changes it.
    pub fn remember(&mut self, environment: &str, lag: Lag) {
        let environment = self.environment_mut(environment);
        environment.past.retain(Past::is_seen);
        if !lag.is_none() {
            environment.past.push(Past {
                at: Instant::now(),
                lag,
                reads: 0,
                scopes: environment.scopes.clone(),
                staged: environment.staged.clone(),
            });
        }
    }

    /// Counts a request that read variables of the environment.
    pub fn was_read(&mut self, environment: &str) {
        let environment = self.environment_mut(environment);
        for past in &mut environment.past {
            past.reads += 1;
        }
        environment.past.retain(Past::is_seen);
    }
}

impl Environment {
    /// The variables that a reader sees now.
    pub fn seen(&self) -> &Scopes {
        let past = self.past.iter().find(|past| past.is_seen());
        past.map_or(&self.scopes, |past| &past.scopes)
    }

    /// The staged patch that a reader sees now.
    pub fn seen_staged(&self) -> Option<&Staged> {
        let past = self
            .past
            .iter()
            .find(|past| past.is_seen() && past.lag.staged_too);
        past.map_or(&self.staged, |past| &past.staged).as_ref()
    }
}
