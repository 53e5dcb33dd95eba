//! One schedule: what is known of its environment from outside our program, and how it goes.

use std::collections::{BTreeMap, BTreeSet};

use driftlock::model::Overrides;
use driftlock::platforms::railway::api::Pace;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::lab::{How, Lab};
use super::truth::{At, TARGETS, Truth};
use super::{CALM, HURRIED};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::switches::Switches;

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
    /// Of ours: staged by an apply that was refused, and deployed by a colleague.
    pub slipped: BTreeSet<At>,
    /// Sealed ones that a stranger wrote while we did.
    pub blind: BTreeSet<At>,
    /// Whether commits that nobody watched may go on after a pass, and what they would change.
    pub leaves: bool,
    pub in_flight: BTreeSet<At>,
    /// All names that were ever ours.
    pub managed: BTreeSet<At>,
    /// Drafts of colleagues that wait.
    pub drafts: Truth,
    /// The most requests of one pass.
    pub most_requests: usize,
    /// Variables of ours that no record and no manifest names any more.
    pub left_behind: usize,
    /// How many passes ended with which exit code.
    pub exits: BTreeMap<u8, usize>,
}

impl<'a> Story<'a> {
    pub fn new(fake: &'a FakeRailway, seed: u64) -> Self {
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
            slipped: BTreeSet::new(),
            blind: BTreeSet::new(),
            leaves: false,
            in_flight: BTreeSet::new(),
            managed: BTreeSet::new(),
            drafts: Truth::new(),
            most_requests: 0,
            left_behind: 0,
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

    pub fn how(&mut self, pace: Pace) -> How {
        let mut overrides = Overrides::default();
        let unattended = self.random.gen_bool(0.3);
        if unattended {
            let all = TARGETS.iter().map(|target| target.parse().unwrap());
            overrides.take_over = all.collect();
            overrides.allow.insert(("authority".to_owned(), None), None);
        }
        // Railway may take drafts along: who lets that go has said yes to it
        let mut swallows = false;
        self.lab
            .fake
            .switches(|switches| swallows = switches.commit_swallows_staged);
        if !swallows && self.random.gen_bool(0.2) {
            overrides.allow.insert(("drafts".to_owned(), None), None);
        }
        How {
            pace,
            overrides,
            unattended,
            no_activate: self.random.gen_bool(0.3),
        }
    }

    pub async fn play(&mut self) {
        self.begin();
        self.lab.fake.clear_record();
        if self.random.gen_bool(0.7) {
            let how = self.how(CALM);
            self.pass(&how, vec![]).await;
            for _ in 0..self.random.gen_range(1..4) {
                self.edit();
            }
        }
        self.leaves = self.random.gen_bool(0.4);
        let mut troubles = self.random.gen_range(0..=5);
        for attempt in 0..self.random.gen_range(1..=3) {
            if attempt > 0 && self.random.gen_bool(0.8) {
                self.edit();
            }
            let now = self.random.gen_range(0..=troubles).max(troubles.min(1));
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
}
