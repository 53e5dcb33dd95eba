//! What goes wrong in a schedule: faults in some requests, others who act meanwhile, and a Railway that
//! behaves otherwise from now on.

use std::time::Duration;

use rand::Rng;
use rand::seq::SliceRandom;

use super::draw::SERVICES;
use super::story::Story;
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{self, Fault, RetryAfter, Rule, Which};
use crate::support::fake_railway::switches::{Outcome, ResetFormat, Switches};
use crate::support::fake_railway::world::lag::Lag;

impl Story<'_> {
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
                let fail = [Fail::not_authorized(), Fail::problem(), Fail::new("Nope")];
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
        let most = match which {
            Which::Any | Which::Queries => 9,
            Which::Mutations => 2,
            Which::With(_) => 3,
        };
        let rule = Rule {
            times: *[1, 1, 1, 2, 3, 20].choose(random).unwrap(),
            ..fault.on(which).nth(random.gen_range(1..=most))
        };
        // at the door nothing has happened yet
        let after = random.gen_bool(0.5) && !is_at_the_door(&rule.fault);
        match after {
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
        let leaves = self.leaves;
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
                    all.commit_swallows_staged = !leaves;
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

/// Whether this is always an answer of before the effect.
fn is_at_the_door(fault: &Fault) -> bool {
    match fault {
        Fault::Limited(_) | Fault::EdgeLimited { .. } => true,
        Fault::NullData(fail) | Fault::Field(_, fail) => *fail == Fail::not_authorized(),
        _ => false,
    }
}
