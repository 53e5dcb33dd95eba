//! Days of a reconciler in a moment, on a clock that stands until everybody sleeps: 200 targets, places
//! that are away, slow or refuse, a day without anything, and a wall clock that jumps. The loop, the rules
//! and the delivery are the real ones; what a place answers, and what is wrong there, is drawn by chance.

mod fate;
mod receiver;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use driftlock::alert::rules::{Began, Coverage, Look, Patience, Round, advance};
use driftlock::alert::{Books, Sink, Sinks, deliver};
use driftlock::model::{
    AlertBook, AlertClass, AlertKey, Alerting, ManifestName, PlatformKind, Sighting, TargetName,
};
use driftlock::reconcile::schedule::{
    BACKOFF_CAP, Budget, Ended, Entry, Job, Settings, Timetable, Told, Work, run,
};
use driftlock::reconcile::stop::Stop;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{Instant, sleep};

use fate::{Fate, Oracle, Weather};
use receiver::{Received, Receiver, Shelf};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const EVERY: Duration = Duration::from_secs(300);
/// Manifests, each with Railway environments of four services and a host of five files.
const MANIFESTS: usize = 8;
const ENVIRONMENTS: usize = 5;
const SERVICES: usize = 4;
const FILES: usize = 5;

type Key = (ManifestName, TargetName);

#[derive(Default)]
struct Seen {
    busy: BTreeSet<Key>,
    /// When each target was last looked at, and how that ended.
    last: BTreeMap<Key, Duration>,
    looks: BTreeMap<Key, u64>,
    /// The longest time between two looks while the place was fine all along.
    longest: Duration,
    /// The wait after each failure in a row, of one target.
    backoff: BTreeMap<Key, Vec<Duration>>,
    /// Not before then, because the place said so.
    asked: BTreeMap<String, Duration>,
    requests: Vec<Duration>,
    turns: u64,
    fine_since: BTreeMap<String, Duration>,
}

struct World {
    begun: Instant,
    base: Timestamp,
    fate: Fate,
    entries: Vec<Entry>,
    given: Cell<Option<bool>>,
    jobs: Cell<u64>,
    wholes: Cell<u64>,
    seen: RefCell<Seen>,
    oracle: RefCell<Oracle>,
    books: RefCell<BTreeMap<ManifestName, Shelf>>,
    sinks: Sinks,
    received: Arc<Mutex<Received>>,
    end: Duration,
    stop: Stop,
}

impl World {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The wall clock, which jumps.
    fn wall(&self) -> Timestamp {
        let now = self.now();
        let passed = self.fate.jumps.iter().rev().find(|(at, _)| *at <= now);
        let off = passed.map_or(SignedDuration::ZERO, |(_, off)| *off);
        self.base + SignedDuration::try_from(now).unwrap() + off
    }

    fn connection(&self, key: &Key) -> &Entry {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.key == *key).unwrap()
    }

    fn key(key: &Key, class: AlertClass) -> AlertKey {
        AlertKey {
            manifest: key.0.clone(),
            target: Some(key.1.clone()),
            variable: (class == AlertClass::Drift).then(|| "TOKEN".parse().unwrap()),
            class,
            observer: (class == AlertClass::Unknown).then(|| "here".to_owned()),
        }
    }

    fn sighting(key: &Key, class: AlertClass, pin: &str) -> Sighting {
        Sighting {
            key: Self::key(key, class),
            pin: pin.to_owned(),
            what: "is not as it should be".to_owned(),
            next: vec![],
            owner: None,
            who: None,
            urgent: class == AlertClass::Drift,
        }
    }

    fn begin(&self, keys: &BTreeSet<Key>, connection: &str) {
        let now = self.now();
        let mut seen = self.seen.borrow_mut();
        let asked = seen.asked.get(connection).copied().unwrap_or_default();
        assert!(now >= asked, "{connection} asked to be left alone");
        for key in keys {
            assert!(seen.busy.insert(key.clone()), "two looks at {key:?}");
            let last = seen.last.insert(key.clone(), now);
            *seen.looks.entry(key.clone()).or_default() += 1;
            let fine = seen.fine_since.get(connection).copied();
            if let (Some(last), Some(fine)) = (last, fine)
                && fine <= last
                // it is not there all the time
                && key.1.as_str() != "extra"
            {
                seen.longest = seen.longest.max(now - last);
            }
            let failures = self.oracle.borrow().failing.get(key).copied();
            if let (Some(last), Some(1..)) = (last, failures) {
                seen.backoff
                    .entry(key.clone())
                    .or_default()
                    .push(now - last);
            }
        }
    }

    /// One connection's part of a job: what became of its targets, and requests that count.
    async fn look_at(
        &self,
        manifest: &ManifestName,
        connection: &str,
        keys: &BTreeSet<Key>,
    ) -> (BTreeMap<TargetName, Told>, u64) {
        let platform = self.connection(keys.first().unwrap()).platform;
        self.begin(keys, connection);
        let began = Began::with(&self.shelf(manifest).book());
        let (takes, requests, told) = self.answer(connection);
        let counted = match platform {
            PlatformKind::Railway => requests,
            _ => 0,
        };
        // one try after the other
        let first = self.now();
        for number in 0..u32::try_from(counted).unwrap() {
            let at = first + takes * number / 4;
            self.seen.borrow_mut().requests.push(at);
        }
        sleep(takes).await;
        self.conclude(manifest, keys, told, &began);
        let now = self.now();
        let mut seen = self.seen.borrow_mut();
        for key in keys {
            seen.busy.remove(key);
        }
        match told {
            Told::Read => {
                seen.fine_since.entry(connection.to_owned()).or_insert(now);
            }
            Told::Blind => unreachable!("nothing is wrong on this side"),
            Told::Failed(asked) => {
                seen.fine_since.remove(connection);
                let until = now + asked.unwrap_or_default();
                seen.asked.insert(connection.to_owned(), until);
            }
        }
        let targets = keys.iter().map(|key| (key.1.clone(), told));
        (targets.collect(), counted)
    }

    /// What the place answers: how long that takes, in how many requests, and how it ends.
    fn answer(&self, connection: &str) -> (Duration, u64, Told) {
        match self.fate.weather(connection, self.now()) {
            Weather::Fine => (Duration::from_millis(400), 2, Told::Read),
            Weather::Busy(after) => (Duration::from_millis(100), 1, Told::Failed(Some(after))),
            Weather::Broken => (Duration::from_secs(8), 4, Told::Failed(None)),
            Weather::Silent => (Duration::from_secs(60), 2, Told::Failed(None)),
        }
    }

    fn conclude(&self, manifest: &ManifestName, keys: &BTreeSet<Key>, told: Told, began: &Began) {
        let at = self.now();
        let (mut sightings, mut coverage) = (vec![], Coverage::default());
        let declared = self.entries.iter().filter(|one| one.key.0 == *manifest);
        coverage.declared = Some(declared.map(|one| one.key.1.clone()).collect());
        let mut oracle = self.oracle.borrow_mut();
        for key in keys {
            let drift = Self::key(key, AlertClass::Drift);
            let unknown = Self::key(key, AlertClass::Unknown);
            if told == Told::Read {
                let look = Look::Checked {
                    unread: BTreeSet::new(),
                    left_out: BTreeSet::new(),
                };
                coverage.targets.insert(key.1.clone(), look);
                oracle.failing.remove(key);
                oracle.close(&unknown);
                match self.fate.drift(key, at) {
                    Some(pin) => {
                        sightings.push(Self::sighting(key, AlertClass::Drift, pin));
                        oracle.open(drift, pin);
                    }
                    None => oracle.close(&drift),
                }
            } else {
                let look = Look::Unchecked("no answer".to_owned());
                coverage.targets.insert(key.1.clone(), look);
                sightings.push(Self::sighting(key, AlertClass::Unknown, "unknown"));
                let failing = oracle.failing.entry(key.clone()).or_default();
                *failing += 1;
                if *failing >= 3 {
                    oracle.open(unknown, "unknown");
                }
            }
        }
        drop(oracle);
        let sinks = BTreeSet::from(["receiver".to_owned()]);
        let round = Round {
            at: self.wall(),
            observer: "here",
            began,
            revision: "one",
            sightings: &sightings,
            coverage: &coverage,
            patience: Patience::default(),
            sinks: &sinks,
        };
        let mut shelf = self.shelf(manifest);
        shelf.change(&mut |book| advance(book, &round)).unwrap();
    }

    fn shelf(&self, manifest: &ManifestName) -> Shelf {
        let mut books = self.books.borrow_mut();
        let named = || {
            Shelf(Arc::new(Mutex::new(AlertBook {
                id: format!("book of {manifest}"),
                ..AlertBook::default()
            })))
        };
        books.entry(manifest.clone()).or_insert_with(named).clone()
    }
}

#[async_trait(?Send)]
impl Work for World {
    async fn carry_out(&self, job: &Job, _: &Stop) -> Ended {
        let (manifest, targets) = match job {
            Job::Look(manifest, targets) => (manifest, targets),
            Job::Whole(manifest, parts) => (manifest, &parts.looked),
        };
        let mut groups: BTreeMap<&str, BTreeSet<Key>> = BTreeMap::new();
        for target in targets {
            let key = (manifest.clone(), target.clone());
            let connection = self.connection(&key).connection.as_str();
            groups.entry(connection).or_default().insert(key);
        }
        let looks = groups
            .iter()
            .map(|(of, keys)| self.look_at(manifest, of, keys));
        let mut ended = Ended::default();
        for (targets, requests) in join_all(looks).await {
            ended.targets.extend(targets);
            *ended.requests.entry(PlatformKind::Railway).or_default() += requests;
        }
        // now and then somebody would have to be written
        let count = self.jobs.get() + 1;
        self.jobs.set(count);
        ended.wants_whole = matches!(job, Job::Look(..)) && count.is_multiple_of(97);
        self.wholes
            .set(self.wholes.get() + u64::from(matches!(job, Job::Whole(..))));
        ended
    }

    async fn reload(&self) -> Option<Vec<Entry>> {
        // somebody edits the manifests: one target of each comes, goes and comes again
        let part = self.now().as_secs() * 10 / self.end.as_secs();
        let is_there = matches!(part, 2 | 3 | 6..);
        let given = self.given.replace(Some(is_there));
        (given != Some(is_there)).then(|| {
            let all = self.entries.iter();
            all.filter(|entry| is_there || entry.key.1.as_str() != "extra")
                .cloned()
                .collect()
        })
    }

    async fn deliver(&self) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        let all: Vec<ManifestName> = self.books.borrow().keys().cloned().collect();
        for manifest in all {
            let mut shelf = self.shelf(&manifest);
            let now = self.wall();
            let Some(at) = deliver::wants(&shelf.book(), &self.sinks, now) else {
                continue;
            };
            let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
            if wait.is_zero() {
                let origin = deliver::Origin {
                    by: "here".to_owned(),
                    manifest: manifest.clone(),
                    revision: None,
                };
                let report = deliver::run(&mut shelf, &self.sinks, &origin, &move || now).await;
                let again = report.next.map(|at| at.duration_since(now));
                let again = again.map(|wait| Duration::try_from(wait).unwrap_or_default());
                next = [next, again].into_iter().flatten().min();
            } else {
                next = Some(next.map_or(wait, |next| next.min(wait)));
            }
        }
        next
    }

    fn turned(&self, _: &Timetable) {
        self.seen.borrow_mut().turns += 1;
        if self.now() >= self.end {
            self.stop.request("the end of the simulation");
        }
    }
}

fn entries() -> Vec<Entry> {
    let mut all = vec![];
    for number in 0..MANIFESTS {
        let manifest: ManifestName = format!("m{number}").parse().unwrap();
        let mut add = |target: String, connection: String, platform| {
            all.push(Entry {
                key: (manifest.clone(), target.parse().unwrap()),
                connection,
                platform,
                every: EVERY,
            });
        };
        for environment in 0..ENVIRONMENTS {
            for service in 0..SERVICES {
                add(
                    format!("e{environment}s{service}"),
                    format!("railway {number}/{environment}"),
                    PlatformKind::Railway,
                );
            }
        }
        for file in 0..FILES {
            add(
                format!("f{file}"),
                format!("host {number}"),
                PlatformKind::File,
            );
        }
        add(
            "extra".to_owned(),
            format!("extra {number}"),
            PlatformKind::File,
        );
    }
    all
}

/// Lives through it. `budget` is of Railway, in an hour.
async fn live(budget: u32, end: Duration, seed: u64) -> World {
    let mut chance = StdRng::seed_from_u64(seed);
    let entries = entries();
    assert_eq!(entries.len(), 200 + MANIFESTS);
    let mut fate = Fate::draw(&entries, end, &mut chance);
    fate.calm(end - 6 * HOUR);
    let received = Arc::new(Mutex::new(Received::default()));
    let receiver: Box<dyn Sink> = Box::new(Receiver(Arc::clone(&received)));
    let sinks = BTreeMap::from([("receiver".to_owned(), receiver)]);
    let stop = Stop::default();
    let world = World {
        begun: Instant::now(),
        base: "2026-03-25T08:00:00Z".parse().unwrap(),
        fate,
        entries,
        given: Cell::default(),
        jobs: Cell::default(),
        wholes: Cell::default(),
        seen: RefCell::default(),
        oracle: RefCell::default(),
        books: RefCell::default(),
        sinks: Sinks::new(Alerting::default(), sinks),
        received,
        end,
        stop: stop.clone(),
    };
    let settings = Settings {
        budgets: BTreeMap::from([(PlatformKind::Railway, Budget::new(budget, HOUR))]),
        reload: 10 * MINUTE,
        beat: 10 * MINUTE,
        ..Settings::default()
    };
    let mut jitter = || chance.gen_range(-1.0..=1.0);
    run(&world, &settings, &stop, &mut jitter).await;
    world.seen.borrow_mut().requests.sort();
    world
}

fn seed() -> u64 {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(20_261_122)
}

fn days() -> u32 {
    match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 7,
        None => 2,
    }
}

/// The most requests in any hour that ends with one of them.
fn busiest(requests: &[Duration]) -> usize {
    let mut begin = 0;
    let mut most = 0;
    for (place, at) in requests.iter().enumerate() {
        while requests[begin] + HOUR <= *at {
            begin += 1;
        }
        most = most.max(place - begin + 1);
    }
    most
}

/// Each thing that was wrong was told once when it began and once when it was over, exactly as often as an
/// onlooker who was told of each look would have said it; nothing is left open.
fn told_once(world: &World) {
    let oracle = world.oracle.borrow();
    let received = world.received.lock().unwrap();
    assert_eq!(received.twice, 0, "an event was delivered twice");
    let difference = |one: &BTreeMap<AlertKey, u64>, other: &BTreeMap<AlertKey, u64>| {
        let keys: BTreeSet<&AlertKey> = one.keys().chain(other.keys()).collect();
        let wrong = keys
            .into_iter()
            .filter(|key| one.get(key) != other.get(key));
        let wrong: Vec<_> = wrong
            .map(|key| (key, one.get(key), other.get(key)))
            .collect();
        wrong
            .into_iter()
            .map(|one| format!("{one:?}"))
            .take(5)
            .collect::<Vec<_>>()
    };
    assert_eq!(difference(&received.opened, &oracle.opened), [""; 0]);
    assert_eq!(difference(&received.resolved, &oracle.resolved), [""; 0]);
    assert_eq!(received.opened, received.resolved);
    for (manifest, shelf) in &*world.books.borrow() {
        let book = shelf.book();
        assert!(book.open.is_empty(), "{manifest}: {:?}", book.open);
        assert_eq!(book.sinks["receiver"].cursor, book.last_event, "{manifest}");
        assert!(book.events.len() < 100, "{manifest}: {}", book.events.len());
        assert!(book.strikes.is_empty());
    }
}

fn figures(world: &World, what: &str) -> String {
    let seen = world.seen.borrow();
    let received = world.received.lock().unwrap();
    let looks = seen
        .looks
        .iter()
        .filter(|(key, _)| key.1.as_str() != "extra");
    let looks: Vec<u64> = looks.map(|(_, looks)| *looks).collect();
    format!(
        "{what}: {} looks ({} to {} a target) in {} jobs, {} of them whole, longest gap {:.0} s, {} requests, at most {} an hour, {} turns, {} alerts in {} messages of {} tries",
        looks.iter().sum::<u64>(),
        looks.iter().min().unwrap(),
        looks.iter().max().unwrap(),
        world.jobs.get(),
        world.wholes.get(),
        seen.longest.as_secs_f64(),
        seen.requests.len(),
        busiest(&seen.requests),
        seen.turns,
        received.opened.values().sum::<u64>(),
        received.messages,
        received.tries,
    )
}

#[test]
fn days_of_trouble_starve_nobody_and_tell_everything_once() {
    let seeds = match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 3,
        None => 1,
    };
    for seed in seed()..seed() + seeds {
        println!("DRIFTLOCK_SEED={seed}");
        lived_through(seed);
    }
}

fn lived_through(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let end = DAY * days();
    // 40 environments, every 5 minutes, 2 requests: 960 an hour
    for (what, budget) in [("enough", 3000), ("scarce", 600)] {
        let world = runtime.block_on(live(budget, end, seed));
        println!("{}", figures(&world, what));
        told_once(&world);
        let seen = world.seen.borrow();
        assert!(busiest(&seen.requests) <= budget as usize);
        assert_eq!(seen.looks.len(), 200 + MANIFESTS);
        assert!(world.wholes.get() > 20);
        // nobody waits longer than the interval, or than the budget takes to go round
        let round = match budget {
            600 => HOUR.mul_f64(80.0 / 540.0),
            _ => EVERY,
        };
        // and a whole manifest that goes first may hold back 30 requests
        let whole = HOUR.mul_f64(30.0 / 540.0);
        let most = round.mul_f64(1.3) + EVERY / 10 + MINUTE + whole;
        assert!(
            seen.longest <= most,
            "{:?} is more than {most:?}",
            seen.longest
        );
        // doubled up to the cap, which is reached and not passed
        let longest = seen.backoff.values().flatten().max().unwrap();
        assert!(*longest >= BACKOFF_CAP, "{longest:?}");
        let night = seen
            .backoff
            .values()
            .flatten()
            .filter(|wait| **wait >= BACKOFF_CAP);
        assert!(night.count() > 20);
        assert!(
            *longest <= BACKOFF_CAP.mul_f64(1.1) + 2 * HOUR,
            "{longest:?}"
        );
        // a loop that never sleeps would turn without end
        let looks: u64 = seen.looks.values().sum();
        assert!(seen.turns < 12 * looks, "{} turns", seen.turns);
    }
}
