//! The end of a schedule: it is calm again, a person lets go what is held, and everything is as wanted.

use driftlock::model::Overrides;
use driftlock::plan::{Plan, has_differences, has_unknown};
use rand::Rng;

use super::CALM;
use super::check::lines;
use super::story::Story;
use super::truth::{At, TARGETS};
use crate::support::fake_railway::switches::Switches;

impl Story<'_> {
    /// Everything works again, and the colleague deploys the drafts or drops them.
    pub fn calm_down(&mut self) {
        self.say("calm".to_owned());
        let fake = self.lab.fake;
        fake.finish_workflows();
        self.in_flight.clear();
        self.leaves = false;
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
            // what a refused apply left among the drafts is in force now, and in no record
            self.doubtful.insert(at.clone());
            self.slipped.insert(at.clone());
            self.by_stranger(at, value);
        }
        self.drafts.clear();
    }

    pub async fn settle(&mut self) {
        let mut overrides = Overrides::default();
        // one release can bring another to light: of a unit, first one place is ours, then the next
        for round in 0..4 {
            let mut how = self.how(CALM);
            how.overrides.overwrite.extend(overrides.overwrite.clone());
            how.overrides.allow.extend(overrides.allow.clone());
            let plan = self.pass(&how, vec![]).await;
            if !has_differences(&plan) && !has_unknown(&plan) {
                self.say(format!("settled after {round}"));
                break;
            }
            let more = self.releases(&plan);
            overrides.overwrite.extend(more.overwrite);
            overrides.allow.extend(more.allow);
        }
        let before = self.lab.fake.counters().mutation_fields;
        let how = self.how(CALM);
        let plan = self.pass(&how, vec![]).await;
        if has_differences(&plan) || has_unknown(&plan) {
            let lines = lines(&plan);
            self.wrong(format!("it does not settle: {lines:?}"));
        } else if self.lab.fake.counters().mutation_fields != before {
            self.wrong("the last apply wrote".to_owned());
        }
        self.is_as_wished(&plan);
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
    fn is_as_wished(&mut self, plan: &Plan) {
        let truth = self.lab.places.truth();
        for at in self.managed.clone() {
            let wish = self.lab.wishes.of(at.0).remove(&at.1);
            let found = truth.get(&at);
            let good = match &wish {
                Some(wish) if wish.is_empty() => found.is_none_or(String::is_empty),
                // an apply said that it did not know, and then the manifest forgot the name
                None if found.is_some() && self.doubtful.contains(&at) => {
                    self.left_behind += 1;
                    self.slipped.contains(&at) || is_told(plan, &at)
                }
                // never applied before the manifest forgot it: what a stranger put there is theirs
                None if found.is_some_and(|value| is_strangers(value))
                    && is_unmanaged(plan, &at) =>
                {
                    true
                }
                wish => found == wish.as_ref() || self.blind.contains(&at),
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

/// Whether strangers write such values, and no manifest does.
fn is_strangers(value: &str) -> bool {
    value.contains("-stranger-") || value.contains("-earlier-")
}

/// Whether the plan counts the name among those that were never ours.
fn is_unmanaged(plan: &Plan, (place, name): &At) -> bool {
    let targets = plan.targets.iter();
    let mut here = targets.filter(|target| target.target.as_str() == *place);
    here.any(|target| {
        target
            .changes
            .iter()
            .all(|change| change.name.as_str() != *name)
    })
}

/// Whether the plan says that this may be ours.
fn is_told(plan: &Plan, (place, name): &At) -> bool {
    let begin = format!("{name} may be ours: ");
    let targets = plan.targets.iter();
    let mut here = targets.filter(|target| target.target.as_str() == *place);
    here.any(|target| target.notes.iter().any(|note| note.starts_with(&begin)))
}
