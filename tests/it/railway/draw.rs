//! What a schedule draws: edits of the manifest, strangers, colleagues, and troubles of the fake.

use std::time::Duration;

use rand::Rng;
use rand::seq::{IteratorRandom, SliceRandom};
use serde_json::{Value, json};

use super::desk::{CANARY, Declared};
use super::schedules::Story;
use super::truth::{At, TARGETS};
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{self, Fault, RetryAfter, Rule, Which};
use crate::support::fake_railway::switches::{Outcome, ResetFormat, Switches};
use crate::support::fake_railway::world::lag::Lag;

/// Names that strangers own on every place.
pub const FOREIGN: [&str; 2] = ["FOREIGN_KEY", "THEIR_URL"];

const SERVICES: [&str; 3] = ["api", "web", "worker"];

impl Story<'_> {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.gen_range(0..100) < percent
    }

    /// A text that nobody else has; of a secret if it may hold the canary.
    fn fresh(&mut self, who: &str, secret: bool) -> String {
        const ODD: [&str; 5] = ["", " two words", "\nline", "'\"\\", " é😀"];
        self.counter += 1;
        let odd = *ODD.choose(&mut self.random).unwrap();
        let canary = if secret { CANARY } else { "clear" };
        format!("{canary}-{who}-{}{odd}", self.counter)
    }

    fn declared(&mut self, secret: bool) -> Declared {
        let empty = !secret && self.chance(8);
        let value = match empty {
            true => String::new(),
            false => self.fresh("ours", secret),
        };
        Declared {
            value,
            secret,
            reference: false,
            sequence: self.counter as u64 + 1,
        }
    }

    /// The manifest and the environment of the beginning.
    pub fn begin(&mut self) {
        let layout: [(&str, bool, &[&'static str]); 8] = [
            ("LOG_LEVEL", false, &["api", "web", "worker"]),
            ("TOKEN", true, &["api", "worker"]),
            ("PASSWORD", true, &["api"]),
            ("REGION", false, &["shared"]),
            ("SHARED_KEY", true, &["shared", "web"]),
            ("CERT", true, &["worker"]),
            ("PIN", true, &["api", "worker"]),
            ("OLD", false, &["web", "shared"]),
        ];
        for (name, secret, targets) in layout {
            let declared = self.declared(secret);
            self.lab.wishes.add(name, declared, targets);
        }
        let mut reference = self.declared(true);
        reference.reference = true;
        reference.value = format!("${{{{shared.SHARED_KEY}}}}-{}", reference.value);
        self.lab.wishes.add("REF", reference, &["web"]);
        for place in TARGETS.into_iter().chain(["db"]) {
            for name in FOREIGN {
                let value = self.fresh("foreign", true);
                let at = (place, name.to_owned());
                self.lab.places.set(&at, Some(&value));
                self.foreign.insert(at, value);
            }
        }
        // something is there already, under a name that the manifest wants
        if self.chance(30) {
            let value = self.fresh("earlier", false);
            self.by_stranger(("api", "LOG_LEVEL".to_owned()), Some(value));
        }
    }

    /// One edit of the manifest.
    pub fn edit(&mut self) {
        let names: Vec<String> = self.lab.wishes.variables.keys().cloned().collect();
        let Some(name) = names.choose(&mut self.random).cloned() else {
            return;
        };
        let said = match self.random.gen_range(0..10) {
            0..=4 => {
                let old = self.lab.wishes.variables[&name].clone();
                let mut new = self.declared(old.secret);
                if old.reference {
                    new.reference = true;
                    new.value = format!("${{{{shared.SHARED_KEY}}}}-{}", new.value);
                }
                self.lab.wishes.variables.insert(name.clone(), new);
                format!("{name} gets a new value")
            }
            5 | 6 => {
                let secret = self.chance(50);
                let declared = self.declared(secret);
                let name = format!("NEW_{}", self.counter);
                let count = self.random.gen_range(1..=3);
                let on = TARGETS.choose_multiple(&mut self.random, count);
                let on: Vec<&'static str> = on.copied().collect();
                self.lab.wishes.add(&name, declared, &on);
                format!("{name} is new on {on:?}")
            }
            7 => {
                for uses in self.lab.wishes.uses.values_mut() {
                    uses.remove(&name);
                }
                format!("{name} is no longer declared")
            }
            8 => {
                let on = *TARGETS.choose(&mut self.random).unwrap();
                let uses = self.lab.wishes.uses.get_mut(on);
                let gone = uses.is_some_and(|uses| uses.remove(&name));
                format!("{name} is no longer used on {on}: {gone}")
            }
            _ => {
                let on = *TARGETS.choose(&mut self.random).unwrap();
                let uses = self.lab.wishes.uses.entry(on).or_default();
                uses.insert(name.clone());
                format!("{name} is used on {on}, too")
            }
        };
        self.lab.wishes.tidy();
        self.say(format!("manifest: {said}"));
    }

    fn place_of_stranger(&mut self) -> At {
        let wishes = &self.lab.wishes;
        let managed = TARGETS
            .iter()
            .flat_map(|target| wishes.of(target).into_keys().map(|name| (*target, name)));
        if self.random.gen_range(0..100) < 75
            && let Some(at) = managed.choose(&mut self.random)
        {
            return at;
        }
        let place = *TARGETS.choose(&mut self.random).unwrap();
        (place, (*FOREIGN.choose(&mut self.random).unwrap()).to_owned())
    }

    /// What a stranger does to one variable.
    pub fn stranger(&mut self) -> (At, Option<String>) {
        let at = self.place_of_stranger();
        let clear = self.lab.wishes.variables.get(&at.1);
        let secret = clear.is_none_or(|known| known.secret);
        let value = (!self.chance(25)).then(|| self.fresh("stranger", secret));
        (at, value)
    }

    /// A colleague's draft of one variable of their own.
    pub fn draft(&mut self) -> Value {
        let value = self.fresh("draft", true);
        let name = format!("COLLEAGUE_{}", self.counter);
        let variables = json!({ name: { "value": value } });
        match SERVICES.choose(&mut self.random).filter(|_| self.counter % 4 > 0) {
            Some(service) => {
                let id = self.lab.places.all[service].id();
                json!({ "services": { id: { "variables": variables } } })
            }
            None => json!({ "sharedVariables": variables }),
        }
    }

    /// Something goes wrong from now on, or once.
    pub fn trouble(&mut self) {
        let kind = self.random.gen_range(0..40);
        let said = match kind {
            0..=25 => self.rule(kind),
            26..=28 => self.meddle(),
            _ => self.switch(kind),
        };
        self.say(format!("trouble: {said}"));
    }

    fn rule(&mut self, kind: u32) -> String {
        let random = &mut self.random;
        let fault = match kind {
            0..=3 => Fault::Limited(match random.gen_range(0..5) {
                0 | 1 => RetryAfter::Seconds(random.gen_range(0..2)),
                2 => RetryAfter::Seconds(3600),
                3 => RetryAfter::Date(random.gen_range(0..2)),
                _ => RetryAfter::Absent,
            }),
            4 | 5 => Fault::EdgeLimited {
                html: random.gen_bool(0.5),
            },
            6..=8 => Fault::Gateway(*[502, 503, 504].choose(random).unwrap()),
            9..=11 => Fault::Reset,
            12..=14 => Fault::Hang,
            15 | 16 => Fault::HalfBody,
            17 => Fault::Html,
            18 => Fault::NullData(Fail::new("Something went wrong")),
            19 => Fault::NullData(Fail::not_authorized()),
            20 => Fault::problem(),
            21 => Fault::deployments_limited(),
            22 => Fault::too_quickly(),
            23 => Fault::Nothing,
            _ => {
                let fail = [Fail::not_authorized(), Fail::problem(), Fail::new("No")];
                let fail = fail.choose(random).unwrap().clone();
                Fault::Field(faults::At::Number(random.gen_range(0..3)), fail)
            }
        };
        let rule = self.placed(fault);
        let said = format!("{rule:?}");
        self.lab.fake.fault(rule);
        said
    }

    /// In which request, and on which side of its effect.
    fn placed(&mut self, fault: Fault) -> Rule {
        let random = &mut self.random;
        let field = |name: &str| Which::With(name.to_owned());
        let which = match random.gen_range(0..10) {
            0 | 1 => Which::Any,
            2 => Which::Queries,
            3..=6 => Which::Mutations,
            7 => field("variables"),
            8 => field("workflowStatus"),
            _ => field("environmentStagedChanges"),
        };
        let most = if which == Which::Any { 9 } else { 4 };
        let rule = Rule {
            times: *[1, 1, 1, 2, 3, 20].choose(random).unwrap(),
            ..fault.on(which).nth(random.gen_range(1..=most))
        };
        match random.gen_bool(0.5) {
            true => rule.after_effect(),
            false => rule,
        }
    }

    /// A stranger or a colleague acts while a request of ours is under way.
    fn meddle(&mut self) -> String {
        let fault = match self.chance(50) {
            true => {
                let patch = self.draft();
                self.lab.places.environment.draft(patch)
            }
            false => {
                let ((place, name), value) = self.stranger();
                let place = &self.lab.places.all[place];
                match value {
                    Some(value) => place.meddling(&name, &value),
                    None => place.meddling_delete(&name),
                }
            }
        };
        let rule = Rule {
            times: 1,
            ..self.placed(fault)
        };
        let said = format!("{rule:?}");
        self.lab.fake.fault(rule);
        said
    }

    fn switch(&mut self, kind: u32) -> String {
        let random = &mut self.random;
        let service = *SERVICES.choose(random).unwrap();
        let id = self.lab.places.all[service].id();
        let (some, coin) = (random.gen_range(0..4), random.gen_bool(0.5));
        let milliseconds = random.gen_range(1..40);
        let formats = [
            ResetFormat::EpochMillis,
            ResetFormat::Rfc3339,
            ResetFormat::HttpDate,
            ResetFormat::Absent,
        ];
        let mut said = String::new();
        self.lab.fake.switches(|all: &mut Switches| {
            said = match kind {
                29 | 30 => {
                    all.forbidden_services.insert(id);
                    format!("{service} is forbidden")
                }
                31 => {
                    all.outcome = Outcome::Error { applied: coin };
                    format!("workflows fail, applied: {coin}")
                }
                32 => {
                    all.unknown_workflow_ids = true;
                    all.applies_late = coin;
                    format!("workflows are unknown, late: {coin}")
                }
                33 => {
                    all.workflow_forbidden = true;
                    all.applies_late = coin;
                    format!("workflows are forbidden, late: {coin}")
                }
                34 => {
                    all.lag = Lag {
                        reads: if coin { some * 2 } else { 0 },
                        time: Duration::from_millis(if coin { 0 } else { milliseconds }),
                        staged_too: some > 1,
                    };
                    format!("reads lag: {:?}", all.lag)
                }
                35 => {
                    all.commit_swallows_staged = true;
                    "a commit swallows drafts".to_owned()
                }
                36 => {
                    all.drops_empty_values = true;
                    "empty values are dropped".to_owned()
                }
                37 => {
                    all.applies_late = true;
                    (all.workflow_not_found, all.workflow_running) = (some, some / 2);
                    format!("commits are late by {some}")
                }
                38 => {
                    all.skip_on_commit = true;
                    all.writing_keeps_the_seal = coin;
                    format!("a patch can skip deploys; seals are kept: {coin}")
                }
                _ => {
                    all.page_cap = some as usize + 1;
                    all.reset_format = formats[some as usize];
                    all.provided_in_raw = coin;
                    format!("pages of {}, provided ones shown: {coin}", all.page_cap)
                }
            };
        });
        said
    }
}
