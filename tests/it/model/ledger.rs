//! What the journal may know, kept in the simplest way that can be right: for each place the values
//! that our record of it may hold. Where more than one is possible (a process ended, and nobody can
//! say before or after which record), all of them are kept: rules then allow what any of them would.

use std::collections::{BTreeMap, BTreeSet};

use driftlock::plan::{ActionKind, Change, Plan, Reason};
use driftlock::reconcile::event::{ApplyReport, OperationOutcome, ReadBack, TargetReport};

use super::run::{Applied, Planned};
use super::stage::find;
use super::wishes::{At, TARGETS, Truth, Wishes};

/// A record of one variable: the value, and the key that its fingerprint is under.
pub type Record = Option<(String, u8)>;

#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// What may be recorded of each place; without an entry surely nothing.
    pub records: BTreeMap<At, BTreeSet<Record>>,
    /// Targets that may have records, and targets that may have none.
    pub recorded: BTreeSet<&'static str>,
    pub unrecorded: BTreeSet<&'static str>,
    /// Which key may be the last applied one; `None` for no record of it.
    pub keys: BTreeSet<Option<u8>>,
}

/// Stands for a key that no manifest is under: the record of it does not verify.
const NO_KEY: u8 = u8::MAX;

pub fn target(name: &str) -> &'static str {
    let mut all = TARGETS.into_iter();
    all.find(|known| *known == name).unwrap()
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            unrecorded: TARGETS.into(),
            keys: [None].into(),
            ..Self::default()
        }
    }

    /// The values that we may have recorded at a place; `None` for no record.
    pub fn values(&self, at: &At) -> BTreeSet<Option<&str>> {
        match self.records.get(at) {
            Some(records) => {
                let values = records.iter();
                values
                    .map(|record| record.as_ref().map(|(value, _)| value.as_str()))
                    .collect()
            }
            None => [None].into(),
        }
    }

    /// Whether something on the target was surely recorded under a key that is not at hand.
    pub fn is_incomparable(&self, on: &str, wishes: &Wishes) -> bool {
        self.places(on).any(|records| {
            records
                .iter()
                .all(|record| record.as_ref().is_some_and(|(_, key)| !held(*key, wishes)))
        })
    }

    /// The same, perhaps.
    pub fn may_be_incomparable(&self, on: &str, wishes: &Wishes) -> bool {
        self.places(on).any(|records| {
            let mut keys = records.iter().flatten();
            keys.any(|(_, key)| !held(*key, wishes))
        })
    }

    fn places(&self, on: &str) -> impl Iterator<Item = &BTreeSet<Record>> {
        let all = self.records.iter();
        all.filter(move |((target, _), _)| *target == on)
            .map(|(_, records)| records)
    }

    /// Whether the manifest's key may be believed without a word from a person.
    pub fn may_trust(&self, wishes: &Wishes) -> bool {
        let mut keys = self.keys.iter();
        // whoever could read what was applied may have drawn the next key
        keys.any(|key| key.is_none_or(|key| held(key, wishes)))
    }

    /// After an apply that said how it ended.
    pub fn settle(&mut self, planned: &Planned, wishes: &Wishes, applied: &Applied) {
        let Some(report) = &applied.report else {
            self.crashed(planned, wishes, applied);
            return;
        };
        for of_target in &report.targets {
            if of_target.receipt.is_none() {
                continue;
            }
            let on = target(of_target.target.as_str());
            for result in &of_target.results {
                let at = (on, find(result.name.as_str()));
                let change = change(&planned.plan, at).expect("what was done was planned");
                let good = result.outcome.is_good() && !differs(of_target, at.1);
                if !good {
                    continue;
                }
                self.recorded.insert(on);
                self.unrecorded.remove(on);
                let records = self.after(change, at, wishes, &applied.mid);
                self.records.insert(at, records);
            }
        }
        let none = self.keys.contains(&None);
        self.accept_key(planned, wishes);
        if none && report.targets.iter().any(|one| one.error.is_some()) {
            self.keys.insert(None);
        }
    }

    /// What is recorded of a change that is done.
    fn after(&self, change: &Change, at: At, wishes: &Wishes, mid: &Truth) -> BTreeSet<Record> {
        let value = match (change.action, change.reason) {
            (ActionKind::Delete, _) => None,
            (_, Reason::Adopted) => mid.get(&at).cloned(),
            // a record of a name that is neither wanted nor there is forgotten
            _ => wishes.at(&at),
        };
        let record = value.map(|value| (value, wishes.key));
        // under a key that is not believed, no fingerprint is stored
        let mut keys = self.keys.iter();
        let certain = keys.all(|key| key.is_some_and(|key| held(key, wishes)));
        match certain {
            true => [record].into(),
            false => [record, None].into(),
        }
    }

    fn accept_key(&mut self, planned: &Planned, wishes: &Wishes) {
        let accepted = planned.leave.allow.contains("new-key") || self.may_trust(wishes);
        if accepted {
            self.keys.insert(Some(wishes.key));
            self.keys.remove(&None);
        }
    }

    /// The process ended: before or after any of its records.
    fn crashed(&mut self, planned: &Planned, wishes: &Wishes, applied: &Applied) {
        for of_target in &planned.plan.targets {
            let on = target(of_target.target.as_str());
            for change in of_target.changes.iter().filter(|one| one.will_happen()) {
                let at = (on, find(change.name.as_str()));
                let new = self.after(change, at, wishes, &applied.mid);
                let old = self.records.entry(at).or_insert_with(|| [None].into());
                old.extend(new);
                self.recorded.insert(on);
            }
        }
        let none = self.keys.contains(&None);
        self.accept_key(planned, wishes);
        if none {
            self.keys.insert(None);
        }
    }

    pub fn lost(&mut self) {
        *self = Self::new();
    }

    /// Records of a target count as none.
    pub fn forget(&mut self, on: &'static str) {
        self.records.retain(|(target, _), _| *target != on);
        self.recorded.remove(on);
        self.unrecorded.insert(on);
    }

    /// The record of what was last allowed is there, and does not verify.
    pub fn distrust(&mut self) {
        if !self.keys.remove(&None) || !self.keys.is_empty() {
            self.keys = [Some(NO_KEY)].into();
        } else {
            self.keys = [None].into();
        }
    }

    pub fn forget_key(&mut self) {
        self.keys = [None].into();
    }
}

fn held(key: u8, wishes: &Wishes) -> bool {
    key == wishes.key || wishes.former.contains(&key)
}

/// The planned change of a variable, where the plan knows it.
pub fn change(plan: &Plan, (on, name): At) -> Option<&Change> {
    let mut targets = plan.targets.iter();
    let of_target = targets.find(|one| one.target.as_str() == on)?;
    let mut changes = of_target.changes.iter();
    changes.find(|one| one.name.as_str() == name)
}

/// Whether the read back does not say that this is as written.
pub fn differs(report: &TargetReport, name: &str) -> bool {
    match &report.read_back {
        ReadBack::Differs(names) => names.iter().any(|one| one.as_str() == name),
        ReadBack::Unknown(_) => true,
        ReadBack::Verified | ReadBack::NotNeeded => false,
    }
}

/// Whether a report says that nobody knows about something.
pub fn is_doubtful(report: &ApplyReport) -> bool {
    report.targets.iter().any(|one| {
        let mut results = one.results.iter();
        let unknown = matches!(one.read_back, ReadBack::Unknown(_) | ReadBack::Differs(_));
        unknown || results.any(|result| matches!(result.outcome, OperationOutcome::InDoubt(_)))
    })
}
