//! Whatever happens in whatever order: two reconcilers whose passes overlap, restarts, clocks that jump,
//! targets that cannot be read, values that move. What receivers get is one story of each alert.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::AlertEvent;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// A reconciler begins to read, and finds what is there now; perhaps it sends the probe of `api` too.
    Begin(usize, bool),
    /// It writes down what it found.
    End(usize),
    /// Somebody changes a variable on a target; 0 is as it should be.
    Set(usize, u8),
    /// The probe of `api` says something else.
    Probe(Says),
    /// A target answers, or not.
    Answer(usize, bool),
    /// A clock goes on, or somewhere else.
    Clock(usize, i64),
    /// Everything that is not in the book is forgotten.
    Restart(usize),
    /// The manifest of one reconciler is another one for a while.
    Checkout(usize, bool),
}

/// What a probe says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Works,
    Refused,
    Otherwise,
    Nothing,
}

impl Says {
    fn is_bad(self) -> bool {
        matches!(self, Self::Refused | Self::Otherwise)
    }
}

const PLACES: [(&str, &str); 4] = [("api", "A"), ("api", "B"), ("web", "A"), ("web", "C")];
const LOOKERS: [&str; 2] = ["mini", "vps"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..LOOKERS.len();
    let jumps = vec![-90_000_i64, -1500, -1, 1, 5, 40, 1500, 90_000];
    let step = prop_oneof![
        4 => (who.clone(), any::<bool>()).prop_map(|(who, asks)| Step::Begin(who, asks)),
        4 => who.clone().prop_map(Step::End),
        3 => (0..PLACES.len(), 0..4_u8).prop_map(|(place, value)| Step::Set(place, value)),
        1 => select(vec![Says::Works, Says::Refused, Says::Otherwise, Says::Nothing])
            .prop_map(Step::Probe),
        1 => (0..2_usize, any::<bool>()).prop_map(|(on, answers)| Step::Answer(on, answers)),
        2 => (who.clone(), select(jumps)).prop_map(|(who, by)| Step::Clock(who, by)),
        1 => who.clone().prop_map(Step::Restart),
        1 => (who, any::<bool>()).prop_map(|(who, new)| Step::Checkout(who, new)),
    ];
    prop::collection::vec(step, 0..120)
}

/// A pass that is under way.
struct Pass {
    began: Began,
    sightings: Vec<Sighting>,
    coverage: Coverage,
}

struct World {
    book: AlertBook,
    values: [u8; 4],
    answers: [bool; 2],
    probe: Says,
    clocks: [i64; 2],
    passes: [Option<Pass>; 2],
    revisions: [&'static str; 2],
    /// Every event there ever was.
    log: Vec<AlertEvent>,
    /// How often each place went wrong, or a target stopped to answer.
    falls: BTreeMap<(&'static str, &'static str), usize>,
}

impl World {
    fn new() -> Self {
        Self {
            book: book(),
            values: [0; 4],
            answers: [true; 2],
            probe: Says::Works,
            clocks: [0; 2],
            passes: [None, None],
            revisions: ["one"; 2],
            log: vec![],
            falls: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Begin(who, asks) => self.begin(who, asks),
            Step::End(who) => self.end(who),
            Step::Set(place, value) => {
                if self.values[place] == 0 && value > 0 {
                    *self.falls.entry(PLACES[place]).or_default() += 1;
                }
                self.values[place] = value;
            }
            Step::Probe(says) => {
                if says.is_bad() && !self.probe.is_bad() {
                    *self.falls.entry(("api", "probe")).or_default() += 1;
                }
                if says == Says::Nothing && self.probe != says {
                    for who in ["probe of mini", "probe of vps"] {
                        *self.falls.entry(("api", who)).or_default() += 1;
                    }
                }
                self.probe = says;
            }
            Step::Answer(on, answers) => {
                if self.answers[on] && !answers {
                    *self.falls.entry((["api", "web"][on], "")).or_default() += 1;
                }
                self.answers[on] = answers;
            }
            Step::Clock(who, by) => self.clocks[who] += by,
            Step::Restart(who) => {
                let text = serde_json::to_string(&self.book).unwrap();
                let read: AlertBook = serde_json::from_str(&text).unwrap();
                assert_eq!(read, self.book);
                self.book = read;
                self.passes[who] = None;
            }
            Step::Checkout(who, new) => self.revisions[who] = if new { "two" } else { "one" },
        }
    }

    fn begin(&mut self, who: usize, asks: bool) {
        let mut coverage = Looker::new(LOOKERS[who]).coverage;
        let mut sightings = vec![];
        for (on, answers) in ["api", "web"].into_iter().zip(self.answers) {
            if !answers {
                let why = "silence".to_owned();
                coverage.targets.insert(target(on), Look::Unchecked(why));
                sightings.push(sighting(key(AlertClass::Unknown, on, None), "unknown"));
            }
        }
        for ((on, variable), value) in PLACES.into_iter().zip(self.values) {
            let seen = self.answers[usize::from(on == "web")];
            // one of the classes waits
            let class = if variable == "B" {
                AlertClass::Pending
            } else {
                AlertClass::Drift
            };
            if seen && value > 0 {
                let mut one = sighting(key(class, on, Some(variable)), &value.to_string());
                one.urgent = class == AlertClass::Drift;
                sightings.push(one);
            }
        }
        if asks && self.answers[0] {
            let mark = "m".to_owned();
            let mut one = sighting(key(AlertClass::Probe, "api", None), "bad");
            let mut probed = Probed::Answered(mark.clone());
            one.urgent = self.probe == Says::Refused;
            if self.probe == Says::Nothing {
                one.key.observer = Some(LOOKERS[who].to_owned());
                probed = Probed::Silent(mark);
            }
            coverage.probed.insert(target("api"), probed);
            sightings.extend((self.probe != Says::Works).then_some(one));
        }
        self.passes[who] = Some(Pass {
            began: Began::with(&self.book),
            sightings,
            coverage,
        });
    }

    fn end(&mut self, who: usize) {
        let Some(pass) = self.passes[who].take() else {
            return;
        };
        let sinks = BTreeSet::new();
        let mut round = Round {
            at: at(self.clocks[who]),
            observer: LOOKERS[who],
            began: &pass.began,
            revision: self.revisions[who],
            sightings: &pass.sightings,
            coverage: &pass.coverage,
            patience: Patience::default(),
            sinks: &sinks,
        };
        let next = advance(&self.book, &round);
        let backwards: Vec<Sighting> = pass.sightings.iter().rev().cloned().collect();
        round.sightings = &backwards;
        assert_eq!(
            advance(&self.book, &round),
            next,
            "the order of sightings matters"
        );
        if let Some(mut next) = next {
            let before = self.book.last_event;
            next.generation += 1;
            let new = next.events.iter().filter(|event| event.number > before);
            self.log.extend(new.cloned());
            self.book = next;
        }
    }

    /// Everything answers, both look on and on, undisturbed, with one checkout.
    fn settle(&mut self) {
        self.passes = [None, None];
        self.answers = [true; 2];
        self.revisions = ["one"; 2];
        for _ in 0..6 {
            for who in 0..LOOKERS.len() {
                self.clocks[who] += 30;
                self.begin(who, true);
                self.end(who);
            }
        }
    }

    fn open(&self) -> BTreeMap<(String, String), String> {
        let open = self.book.open.values().map(|alert| {
            let on = alert.key.target.as_ref().unwrap().to_string();
            ((on, about(&alert.key)), alert.pin.clone())
        });
        open.collect()
    }

    /// Nobody opens again what is over, because of something that was seen before.
    fn opens_no_oftener_than_it_went_wrong(&self) {
        let mut opened: BTreeMap<&AlertKey, usize> = BTreeMap::new();
        for event in self.log.iter().filter(|event| event.kind == Opened) {
            *opened.entry(&event.alert.key).or_default() += 1;
        }
        for (key, count) in opened {
            let on = key.target.as_ref().map_or("", |on| on.as_str());
            let about = about(key);
            let place = self
                .falls
                .iter()
                .find(|(place, _)| **place == (on, about.as_str()));
            let falls = place.map_or(0, |(_, falls)| *falls);
            assert!(
                count <= falls,
                "{key:?}: opened {count} times, wrong {falls} times"
            );
        }
    }

    fn truth(&self) -> BTreeMap<(String, String), String> {
        let places = PLACES.into_iter().zip(self.values);
        let wrong = places.filter(|(_, value)| *value > 0);
        let wrong = wrong.map(|((on, variable), value)| {
            ((on.to_owned(), variable.to_owned()), value.to_string())
        });
        let of_probe = |about: &str| (("api".to_owned(), about.to_owned()), "bad".to_owned());
        let probe = self.probe.is_bad().then(|| of_probe("probe"));
        let nobody = self.probe == Says::Nothing;
        let silent = ["probe of mini", "probe of vps"].map(of_probe);
        wrong
            .chain(probe)
            .chain(silent.into_iter().filter(|_| nobody))
            .collect()
    }
}

/// Names what an alert of a target is about.
fn about(key: &AlertKey) -> String {
    match (&key.variable, key.class, &key.observer) {
        (Some(name), ..) => name.to_string(),
        (None, AlertClass::Probe, None) => "probe".to_owned(),
        (None, AlertClass::Probe, Some(who)) => format!("probe of {who}"),
        (None, ..) => String::new(),
    }
}

/// Opened, then anything, then resolved, and nothing after it; each by a name of its own.
fn is_one_story(log: &[AlertEvent]) {
    let mut stories: BTreeMap<&str, Vec<AlertEventKind>> = BTreeMap::new();
    let mut open: BTreeMap<&AlertKey, &str> = BTreeMap::new();
    for (index, event) in log.iter().enumerate() {
        assert_eq!(event.number, index as u64 + 1, "numbers without gaps");
        let (id, key) = (event.alert.id.as_str(), &event.alert.key);
        stories.entry(id).or_default().push(event.kind);
        match event.kind {
            Opened => assert_eq!(open.insert(key, id), None, "opened twice: {key:?}"),
            Resolved => assert_eq!(open.remove(key), Some(id), "resolved unopened: {key:?}"),
            _ => assert_eq!(open.get(key), Some(&id), "told unopened: {key:?}"),
        }
    }
    for (id, story) in stories {
        assert_eq!(story[0], Opened, "{id}");
        let opened = story.iter().filter(|kind| **kind == Opened).count();
        let ended = story.iter().position(|kind| *kind == Resolved);
        assert_eq!(opened, 1, "{id}: {story:?}");
        assert!(
            ended.is_none_or(|at| at + 1 == story.len()),
            "{id}: {story:?}"
        );
        // that nobody could look is told again only after somebody could
        let lost = story
            .windows(2)
            .filter(|two| two == &[CouldNotCheck, CouldNotCheck]);
        assert!(lost.count() <= 1, "{id}: {story:?}");
    }
}

proptest! {
    #[test]
    fn each_alert_is_one_story_and_in_the_end_the_book_is_the_truth(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.settle();
        is_one_story(&world.log);
        let mut open = world.open();
        if world.probe == Says::Nothing {
            // it may have been bad before, and nobody can say that it is not any more
            open.remove(&("api".to_owned(), "probe".to_owned()));
        }
        prop_assert_eq!(open, world.truth());
        // and then nothing happens any more
        let (events, generation) = (world.log.len(), world.book.generation);
        for who in 0..LOOKERS.len() {
            world.begin(who, false);
            world.end(who);
        }
        prop_assert_eq!((world.log.len(), world.book.generation), (events, generation));
        for value in &mut world.values {
            *value = 0;
        }
        world.probe = Says::Works;
        world.settle();
        is_one_story(&world.log);
        world.opens_no_oftener_than_it_went_wrong();
        prop_assert!(world.book.open.is_empty());
    }
}
