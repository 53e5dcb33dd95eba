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

/// A manifest as a whole is read so often: before it is written, right before the write, and after it.
const WHOLE_LOOKS: f64 = 3.0;

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
    Whole(ManifestName, Parts),
}

/// The targets that a manifest had when it was begun to be looked at as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parts {
    /// Those that are looked at.
    pub looked: BTreeSet<TargetName>,
    /// Those that are left alone: they failed, and their time has not come.
    pub rests: BTreeSet<TargetName>,
}

impl Job {
    /// Of which manifest.
    pub const fn manifest(&self) -> &ManifestName {
        match self {
            Self::Look(manifest, _) | Self::Whole(manifest, _) => manifest,
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
    /// Nothing could be said of it, for a reason that is not the place's: what this side needs for it
    /// cannot be used.
    Blind,
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

impl Slot {
    /// How the look ended; `None` where the target was not asked at all.
    fn note(&mut self, told: Option<&Told>, again: bool, now: Duration, jitter: f64) {
        let every = self.entry.every;
        let jitter = jitter.clamp(-1.0, 1.0);
        match told {
            Some(Told::Failed(asked)) => {
                self.failures = self.failures.saturating_add(1);
                let wait = backoff(every, self.failures).max(asked.unwrap_or_default());
                // never earlier than it was asked for
                self.due = now + wait.mul_f64(1.0 + (jitter + 1.0) / 20.0);
                return;
            }
            Some(Told::Read) => self.failures = 0,
            // the place has no part in it, and a rest that it asked for goes on
            Some(Told::Blind) if self.failures > 0 => {
                self.due = self.due.max(now + every);
                return;
            }
            Some(Told::Blind) => {}
            // nothing is known that was not known before
            None if self.failures > 0 => {
                self.due = self.due.max(now + every / TOGETHER);
                return;
            }
            None => {}
        }
        self.due = now + every.mul_f64(1.0 + jitter / 10.0);
        if again {
            self.due = self.due.min(now + every / TOGETHER);
        }
    }
}

/// The targets of all manifests, and when each is next.
#[derive(Debug, Default)]
pub struct Timetable {
    slots: BTreeMap<Key, Slot>,
    budgets: BTreeMap<PlatformKind, Budget>,
    /// What the last look at a connection cost.
    costs: BTreeMap<String, f64>,
    /// What jobs that go on were charged before.
    charged: BTreeMap<Job, BTreeMap<PlatformKind, f64>>,
    /// Targets that are not in the manifests any more, and whose job goes on.
    leaving: BTreeSet<Key>,
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
                    // who failed is left alone for as long as was said then
                    due: match slot.failures {
                        0 => slot.due.min(now + entry.every),
                        _ => slot.due,
                    },
                    entry: entry.clone(),
                    ..slot
                },
                None => Slot {
                    due: now,
                    failures: 0,
                    busy: self.leaving.remove(&entry.key),
                    seen: false,
                    entry: entry.clone(),
                },
            };
            self.slots.insert(entry.key, slot);
        }
        let busy = former.into_iter().filter(|(_, slot)| slot.busy);
        self.leaving.extend(busy.map(|(key, _)| key));
        let manifests: BTreeSet<&ManifestName> = self.slots.keys().map(|(name, _)| name).collect();
        self.whole.retain(|name| manifests.contains(name));
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
        let mut stopped: BTreeSet<PlatformKind> = BTreeSet::new();
        for manifest in self.whole.clone() {
            let is_leaving = self.leaving.iter().any(|(name, _)| *name == manifest);
            let busy = is_leaving || self.of_manifest(&manifest).any(|slot| slot.busy);
            if busy || jobs.len() >= most {
                continue;
            }
            let costs = self.cost_of_whole(&manifest);
            match self.unaffordable(&costs, now) {
                Some(platform) => drop(stopped.insert(platform)),
                None => jobs.push(self.begin_whole(manifest, costs, now)),
            }
        }
        for (_, manifest, connection) in self.groups(now) {
            if jobs.len() >= most {
                break;
            }
            let Some(platform) = self.platform(&manifest, &connection) else {
                continue;
            };
            if stopped.contains(&platform) {
                continue;
            }
            let costs = BTreeMap::from([(platform, self.cost(&connection))]);
            if self.unaffordable(&costs, now).is_some() {
                stopped.insert(platform);
                if self.waiting.insert((manifest, connection)) {
                    *self.throttled.entry(platform).or_default() += 1;
                }
                continue;
            }
            self.waiting.remove(&(manifest.clone(), connection.clone()));
            jobs.push(self.begin_look(manifest, &connection, costs, now));
        }
        jobs
    }

    /// Connections with a target that is due, the longest waiting first.
    fn groups(&self, now: Duration) -> Vec<(Duration, ManifestName, String)> {
        let mut groups: BTreeMap<(&ManifestName, &str), Duration> = BTreeMap::new();
        for ((manifest, _), slot) in &self.slots {
            if slot.busy || slot.due > now || self.whole.contains(manifest) {
                continue;
            }
            let group = (manifest, slot.entry.connection.as_str());
            let due = groups.entry(group).or_insert(slot.due);
            *due = slot.due.min(*due);
        }
        let owned = groups
            .into_iter()
            .map(|((manifest, connection), due)| (due, manifest.clone(), connection.to_owned()));
        let mut groups: Vec<_> = owned.collect();
        groups.sort();
        groups
    }

    fn platform(&self, manifest: &ManifestName, connection: &str) -> Option<PlatformKind> {
        let mut slots = self.slots.iter();
        slots
            .find(|((name, _), slot)| name == manifest && slot.entry.connection == connection)
            .map(|(_, slot)| slot.entry.platform)
    }

    /// The first platform that has no room for so many requests now.
    fn unaffordable(
        &mut self,
        costs: &BTreeMap<PlatformKind, f64>,
        now: Duration,
    ) -> Option<PlatformKind> {
        let mut costs = costs.iter();
        let lacks = costs.find(|(platform, cost)| {
            let budget = self.budgets.get_mut(platform);
            budget.is_some_and(|budget| !budget.wait(**cost, now).is_zero())
        });
        lacks.map(|(platform, _)| *platform)
    }

    /// Pays before; what it really cost is settled when it has ended.
    fn charge(&mut self, job: &Job, costs: BTreeMap<PlatformKind, f64>, now: Duration) {
        for (platform, cost) in &costs {
            if let Some(budget) = self.budgets.get_mut(platform) {
                budget.spend(*cost, now);
            }
        }
        self.charged.insert(job.clone(), costs);
    }

    /// Reading all of it before the write and after it, and once more in between.
    fn cost_of_whole(&self, manifest: &ManifestName) -> BTreeMap<PlatformKind, f64> {
        let mut connections = BTreeSet::new();
        let mut costs: BTreeMap<PlatformKind, f64> = BTreeMap::new();
        let slots = self.slots.iter().filter(|((name, _), _)| name == manifest);
        for (_, slot) in slots {
            let entry = &slot.entry;
            if connections.insert(entry.connection.as_str()) {
                let cost = WHOLE_LOOKS * self.cost(&entry.connection);
                *costs.entry(entry.platform).or_default() += cost;
            }
        }
        costs
    }

    fn begin_whole(
        &mut self,
        manifest: ManifestName,
        costs: BTreeMap<PlatformKind, f64>,
        now: Duration,
    ) -> Job {
        let mut parts = Parts::default();
        for ((name, target), slot) in &mut self.slots {
            if *name == manifest {
                slot.busy = true;
                let rests = slot.failures > 0 && slot.due > now;
                let part = match rests {
                    true => &mut parts.rests,
                    false => &mut parts.looked,
                };
                part.insert(target.clone());
            }
        }
        self.whole.remove(&manifest);
        let job = Job::Whole(manifest, parts);
        self.charge(&job, costs, now);
        job
    }

    fn cost(&self, connection: &str) -> f64 {
        self.costs.get(connection).copied().unwrap_or(FIRST_COST)
    }

    fn begin_look(
        &mut self,
        manifest: ManifestName,
        connection: &str,
        costs: BTreeMap<PlatformKind, f64>,
        now: Duration,
    ) -> Job {
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
        let job = Job::Look(manifest, targets);
        self.charge(&job, costs, now);
        job
    }

    /// A job has ended. `jitter` is between -1 and 1: a tenth of the interval to and fro.
    pub fn ended(&mut self, job: &Job, end: &Ended, now: Duration, jitter: f64) {
        let manifest = job.manifest();
        self.settle(job, end, now);
        let nobody = BTreeSet::new();
        let (looked, rests) = match job {
            Job::Look(_, targets) => (targets, &nobody),
            Job::Whole(_, parts) => (&parts.looked, &parts.rests),
        };
        for target in looked.iter().chain(rests) {
            let key = (manifest.clone(), target.clone());
            self.leaving.remove(&key);
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            slot.busy = false;
            slot.seen = true;
            if !rests.contains(target) {
                slot.note(end.targets.get(target), end.again, now, jitter);
            }
        }
        if end.wants_whole {
            self.whole.insert(manifest.clone());
        }
    }

    /// Pays what a job really cost.
    fn settle(&mut self, job: &Job, end: &Ended, now: Duration) {
        let charged = self.charged.remove(job).unwrap_or_default();
        let platforms: BTreeSet<&PlatformKind> =
            charged.keys().chain(end.requests.keys()).collect();
        for platform in platforms {
            let sent = end.requests.get(platform).copied().unwrap_or_default();
            let before = charged.get(platform).copied().unwrap_or_default();
            if let Some(budget) = self.budgets.get_mut(platform) {
                budget.spend(as_number(sent) - before, now);
            }
        }
        let Job::Look(manifest, targets) = job else {
            return;
        };
        let mut slots = targets
            .iter()
            .filter_map(|target| self.slots.get(&(manifest.clone(), target.clone())));
        if let Some(slot) = slots.next() {
            let sent = end.requests.get(&slot.entry.platform).copied();
            // what failed at once says nothing about what a look costs
            if let Some(sent @ 1..) = sent {
                self.costs
                    .insert(slot.entry.connection.clone(), as_number(sent));
            }
        }
    }

    /// When there is next something to do; `None` where nothing is known to come.
    pub fn next(&mut self, now: Duration) -> Option<Duration> {
        let mut all: Vec<Duration> = vec![];
        // of what is due and was not begun, only who is first of its platform waits for the budget
        let mut first: BTreeSet<PlatformKind> = BTreeSet::new();
        for manifest in self.whole.clone() {
            let is_leaving = self.leaving.iter().any(|(name, _)| *name == manifest);
            if is_leaving || self.of_manifest(&manifest).any(|slot| slot.busy) {
                continue;
            }
            let costs = self.cost_of_whole(&manifest);
            let waits = costs.iter().map(|(platform, cost)| {
                let budget = self.budgets.get_mut(platform);
                budget.map_or(Duration::ZERO, |budget| budget.wait(*cost, now))
            });
            all.push(now + waits.max().unwrap_or_default());
            first.extend(costs.keys());
        }
        for (_, manifest, connection) in self.groups(now) {
            let Some(platform) = self.platform(&manifest, &connection) else {
                continue;
            };
            let cost = self.cost(&connection);
            match self.budgets.get_mut(&platform) {
                None => all.push(now),
                Some(budget) if first.insert(platform) => all.push(now + budget.wait(cost, now)),
                Some(_) => {}
            }
        }
        let later = self.slots.iter().filter(|((manifest, _), slot)| {
            !slot.busy && slot.due > now && !self.whole.contains(manifest)
        });
        all.extend(later.map(|(_, slot)| slot.due));
        all.into_iter().min()
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
