//! Strangers, colleagues and their drafts: what is theirs stays, and what they did is seen.

use driftlock::plan::{Class, Reason};
use serde_json::Value;

use super::check::{Look, Meddled};
use super::schedules::Story;
use super::truth::At;
use crate::support::fake_railway::faults::{Fault, Moment};

/// Reasons that show a value which is not ours.
const SHOWN: [Reason; 9] = [
    Reason::ChangedOutside,
    Reason::RemovedOutside,
    Reason::BothMoved,
    Reason::FirstTakeOver,
    Reason::NotOurs,
    Reason::PruneChangedOutside,
    Reason::CannotCompare,
    Reason::SealedChangedOutside,
    Reason::SealedFirstTakeOver,
];

impl Story<'_> {
    /// What others did during requests, from the fake's record.
    pub(super) fn meddled(&self, skip: usize) -> Vec<Meddled> {
        let all = self.lab.fake.meddled();
        let mut found = vec![];
        for one in all.into_iter().skip(skip) {
            let draft = matches!(one.fault, Fault::Draft { .. });
            let changes = match one.fault {
                Fault::Draft { patch, .. } => self.lab.places.changes(&patch),
                Fault::Write {
                    service,
                    name,
                    value,
                    ..
                } => {
                    let place = self.lab.places.named(service.as_deref()).unwrap();
                    vec![((place, name), value)]
                }
                _ => vec![],
            };
            found.extend(changes.into_iter().map(|(at, value)| Meddled {
                request: one.request,
                moment: one.moment,
                at,
                value,
                draft,
            }));
        }
        found
    }

    /// Who reads what a stranger left, and overwrites it, has shown it before.
    pub(super) fn strangers_were_respected(&mut self, look: &Look<'_>) {
        for (at, change) in &look.writes {
            let (before, late) = (look.passed.before.get(at), look.late.get(at));
            let theirs = self.strangers.get(at).is_some_and(|left| left.as_ref() == before);
            let fresh = before.is_none() && change.reason == Reason::New;
            if theirs && late != before && !look.moved.contains(at) && !look.lags && !fresh {
                let let_go = change.class != Class::Conflict
                    || look.how.overrides.overwrite.iter().any(|(name, target)| {
                        name == &change.name && target.as_str() == at.0
                    });
                if !SHOWN.contains(&change.reason) || !let_go {
                    let reason = change.reason;
                    self.wrong(format!("{at:?} was a stranger's, and overwritten as {reason:?}"));
                }
            }
        }
        for one in look.meddled.iter().filter(|one| !one.draft) {
            if !look.lags && self.was_seen_and_overwritten(look, one) {
                self.wrong(format!("{:?} moved, was read, and was overwritten", one.at));
            }
        }
        for at in look.writes.keys() {
            if look.late.get(at) != look.passed.mid.get(at) {
                self.strangers.remove(at);
            }
        }
        for one in look.meddled.iter().filter(|one| !one.draft) {
            self.note_stranger(one.at.clone(), one.value.clone());
        }
    }

    /// Whether a mutation of ours followed a read that must have seen what a stranger did after the
    /// plan.
    fn was_seen_and_overwritten(&self, look: &Look<'_>, one: &Meddled) -> bool {
        let last = look.meddled.iter().rfind(|other| other.at == one.at);
        let is_last = last.is_some_and(|last| std::ptr::eq(last, one));
        if one.request < look.passed.planned || look.late.get(&one.at) == one.value.as_ref() || !is_last {
            return false;
        }
        let begins = |number: usize| {
            number > one.request || number == one.request && one.moment == Moment::Before
        };
        let mut seen = false;
        for request in look.requests.iter().filter(|request| begins(request.number)) {
            let names: Vec<&str> = request.roots.iter().map(|root| root.name.as_str()).collect();
            seen |= names.contains(&"variables") && request.number > look.passed.planned;
            let written = self.lab.places.written(request).unwrap_or_default();
            if written.iter().any(|(at, _)| *at == one.at) {
                return seen;
            }
        }
        false
    }

    /// Somebody else did this to a variable.
    pub(super) fn note_stranger(&mut self, at: At, value: Option<String>) {
        if self.is_foreign(&at) {
            match value {
                Some(value) => drop(self.foreign.insert(at, value)),
                None => drop(self.foreign.remove(&at)),
            }
            return;
        }
        self.touched.insert(at.clone());
        self.strangers.insert(at, value);
    }

    fn is_foreign(&self, (_, name): &At) -> bool {
        super::draw::FOREIGN.contains(&name.as_str()) || name.starts_with("COLLEAGUE_")
    }

    /// A draft stays as it is; it is put in force by us only where Railway takes it along in the one
    /// request that nobody can look before.
    pub(super) fn drafts_stay(&mut self, look: &Look<'_>) {
        for one in look.meddled.iter().filter(|one| one.draft) {
            let value = one.value.clone().unwrap_or_default();
            self.drafts.insert(one.at.clone(), value);
        }
        let taken = self.drafts.iter().any(|(at, _)| look.late.contains_key(at));
        if taken {
            let all = std::mem::take(&mut self.drafts);
            for (at, value) in all {
                let came = look.meddled.iter().rfind(|one| one.draft && one.at == at);
                if !came.is_some_and(|came| could_not_be_seen(look, came)) {
                    self.wrong(format!("the draft {at:?} was seen, and committed by us"));
                }
                if look.late.get(&at) != Some(&value) {
                    self.wrong(format!("the draft {at:?} was lost"));
                }
                self.foreign.insert(at, value);
            }
        }
        let staged = self.lab.places.environment.staged().unwrap_or(Value::Null);
        let staged = self.lab.places.changes(&staged);
        for (at, value) in self.drafts.clone() {
            if !staged.contains(&(at.clone(), Some(value))) {
                self.wrong(format!("the draft {at:?} is not as it was"));
            }
        }
        for (at, _) in staged {
            if !self.drafts.contains_key(&at) && !self.managed.contains(&at) {
                self.wrong(format!("{at:?} is staged by us, and not ours"));
            }
        }
    }

    /// Nothing moved that is not ours.
    pub(super) fn foreign_stays(&mut self, look: &Look<'_>) {
        let now = look.late.iter().filter(|(at, _)| !self.managed.contains(*at));
        let now = now.map(|(at, value)| (at.clone(), value.clone()));
        let now: super::truth::Truth = now.collect();
        if now != self.foreign {
            let differ = |at: &&At| now.get(*at) != self.foreign.get(*at);
            let both = now.keys().chain(self.foreign.keys());
            let moved: Vec<At> = both.filter(differ).cloned().collect();
            self.wrong(format!("{moved:?} moved, and is not ours"));
            self.foreign = now;
        }
    }
}

/// Whether no request of ours could see the draft before the commit that took it along.
fn could_not_be_seen(look: &Look<'_>, came: &Meddled) -> bool {
    let after = |number: usize| {
        number > came.request || number == came.request && came.moment == Moment::Before
    };
    let mut asked = look.requests.iter().filter(|request| after(request.number));
    let first = asked.find(|request| {
        request.mutation
            || request
                .roots
                .iter()
                .any(|root| root.name == "environmentStagedChanges")
    });
    first.is_some_and(|first| first.mutation)
}
