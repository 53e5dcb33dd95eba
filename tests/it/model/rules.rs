//! What must hold of every apply, by what was there before and after, not by our own words.

use std::collections::BTreeSet;

use driftlock::plan::{ActionKind, Class, Plan, Reason, TargetState, has_unknown};
use driftlock::reconcile::event::{ApplyReport, Exit};

use super::ledger::{Ledger, change, differs, target};
use super::run::{Applied, Planned};
use super::stage::{all_names, find};
use super::steps::{Beside, Moment, Touch, Trouble, TroubleKind};
use super::wishes::{At, FOREIGN, MOST_DELETES, TARGETS, Truth, Wishes};

/// One apply, and everything beside it.
pub struct Look<'a> {
    pub planned: &'a Planned,
    pub wishes: &'a Wishes,
    /// Before it.
    pub ledger: &'a Ledger,
    pub applied: &'a Applied,
    pub beside: &'a Beside,
    /// What a stranger made of a place after the apply had read it.
    pub late: Option<(At, Option<String>)>,
    /// Whether a write insists on what was read.
    pub insists: bool,
}

impl Look<'_> {
    pub fn holds(&self) {
        self.foreign_stays();
        self.writes_are_the_plans();
        for at in self.written() {
            // nothing can keep us from writing over what came after the last read
            if !self.insists && self.late.as_ref().is_some_and(|(late, _)| *late == at) {
                continue;
            }
            self.is_ours_to_write(at);
            self.is_not_stale(at);
            self.is_not_unknown(at);
        }
        self.deletes_within_limits();
        if let Some(report) = &self.applied.report {
            self.no_unit_is_split(report);
            self.exit_is_true(report);
            self.outcomes_are_true(report);
        }
    }

    fn mid(&self, at: At) -> Option<&str> {
        if let Some((late, value)) = &self.late
            && *late == at
        {
            return value.as_deref();
        }
        self.applied.mid.get(&at).map(String::as_str)
    }

    fn after(&self, at: At) -> Option<&str> {
        self.applied.after.get(&at).map(String::as_str)
    }

    /// What differs afterwards, and was not done by a stranger.
    pub fn written(&self) -> BTreeSet<At> {
        all_places()
            .filter(|at| self.mid(*at) != self.after(*at))
            .collect()
    }

    /// The targets of a variable, for the plan and now: a plan of another manifest knows no others.
    fn places_of(&self, name: &str) -> impl Iterator<Item = At> {
        let now = self.wishes.places_of(name);
        now.filter(|at| self.planned.wishes.uses.contains(at))
    }

    fn foreign_stays(&self) {
        for at in self.written() {
            assert!(!FOREIGN.contains(&at.1), "{at:?} is a stranger's");
        }
    }

    /// Each write was in the approved plan, and of the value that is wanted.
    fn writes_are_the_plans(&self) {
        for at in self.written() {
            let change = change(&self.planned.plan, at).filter(|change| change.will_write());
            let change = change.unwrap_or_else(|| panic!("{at:?} was not to be written"));
            let wish = self.wishes.at(&at);
            match self.after(at) {
                Some(value) => {
                    assert_eq!(Some(value), wish.as_deref(), "{at:?}");
                    assert_ne!(change.action, ActionKind::Delete, "{at:?}");
                }
                None => {
                    assert_eq!(change.action, ActionKind::Delete, "{at:?}");
                    assert_eq!(wish, None, "{at:?} is wanted and was deleted");
                }
            }
        }
    }

    /// What is not ours is overwritten only where a person said so.
    fn is_ours_to_write(&self, at: At) {
        let (leave, ledger) = (&self.planned.leave, self.ledger);
        let records = ledger.values(&at);
        let wish = self.wishes.at(&at);
        let before = self.mid(at);
        let overwritten = leave.overwrite.contains(&at);
        let taken_over = !leave.unattended || leave.take_over;
        let first = ledger.unrecorded.contains(at.0);
        let two_way = ledger.may_be_incomparable(at.0, self.wishes);
        let restores = wish.is_some() && records.contains(&wish.as_deref());
        let ours = match (before, &wish) {
            (Some(_), Some(_)) => records.contains(&before) || restores || first && taken_over,
            (None, Some(_)) => records.contains(&None) || restores || first,
            (Some(_), None) => {
                let comparable = !ledger.is_incomparable(at.0, self.wishes);
                records.contains(&before) && comparable
            }
            (None, None) => false,
        };
        let allowed = ours || overwritten || wish.is_some() && two_way && taken_over;
        assert!(
            allowed,
            "{at:?} was {before:?}, which is not ours: {records:?}, wanted {wish:?}"
        );
        let trusted = ledger.may_trust(self.wishes) || leave.allow.contains("new-key");
        assert!(trusted, "{at:?} was written under a key that nobody let go");
        if wish.is_none() {
            assert!(self.wishes.prune.contains(at.0), "{at:?}: pruning is off");
        }
        let protected = self.wishes.protected.contains(at.1) && before.is_some();
        assert!(
            !protected || leave.allow.contains("protected"),
            "{at:?} is protected"
        );
    }

    /// Whether somebody moved it between the plan and the apply.
    fn moved(&self, at: At) -> bool {
        self.planned.truth.get(&at) != self.applied.mid.get(&at)
    }

    /// What moved since the plan is left alone, on all targets of the variable.
    fn is_not_stale(&self, at: At) {
        assert!(!self.moved(at), "{at:?} moved since the plan");
        let late = self.late.as_ref().is_some_and(|(late, _)| late.0 == at.0);
        assert!(
            !(late && self.insists),
            "{at:?} was written over what a stranger wrote there meanwhile"
        );
        if self.planned.leave.partial.contains(at.1) || self.wishes.at(&at).is_none() {
            return;
        }
        for place in self.places_of(at.1) {
            assert!(
                !self.moved(place),
                "{at:?} was written although {place:?} moved since the plan"
            );
        }
    }

    /// Nothing is written to what could not be read, nor to the other targets of the variable.
    fn is_not_unknown(&self, at: At) {
        let Some(trouble) = &self.beside.trouble else {
            return;
        };
        let partial = &self.planned.leave.partial;
        assert!(
            !is_blind(trouble, at, &self.planned.truth),
            "{at:?} could not be read"
        );
        if trouble.moment == Moment::BeforeWrite {
            return;
        }
        let dim = matches!(trouble.kind, TroubleKind::Partial(_));
        assert!(
            !(dim && trouble.target == at.0 && self.wishes.at(&at).is_none()),
            "{at:?} was deleted after a read that did not show all"
        );
        // a delete is of one target alone
        let unit = self.wishes.at(&at).is_some();
        for place in self.places_of(at.1).filter(|_| unit) {
            assert!(
                !is_blind(trouble, place, &self.planned.truth) || partial.contains(at.1),
                "{at:?} was written although {place:?} could not be read"
            );
        }
        let unreadable = match trouble.kind {
            TroubleKind::Unreadable(name) => self.wishes.uses.contains(&(trouble.target, name)),
            _ => false,
        };
        assert!(
            !(unreadable && trouble.target == at.0) || partial.contains(at.1),
            "{at:?} was written beside something unknown"
        );
    }

    fn deletes_within_limits(&self) {
        let allow = &self.planned.leave.allow;
        for on in TARGETS {
            let deletes = (self.written().into_iter())
                .filter(|at| at.0 == on && self.after(*at).is_none())
                .count();
            assert!(
                deletes <= MOST_DELETES as usize || allow.contains("deletes"),
                "{deletes} deletes on {on}"
            );
            let empty = !self.applied.after.keys().any(|at| at.0 == on);
            assert!(
                deletes == 0 || !empty || self.late.is_some() || allow.contains("would-be-empty"),
                "{on} was emptied"
            );
        }
    }

    /// A variable that was written somewhere is as wanted everywhere, or the report says that it is
    /// not; and without a fault or another hand it is so because a person wanted it.
    fn no_unit_is_split(&self, report: &ApplyReport) {
        let written: BTreeSet<&str> = (self.written().iter())
            .filter(|at| self.wishes.at(at).is_some())
            .map(|at| at.1)
            .collect();
        for name in written {
            for place in self.places_of(name) {
                if self.after(place) == self.wishes.at(&place).as_deref() {
                    continue;
                }
                // who let it be split hears of a drift since the plan from the next one
                let partial = self.planned.leave.partial.contains(name);
                assert!(
                    self.tells(report, place) || partial && self.moved(place),
                    "{name} was written, {place:?} is not as wanted, and nothing says so"
                );
                let late = self
                    .late
                    .as_ref()
                    .is_some_and(|(late, _)| late.0 == place.0);
                let excused = partial || self.beside.trouble.is_some() || late;
                assert!(excused, "{name} was split by us: {place:?}");
            }
        }
    }

    /// Whether anything says of a place that it is not as wanted.
    fn tells(&self, report: &ApplyReport, at: At) -> bool {
        let half = report.half_written();
        let planned = change(&self.planned.plan, at);
        let told = |one: &driftlock::reconcile::event::TargetReport| {
            one.target.as_str() == at.0
                && one.results.iter().any(|result| {
                    let bad = !result.outcome.is_good() || differs(one, at.1);
                    result.name.as_str() == at.1 && bad
                })
        };
        let late = self.late.as_ref().is_some_and(|(late, _)| *late == at);
        half.iter().any(|unit| {
            unit.variable.as_str() == at.1
                && unit.missing.iter().any(|place| place.as_str() == at.0)
        }) || report
            .held
            .iter()
            .any(|held| held.target.as_str() == at.0 && held.name.as_str() == at.1)
            || report.targets.iter().any(told)
            || planned
                .is_none_or(|one| one.class == Class::Unknown || one.reason == Reason::Adopted)
            || late
    }

    /// 0 only if everything is there, 1 and 3 only if nothing was written.
    fn exit_is_true(&self, report: &ApplyReport) {
        let exit = exit(&self.planned.plan, report);
        let written = self.written();
        let verdict = report.verdict().exit;
        if matches!(verdict, Exit::Error | Exit::Refused) {
            assert!(
                written.is_empty(),
                "exit {verdict:?}, and wrote {written:?}"
            );
        }
        // a plan of another manifest says nothing about this one
        if exit != Exit::Clean || self.planned.wishes != *self.wishes {
            return;
        }
        for at in &self.wishes.uses {
            let touched = self.late.as_ref().is_some_and(|(late, _)| late == at);
            if self.planned.leave.adopt.contains(at) || touched || self.moved(*at) {
                continue;
            }
            assert_eq!(
                self.after(*at),
                self.wishes.at(at).as_deref(),
                "exit 0, and {at:?}"
            );
        }
    }

    /// What is said to be done is there; what was refused or not tried is as it was.
    fn outcomes_are_true(&self, report: &ApplyReport) {
        use driftlock::reconcile::event::OperationOutcome as O;
        for of_target in &report.targets {
            let on = target(of_target.target.as_str());
            for result in &of_target.results {
                let at = (on, find(result.name.as_str()));
                let touched = self.late.as_ref().is_some_and(|(late, _)| *late == at);
                if result.action == ActionKind::Record || touched {
                    continue;
                }
                match &result.outcome {
                    O::Done | O::AlreadyDone => assert!(
                        differs(of_target, at.1)
                            || self.after(at) == self.wishes.at(&at).as_deref(),
                        "{at:?} is said to be done, and is {:?}",
                        self.after(at)
                    ),
                    O::Refused(_) | O::NotDone(_) => assert_eq!(
                        self.after(at),
                        self.mid(at),
                        "{at:?} is said not to be done"
                    ),
                    O::InDoubt(_) => {}
                }
            }
        }
    }
}

pub fn all_places() -> impl Iterator<Item = At> {
    TARGETS
        .into_iter()
        .flat_map(|target| all_names().map(move |name| (target, name)))
}

/// Whether a read before the write did not show this place.
fn is_blind(trouble: &Trouble, at: At, truth: &Truth) -> bool {
    if trouble.target != at.0 || trouble.moment == Moment::BeforeWrite {
        return false;
    }
    match trouble.kind {
        TroubleKind::ReadFails | TroubleKind::Away => true,
        TroubleKind::Partial(name) => name == at.1 || !truth.contains_key(&at),
        TroubleKind::Unreadable(name) => name == at.1,
        _ => false,
    }
}

/// As the command ends: the worst of what the plan and the apply say.
pub fn exit(plan: &Plan, report: &ApplyReport) -> Exit {
    let verdict = report.verdict().exit;
    match has_unknown(plan) {
        true => verdict.max(Exit::Error),
        false => verdict,
    }
}

/// What must hold of every plan: never "empty" for "unreadable", never "in sync" for "different",
/// and nobody who is named by no record and no manifest is spoken of.
pub fn plan_is_true(planned: &Planned, trouble: Option<&Trouble>) {
    for of_target in &planned.plan.targets {
        let on = target(of_target.target.as_str());
        let unknown = matches!(of_target.state, TargetState::Unknown { .. });
        for change in &of_target.changes {
            let at = (on, find(change.name.as_str()));
            assert!(!FOREIGN.contains(&at.1), "{at:?} is in the plan");
            let blind = trouble.is_some_and(|one| is_blind(one, at, &planned.truth));
            if blind || unknown {
                assert_eq!(change.class, Class::Unknown, "{at:?} cannot be read");
                assert_eq!(change.action, ActionKind::None, "{at:?}");
                continue;
            }
            let found = planned.truth.get(&at);
            let claims = change.class == Class::InSync;
            assert!(
                !claims || found == planned.wishes.at(&at).as_ref(),
                "{at:?} is {found:?} and called in sync"
            );
        }
        for at in planned.wishes.uses.iter().filter(|at| at.0 == on) {
            let known = change(&planned.plan, *at).is_some();
            assert!(known, "{at:?} is not in the plan");
        }
    }
}

/// The place that a stranger touched, and what it holds since.
pub fn touched(touch: &Touch, wishes: &Wishes, fresh: &str) -> (At, Option<String>) {
    use super::steps::TouchKind;
    let value = match touch.kind {
        TouchKind::Change => Some(fresh.to_owned()),
        TouchKind::Remove => None,
        TouchKind::AsWanted => wishes.at(&touch.at).or_else(|| Some(fresh.to_owned())),
    };
    (touch.at, value)
}
