//! Random schedules of faults, strangers, colleagues and edits, each from its seed: whatever goes
//! wrong, nothing is lost, nothing is done twice, nothing is claimed that is not so, and once it is
//! calm again everything is as wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use driftlock::model::Overrides;
use driftlock::plan::{Plan, has_differences, has_unknown};
use driftlock::platforms::railway::api::Pace;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::lab::{How, Lab};
use super::truth::{At, TARGETS, Truth};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::switches::Switches;
use crate::support::railway::fake;

/// One schedule at work, and what is known of the environment from outside our program.
pub struct Story<'a> {
    pub lab: Lab<'a>,
    pub random: StdRng,
    pub counter: usize,
    /// What happened, for who reads of a failure.
    pub diary: Vec<String>,
    /// What should not have happened.
    pub wrong: Vec<String>,
    /// What strangers keep under their own names.
    pub foreign: Truth,
    /// What strangers left under our names, as long as it stands; `None` if they deleted it.
    pub strangers: BTreeMap<At, Option<String>>,
    /// Our names that a stranger ever touched.
    pub touched: BTreeSet<At>,
    /// Our names of which a report said that nobody knows.
    pub doubtful: BTreeSet<At>,
    /// All names that were ever ours.
    pub managed: BTreeSet<At>,
    /// Drafts of colleagues that wait.
    pub drafts: Truth,
    /// The most requests of one pass.
    pub most_requests: usize,
    /// How many passes ended with which exit code.
    pub exits: BTreeMap<u8, usize>,
}

impl<'a> Story<'a> {
    fn new(fake: &'a FakeRailway, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        fake.clear_faults();
        fake.switches(|switches| *switches = Switches::default());
        let by_project = random.gen_bool(0.5);
        let lab = Lab::new(fake, &format!("aurora-{seed}"), by_project);
        Self {
            lab,
            random,
            counter: 0,
            diary: vec![],
            wrong: vec![],
            foreign: Truth::new(),
            strangers: BTreeMap::new(),
            touched: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            managed: BTreeSet::new(),
            drafts: Truth::new(),
            most_requests: 0,
            exits: BTreeMap::new(),
        }
    }

    pub fn say(&mut self, what: String) {
        self.diary.push(what);
    }

    pub fn wrong(&mut self, what: String) {
        self.diary.push(format!("WRONG: {what}"));
        self.wrong.push(what);
    }

    /// A stranger acts now.
    pub fn by_stranger(&mut self, at: At, value: Option<String>) {
        self.say(format!("stranger: {at:?} is {value:?} now"));
        self.lab.places.set(&at, value.as_deref());
        self.note_stranger(at, value);
    }

    fn how(&mut self, pace: Pace) -> How {
        let mut overrides = Overrides::default();
        let unattended = self.random.gen_bool(0.3);
        if unattended {
            let all = TARGETS.iter().map(|target| target.parse().unwrap());
            overrides.take_over = all.collect();
            overrides.allow.insert(("authority".to_owned(), None), None);
        }
        How {
            pace,
            overrides,
            unattended,
            no_activate: self.random.gen_bool(0.3),
        }
    }

    async fn play(&mut self) {
        self.begin();
        self.lab.fake.clear_record();
        if self.random.gen_bool(0.7) {
            let how = self.how(CALM);
            self.pass(&how, vec![]).await;
            for _ in 0..self.random.gen_range(1..4) {
                self.edit();
            }
        }
        let mut troubles = self.random.gen_range(0..=5);
        for attempt in 0..self.random.gen_range(1..=3) {
            if attempt > 0 && self.random.gen_bool(0.5) {
                self.edit();
            }
            let now = self.random.gen_range(0..=troubles);
            troubles -= now;
            for _ in 0..now {
                self.trouble();
            }
            if self.random.gen_bool(0.3) {
                let (at, value) = self.stranger();
                self.by_stranger(at, value);
            }
            let between = match self.random.gen_bool(0.15) {
                true => vec![self.stranger()],
                false => vec![],
            };
            let how = self.how(HURRIED);
            self.pass(&how, between).await;
        }
        self.calm_down();
        self.settle().await;
    }

    /// Everything works again, and the colleague deploys the drafts or drops them.
    fn calm_down(&mut self) {
        self.say("calm".to_owned());
        let fake = self.lab.fake;
        fake.clear_faults();
        fake.switches(|switches| *switches = Switches::default());
        let deploys = self.random.gen_bool(0.5);
        let environment = self.lab.places.environment.clone();
        let staged = environment.staged();
        fake.world(|world| {
            let environment = world.environment_mut(&environment.id);
            environment.past.clear();
            environment.staged = None;
        });
        let staged = staged.map(|patch| self.lab.places.changes(&patch));
        for (at, value) in staged.into_iter().flatten().filter(|_| deploys) {
            self.by_stranger(at, value);
        }
        self.drafts.clear();
    }

    async fn settle(&mut self) {
        let mut overrides = Overrides::default();
        for round in 0..3 {
            let mut how = self.how(CALM);
            how.overrides.overwrite.extend(overrides.overwrite);
            how.overrides.allow.extend(overrides.allow);
            let plan = self.pass(&how, vec![]).await;
            if !has_differences(&plan) && !has_unknown(&plan) {
                self.say(format!("settled after {round}"));
                break;
            }
            overrides = self.releases(&plan);
        }
        let before = self.lab.fake.counters().mutation_fields;
        let how = self.how(CALM);
        let plan = self.pass(&how, vec![]).await;
        if has_differences(&plan) || has_unknown(&plan) {
            let lines = super::check::lines(&plan);
            self.wrong(format!("it does not settle: {lines:?}"));
        } else if self.lab.fake.counters().mutation_fields != before {
            self.wrong("the last apply wrote".to_owned());
        }
        self.is_as_wished();
        self.lab.search_files();
        let leaks = std::mem::take(&mut self.lab.leaks);
        for leak in leaks {
            self.wrong(leak);
        }
    }

    /// What a person would let go after having looked at the plan.
    fn releases(&mut self, plan: &Plan) -> Overrides {
        let mut overrides = Overrides::default();
        for target in &plan.targets {
            for change in &target.changes {
                let name = target.target.as_str();
                let at = TARGETS.iter().find(|known| **known == name);
                let at = (*at.unwrap(), change.name.to_string());
                for hold in &change.holds {
                    let here = Some(target.target.clone());
                    match hold.rail.as_str() {
                        "conflict" => {
                            if !self.touched.contains(&at) && !self.doubtful.contains(&at) {
                                self.wrong(format!("a conflict that nobody caused: {at:?}"));
                            }
                            let pair = (change.name.clone(), target.target.clone());
                            overrides.overwrite.insert(pair);
                        }
                        "unit" => {}
                        rail @ ("would-be-empty" | "authority" | "take-over") => {
                            overrides.allow.insert((rail.to_owned(), here), None);
                        }
                        rail => self.wrong(format!("{at:?} is held by {rail} when it is calm")),
                    }
                }
            }
        }
        overrides
    }

    /// The end: what is wanted is there, what was wanted once is gone, the rest is as it was.
    fn is_as_wished(&mut self) {
        let truth = self.lab.places.truth();
        for at in self.managed.clone() {
            let wish = self.lab.wishes.of(at.0).remove(&at.1);
            let found = truth.get(&at);
            let good = match &wish {
                Some(wish) if wish.is_empty() => found.is_none_or(String::is_empty),
                wish => found == wish.as_ref(),
            };
            if !good {
                let wish = wish.is_some();
                self.wrong(format!("in the end {at:?} is {found:?}, wanted: {wish}"));
            }
            let seals = self.lab.wishes.seals(at.0, &at.1);
            if seals && !self.lab.places.all[at.0].is_sealed(&at.1) {
                self.wrong(format!("in the end {at:?} is not sealed"));
            }
        }
    }
}

/// The real waits by the thousandth, and less.
const HURRIED: Pace = Pace {
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_millis(8),
    give_up: Duration::from_millis(400),
    read_timeout: Duration::from_millis(150),
    write_timeout: Duration::from_millis(150),
    problem_tries: 2,
};

/// Nothing fails because this machine is busy.
const CALM: Pace = Pace {
    give_up: Duration::from_secs(2),
    read_timeout: Duration::from_secs(10),
    write_timeout: Duration::from_secs(10),
    ..HURRIED
};

#[derive(Default)]
struct Sums {
    failures: Vec<String>,
    most_requests: usize,
    exits: BTreeMap<u8, usize>,
}

#[test]
fn random_schedules_of_faults_never_lose_repeat_or_pretend() {
    let seed = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: u64 = seed.and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    let count: usize = match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 1000,
        None => 200,
    };
    let (next, done) = (AtomicU64::new(seed), AtomicUsize::new(0));
    let sums = Mutex::new(Sums::default());
    let begin = Instant::now();
    let work = || {
        let Some(fake) = fake() else { return };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        while done.fetch_add(1, Ordering::Relaxed) < count {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let mut story = Story::new(&fake, seed);
            runtime.block_on(story.play());
            let mut sums = sums.lock().unwrap();
            sums.most_requests = sums.most_requests.max(story.most_requests);
            for (exit, count) in &story.exits {
                *sums.exits.entry(*exit).or_default() += count;
            }
            if !story.wrong.is_empty() {
                let wrong = story.wrong.join("\n  ");
                let diary = story.diary.join("\n  ");
                sums.failures.push(format!(
                    "DRIFTLOCK_SEED={seed} begins with this schedule:\n  {wrong}\nwhat happened:\n  {diary}"
                ));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(work);
        }
    });
    let sums = sums.into_inner().unwrap();
    println!(
        "DRIFTLOCK_SEED={seed}: {count} schedules in {:.1} s, exits {:?}, at most {} requests a pass",
        begin.elapsed().as_secs_f32(),
        sums.exits,
        sums.most_requests
    );
    let failures = &sums.failures;
    let shown = failures.iter().take(5).cloned().collect::<Vec<_>>();
    assert!(
        failures.is_empty(),
        "{} of {count} schedules went wrong\n{}",
        failures.len(),
        shown.join("\n\n")
    );
}
