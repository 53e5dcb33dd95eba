//! Which target is looked at when. Pure: time is told, as the time since the loop began, so that
//! nobody's clock can make it skip or repeat a look.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Budget;
use crate::model::{ManifestName, PlatformKind, TargetName};

/// The longest wait between two looks at a target that cannot be read, unless its interval is longer.
pub const BACKOFF_CAP: Duration = Duration::from_secs(3600);

/// What is looked at a tenth of its interval too early is looked at together with its neighbours.
const TOGETHER: u32 = 10;

/// What a look at one connection is taken to cost until it was seen.
const FIRST_COST: f64 = 2.0;

/// One target of one manifest.
pub type Key = (ManifestName, TargetName);

/// One target, as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub key: Key,
    /// What is talked to at once: targets of one connection are read together.
    pub connection: String,
    /// Whose budget it counts against.
    pub platform: PlatformKind,
    /// How often it is looked at.
    pub every: Duration,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Look at these targets of one connection.
    Look(ManifestName, BTreeSet<TargetName>),
    /// Look at the whole manifest, and write what it allows.
    Whole(ManifestName),
}

impl Job {
    /// Of which manifest.
    pub const fn manifest(&self) -> &ManifestName {
        match self {
            Self::Look(manifest, _) | Self::Whole(manifest) => manifest,
        }
    }
}

/// How a look at one target ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It was read.
    Read,
    /// It could not be read; how long the place asked to be left alone.
    Failed(Option<Duration>),
}

/// How a job ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// Each target that was looked at.
    pub targets: BTreeMap<TargetName, Told>,
    /// Whether there is something to write, for which the whole manifest has to be looked at.
    pub wants_whole: bool,
    /// Look again soon: somebody else wrote meanwhile, so that nothing was concluded.
    pub again: bool,
    /// Requests that it sent, by platform.
    pub requests: BTreeMap<PlatformKind, u64>,
}

#[derive(Debug, Clone)]
struct Slot {
    entry: Entry,
    due: Duration,
    /// Failures in a row.
    failures: u32,
    busy: bool,
    /// Whether it was looked at since the loop began.
    seen: bool,
}

/// The targets of all manifests, and when each is next.
#[derive(Debug, Default)]
pub struct Timetable {
    slots: BTreeMap<Key, Slot>,
    budgets: BTreeMap<PlatformKind, Budget>,
    /// What the last look at a connection cost.
    costs: BTreeMap<String, f64>,
    /// Manifests to be looked at as a whole.
    whole: BTreeSet<ManifestName>,
    /// How often a job waited for its budget, by platform.
    throttled: BTreeMap<PlatformKind, u64>,
    /// Jobs that wait now, so that each is counted once.
    waiting: BTreeSet<(ManifestName, String)>,
}

impl Timetable {
    /// With the budgets of platforms that have one.
    pub fn new(budgets: BTreeMap<PlatformKind, Budget>) -> Self {
        Self {
            budgets,
            ..Self::default()
        }
    }

    /// These are the targets from now on. What is known of those that stay is kept; new ones are due
    /// now.
    pub fn set(&mut self, entries: Vec<Entry>, now: Duration) {
        let mut former = std::mem::take(&mut self.slots);
        for entry in entries {
            let slot = match former.remove(&entry.key) {
                Some(slot) => Slot {
                    due: slot.due.min(now + entry.every),
                    entry: entry.clone(),
                    ..slot
                },
                None => Slot {
                    due: now,
                    failures: 0,
                    busy: false,
                    seen: false,
                    entry: entry.clone(),
                },
            };
            self.slots.insert(entry.key, slot);
        }
        let manifests: BTreeSet<&ManifestName> = self.slots.keys().map(|(name, _)| name).collect();
        self.whole.retain(|name| manifests.contains(name));
    }

    /// All targets of one manifest are due now.
    pub fn hurry(&mut self, manifest: &ManifestName, now: Duration) {
        for slot in self.of_manifest(manifest) {
            slot.due = slot.due.min(now);
        }
    }

    fn of_manifest<'a>(
        &'a mut self,
        manifest: &'a ManifestName,
    ) -> impl Iterator<Item = &'a mut Slot> {
        self.slots
            .iter_mut()
            .filter(move |((name, _), _)| name == manifest)
            .map(|(_, slot)| slot)
    }

    /// What is to be done now, at most `most` jobs; what it is about is busy until [`Self::ended`].
    /// Who waits longest comes first, and nobody overtakes within one platform's budget.
    pub fn take(&mut self, now: Duration, most: usize) -> Vec<Job> {
        let mut jobs = vec![];
        for manifest in self.whole.clone() {
            let busy = self.of_manifest(&manifest).any(|slot| slot.busy);
            if busy || jobs.len() >= most {
                continue;
            }
            self.of_manifest(&manifest)
                .for_each(|slot| slot.busy = true);
            self.whole.remove(&manifest);
            jobs.push(Job::Whole(manifest));
        }
        let mut stopped: BTreeSet<PlatformKind> = BTreeSet::new();
        for (manifest, connection) in self.groups(now) {
            if jobs.len() >= most {
                break;
            }
            let Some(platform) = self.platform(&manifest, &connection) else {
                continue;
            };
            if stopped.contains(&platform) {
                continue;
            }
            if !self.affords(platform, &connection, now) {
                stopped.insert(platform);
                if self.waiting.insert((manifest, connection)) {
                    *self.throttled.entry(platform).or_default() += 1;
                }
                continue;
            }
            self.waiting.remove(&(manifest.clone(), connection.clone()));
            jobs.push(self.begin(manifest, &connection, now));
        }
        jobs
    }

    /// Connections with a target that is due, the longest waiting first.
    fn groups(&self, now: Duration) -> Vec<(ManifestName, String)> {
        let mut groups: BTreeMap<(ManifestName, String), Duration> = BTreeMap::new();
        for ((manifest, _), slot) in &self.slots {
            if slot.busy || slot.due > now || self.whole.contains(manifest) {
                continue;
            }
            let due = groups
                .entry((manifest.clone(), slot.entry.connection.clone()))
                .or_insert(slot.due);
            *due = slot.due.min(*due);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
        groups.into_iter().map(|(group, _)| group).collect()
    }

    fn platform(&self, manifest: &ManifestName, connection: &str) -> Option<PlatformKind> {
        let mut slots = self.slots.iter();
        slots
            .find(|((name, _), slot)| name == manifest && slot.entry.connection == connection)
            .map(|(_, slot)| slot.entry.platform)
    }

    fn affords(&mut self, platform: PlatformKind, connection: &str, now: Duration) -> bool {
        let cost = self.cost(connection);
        let Some(budget) = self.budgets.get_mut(&platform) else {
            return true;
        };
        if !budget.wait(cost, now).is_zero() {
            return false;
        }
        // what it really cost is settled when it has ended
        budget.spend(cost, now);
        true
    }

    fn cost(&self, connection: &str) -> f64 {
        self.costs.get(connection).copied().unwrap_or(FIRST_COST)
    }

    fn begin(&mut self, manifest: ManifestName, connection: &str, now: Duration) -> Job {
        let mut targets = BTreeSet::new();
        for ((name, target), slot) in &mut self.slots {
            let soon = slot.due <= now + slot.entry.every / TOGETHER;
            let resting = slot.failures > 0 && slot.due > now;
            if *name == manifest
                && slot.entry.connection == connection
                && !slot.busy
                && soon
                && !resting
            {
                slot.busy = true;
                targets.insert(target.clone());
            }
        }
        Job::Look(manifest, targets)
    }

    /// A job has ended. `jitter` is between -1 and 1: a tenth of the interval to and fro.
    pub fn ended(&mut self, job: &Job, end: &Ended, now: Duration, jitter: f64) {
        let manifest = job.manifest();
        self.settle(job, end, now);
        let looked: Vec<TargetName> = match job {
            Job::Look(_, targets) => targets.iter().cloned().collect(),
            Job::Whole(_) => (self.slots.keys())
                .filter(|(name, _)| name == manifest)
                .map(|(_, target)| target.clone())
                .collect(),
        };
        for target in looked {
            let Some(slot) = self.slots.get_mut(&(manifest.clone(), target.clone())) else {
                continue;
            };
            slot.busy = false;
            slot.seen = true;
            let every = slot.entry.every;
            match end.targets.get(&target) {
                // not asked at all: elsewhere, or stopped before
                Some(Told::Read) | None => {
                    slot.failures = 0;
                    slot.due = now + every.mul_f64(1.0 + jitter.clamp(-1.0, 1.0) / 10.0);
                }
                Some(Told::Failed(asked)) => {
                    slot.failures = slot.failures.saturating_add(1);
                    let wait = backoff(every, slot.failures).max(asked.unwrap_or_default());
                    // never earlier than it was asked for
                    slot.due = now + wait.mul_f64(1.0 + (jitter.clamp(-1.0, 1.0) + 1.0) / 20.0);
                }
            }
            if end.again {
                slot.due = slot.due.min(now + every / 10);
            }
        }
        if end.wants_whole {
            self.whole.insert(manifest.clone());
        }
    }

    /// Pays what a job really cost.
    fn settle(&mut self, job: &Job, end: &Ended, now: Duration) {
        let Job::Look(manifest, targets) = job else {
            for (platform, sent) in &end.requests {
                if let Some(budget) = self.budgets.get_mut(platform) {
                    budget.spend(as_number(*sent), now);
                }
            }
            return;
        };
        let Some(slot) = targets
            .first()
            .and_then(|target| self.slots.get(&(manifest.clone(), target.clone())))
        else {
            return;
        };
        let (platform, connection) = (slot.entry.platform, slot.entry.connection.clone());
        let planned = self.cost(&connection);
        let sent = end.requests.get(&platform).copied().unwrap_or_default();
        if let Some(budget) = self.budgets.get_mut(&platform) {
            budget.spend(as_number(sent) - planned, now);
            // what failed at once says nothing about what a look costs
            if sent > 0 {
                self.costs.insert(connection, as_number(sent));
            }
        }
    }

    /// When there is next something to do; `None` where nothing is known to come.
    pub fn next(&mut self, now: Duration) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        let mut sooner = |at: Duration| next = Some(next.map_or(at, |next| next.min(at)));
        let idle: Vec<(Duration, PlatformKind, String)> = (self.slots.iter())
            .filter(|((manifest, _), slot)| !slot.busy && !self.whole.contains(manifest))
            .map(|(_, slot)| {
                let entry = &slot.entry;
                (slot.due, entry.platform, entry.connection.clone())
            })
            .collect();
        let mut first: BTreeMap<PlatformKind, (Duration, String)> = BTreeMap::new();
        for (due, platform, connection) in idle {
            if due > now || !self.budgets.contains_key(&platform) {
                sooner(due.max(now));
            } else {
                let one = (due, connection);
                let held = first.entry(platform).or_insert_with(|| one.clone());
                *held = one.min(held.clone());
            }
        }
        for (platform, (_, connection)) in first {
            let cost = self.cost(&connection);
            if let Some(budget) = self.budgets.get_mut(&platform) {
                sooner(now + budget.wait(cost, now));
            }
        }
        let free = |manifest: &ManifestName| {
            let mut slots = self.slots.iter();
            !slots.any(|((name, _), slot)| name == manifest && slot.busy)
        };
        if self.whole.iter().any(free) {
            sooner(now);
        }
        next
    }

    /// Whether every target was looked at, however that ended.
    pub fn all_seen(&self) -> bool {
        self.slots.values().all(|slot| slot.seen)
    }

    /// How many targets there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Whether nothing is going on and no manifest waits to be looked at as a whole.
    pub fn is_idle(&self) -> bool {
        self.whole.is_empty() && !self.slots.values().any(|slot| slot.busy)
    }

    /// How often a look had to wait for its platform's budget.
    pub const fn throttled(&self) -> &BTreeMap<PlatformKind, u64> {
        &self.throttled
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody sends that many requests"
)]
fn as_number(count: u64) -> f64 {
    count as f64
}

/// How long a target that failed so often in a row is left alone: the interval, doubled each time, up
/// to the cap and no further.
fn backoff(every: Duration, failures: u32) -> Duration {
    let cap = BACKOFF_CAP.max(every);
    let times = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    every.saturating_mul(times).min(cap)
}

#[cfg(test)]
mod tests;
