//! What a plan may do at once, and what a person allowed on top.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{TargetName, VarName};

/// An absolute and a relative limit; the stricter one counts. `None` means no limit of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// At most so many.
    pub count: Option<u32>,
    /// At most so many of a hundred of the target's managed variables.
    pub percent: Option<u32>,
}

impl Limit {
    /// No limit.
    pub const NONE: Self = Self {
        count: None,
        percent: None,
    };

    /// Each part the stricter of both.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let least = |a: Option<u32>, b: Option<u32>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        Self {
            count: least(self.count, other.count),
            percent: least(self.percent, other.percent),
        }
    }

    /// Whether `count` of `total` is more than this allows.
    pub fn is_exceeded(&self, count: usize, total: usize) -> bool {
        self.count.is_some_and(|most| count > most as usize)
            || self
                .percent
                .is_some_and(|most| count * 100 > total.max(1) * most as usize)
    }
}

/// When dates are told, and what they mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExpiryPolicy {
    /// How long before a date it is told that it comes; `None` for the default.
    pub warn: Option<Duration>,
    /// Whether a date that has passed fails a check.
    pub fails: bool,
}

impl ExpiryPolicy {
    /// 14 days.
    pub const NOTICE: Duration = Duration::from_secs(14 * 86_400);

    /// How long before a date it is told that it comes.
    pub fn notice(self) -> Duration {
        self.warn.unwrap_or(Self::NOTICE)
    }

    /// Each part the stricter of both: the longer notice, and failing over not.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            warn: match other.warn {
                Some(warn) => Some(self.notice().max(warn)),
                None => self.warn,
            },
            fails: self.fails || other.fails,
        }
    }
}

/// The limits of one target. They act at any size: one deleted `DATABASE_URL` is an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rails {
    /// On deletes. Unless the manifest says otherwise: 5, and 25 %.
    pub deletes: Limit,
    /// On values overwritten (not on new variables). Unless the manifest says otherwise: 20.
    pub changes: Limit,
}

impl Default for Rails {
    fn default() -> Self {
        Self {
            deletes: Limit {
                count: Some(5),
                percent: Some(25),
            },
            changes: Limit {
                count: Some(20),
                percent: None,
            },
        }
    }
}

impl Rails {
    /// No limit at all.
    pub const NONE: Self = Self {
        deletes: Limit::NONE,
        changes: Limit::NONE,
    };

    /// Each limit the stricter of both.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            deletes: self.deletes.stricter(other.deletes),
            changes: self.changes.stricter(other.changes),
        }
    }
}

/// What the person who runs the command allowed, from its flags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Overrides {
    /// `--take-over TARGET`: overwrite what a target without records holds.
    pub take_over: BTreeSet<TargetName>,
    /// `--overwrite VARIABLE@TARGET`: ours wins a conflict.
    pub overwrite: BTreeSet<(VarName, TargetName)>,
    /// `--adopt VARIABLE@TARGET`: record the live value as known without writing; it still
    /// differs, as a change, afterwards.
    pub adopt: BTreeSet<(VarName, TargetName)>,
    /// `--allow RAIL[=N]@TARGET`: by target, each rail with the number it may reach (`None` for
    /// rails without a number). A target `*` is spelled as the key `None`.
    pub allow: BTreeMap<(String, Option<TargetName>), Option<u32>>,
    /// `--partial VARIABLE`: this variable may be written where it can be, though another of its
    /// targets is unknown or held.
    pub partial: BTreeSet<VarName>,
}

impl Overrides {
    /// Whether `rail` is allowed on `target`, for `count` things where the rail counts.
    pub fn allows(&self, rail: &str, target: &TargetName, count: Option<usize>) -> bool {
        [Some(target.clone()), None].into_iter().any(|target| {
            self.allow
                .get(&(rail.to_owned(), target))
                .is_some_and(|most| match (most, count) {
                    (Some(most), Some(count)) => count <= *most as usize,
                    (None, None) => true,
                    (Some(_), None) => true,
                    (None, Some(_)) => false,
                })
        })
    }
}
