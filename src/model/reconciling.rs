//! What a scheduled run may do to a target, and when.

mod turns;
mod window;
mod zones;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use window::{ParseWindowError, Window};
pub use zones::Zones;

/// How many times in a row it is looked whether what withholds now has passed, before that is given
/// up: with daily windows a bit more than a year.
const MOST_TURNS: usize = 400;

/// What a scheduled run does where live differs from desired. The stricter of two is the lesser one.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Looks and tells.
    #[default]
    Observe,
    /// Also writes what the manifest changed.
    Apply,
    /// Also puts back what somebody changed on the platform.
    Heal,
}

impl Mode {
    /// All of them, the strictest first.
    pub const ALL: [Self; 3] = [Self::Observe, Self::Apply, Self::Heal];

    /// As it is spelled in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Apply => "apply",
            Self::Heal => "heal",
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// How one target takes part in scheduled runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciling {
    /// What may be done.
    #[serde(default)]
    pub mode: Mode,
    /// How often it is looked at, where the manifest says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// How often its probes are sent without an apply; never where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Duration>,
    /// When it may be written; at any time where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Window>,
    /// When it must not be written, whatever `allow` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Window>,
    /// Not written at all for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<Suspension>,
}

/// Somebody asked not to write for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Why, as the manifest says it: escape it where it is shown.
    pub reason: String,
    /// From then on it may be written again.
    pub until: Timestamp,
}

/// Why a scheduled run must not write now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Lower case, no final period; fits after "because". It may hold text of the manifest: escape it
    /// where it is shown.
    pub why: String,
    /// When it may next be written; `None` if never, or not within about a year.
    pub until: Option<Timestamp>,
}

/// One thing that withholds, and when that one is over.
struct Obstacle {
    why: String,
    until: Option<Timestamp>,
}

impl Reconciling {
    /// Whether a scheduled run may write the target now. Looking is never withheld.
    ///
    /// A suspension and `deny` win over `allow`; with no `allow` it is any time. What cannot be read
    /// withholds: a window that this version does not understand, a time zone that `zones` do not have.
    ///
    /// # Errors
    /// Why not, and when it may next be written.
    pub fn may_write(&self, now: Timestamp, zones: &Zones) -> Result<(), Withheld> {
        Self::all_may_write(&[self], now, zones)
    }

    /// Whether each of them says that it may be written now.
    ///
    /// # Errors
    /// Why not, by the first that says no; and when all of them next say yes.
    pub fn all_may_write(all: &[&Self], now: Timestamp, zones: &Zones) -> Result<(), Withheld> {
        let Some(first) = obstacle(all, now, zones) else {
            return Ok(());
        };
        let mut until = first.until;
        for _ in 0..MOST_TURNS {
            let Some(at) = until else { break };
            match obstacle(all, at, zones) {
                Some(next) => until = next.until.filter(|next| *next > at),
                None => break,
            }
        }
        let is_free = |at: &Timestamp| obstacle(all, *at, zones).is_none();
        Err(Withheld {
            why: first.why,
            until: until.filter(is_free),
        })
    }

    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What of this may be done more than `before` allowed; `None` if nothing. Fits after "scheduled
    /// runs".
    pub fn loosened_since(&self, before: &Self) -> Option<String> {
        let mut found = Vec::new();
        if self.mode > before.mode {
            found.push(format!("{} (was: {})", self.mode.does(), before.mode));
        }
        if !are_within(&self.allow, &before.allow) {
            found.push("may write in wider windows".to_owned());
        }
        let is_denied = |window: &Window| self.deny.iter().any(|one| window.is_within(one));
        if !before.deny.iter().all(is_denied) {
            found.push("may write in a window that was denied".to_owned());
        }
        let end = |of: &Self| of.suspend.as_ref().map(|one| one.until);
        if end(before) > end(self) {
            found.push("are no longer suspended for as long".to_owned());
        }
        match (self.probe, before.probe) {
            (Some(_), None) => found.push("send its probes".to_owned()),
            (Some(now), Some(was)) if now < was => {
                found.push("send its probes more often".to_owned());
            }
            _ => {}
        }
        (!found.is_empty()).then(|| found.join(", "))
    }

    /// Each part the stricter of both. Of two lists of `allow` that cannot be compared, `other`'s.
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        let mut deny = self.deny.clone();
        deny.extend(
            other
                .deny
                .iter()
                .filter(|window| !self.deny.contains(window))
                .cloned(),
        );
        let until = |of: &Option<Suspension>| of.as_ref().map(|one| one.until);
        let later = until(&self.suspend) >= until(&other.suspend);
        Self {
            mode: self.mode.min(other.mode),
            every: self.every,
            probe: self
                .probe
                .zip(other.probe)
                .map(|(one, other)| one.max(other)),
            allow: match are_within(&self.allow, &other.allow) {
                true => self.allow.clone(),
                false => other.allow.clone(),
            },
            deny,
            suspend: if later { &self.suspend } else { &other.suspend }.clone(),
        }
    }
}

impl Mode {
    /// Fits after "scheduled runs".
    const fn does(self) -> &'static str {
        match self {
            Self::Observe => "only look",
            Self::Apply => "write what the manifest changed",
            Self::Heal => "also put back what somebody changed",
        }
    }
}

/// Whether windows allow nothing that these former ones did not: no window at all allows any time.
fn are_within(now: &[Window], before: &[Window]) -> bool {
    let was_allowed = |window: &Window| before.iter().any(|one| window.is_within(one));
    before.is_empty() || !now.is_empty() && now.iter().all(was_allowed)
}

fn obstacle(all: &[&Reconciling], at: Timestamp, zones: &Zones) -> Option<Obstacle> {
    all.iter().find_map(|one| one.obstacle(at, zones))
}

impl Reconciling {
    fn obstacle(&self, at: Timestamp, zones: &Zones) -> Option<Obstacle> {
        if let Some(suspend) = self.suspend.as_ref().filter(|one| at < one.until) {
            return Some(Obstacle {
                why: format!(
                    "it is suspended until {}: {}",
                    suspend.until, suspend.reason
                ),
                until: Some(suspend.until),
            });
        }
        let all = self.deny.iter().chain(&self.allow);
        if let Some(why) = all.filter_map(|window| window.is_unreadable(zones)).next() {
            return Some(Obstacle { why, until: None });
        }
        let is_open = |window: &&Window| window.is_open(at, zones);
        if let Some(window) = self.deny.iter().find(is_open) {
            return Some(Obstacle {
                why: format!("`deny` has `{window}`"),
                until: window.next_turn(false, at, zones),
            });
        }
        if self.allow.is_empty() || self.allow.iter().any(|window| window.is_open(at, zones)) {
            return None;
        }
        let opens = self
            .allow
            .iter()
            .filter_map(|window| window.next_turn(true, at, zones));
        Some(Obstacle {
            why: "it is outside the windows of `allow`".to_owned(),
            until: opens.min(),
        })
    }
}
