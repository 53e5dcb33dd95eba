//! What was kept, given to the receipts: also what applies kept that never got one.

use std::collections::BTreeMap;

use super::keep::{ABSENT, Keeper};
use super::retention::Policy;
use super::sealing::{Former, open, reseal};
use crate::journal::{Changes, KeptRow, UndoStoreError};
use crate::model::{LiveVar, TargetName, VarName};
use crate::plan::Plan;
use crate::reconcile::apply::{Completed, Ended};
use crate::reconcile::event::OperationOutcome;

impl Keeper<'_> {
    /// Gives rows to the receipts of an apply, and drops those of what was not written.
    pub(super) fn attach(
        &mut self,
        plan: &Plan,
        done: &[Completed<'_>],
        names: &[Option<String>],
        own: Vec<KeptRow>,
    ) -> Result<(), UndoStoreError> {
        let Some(store) = self.store.as_deref() else {
            return Ok(());
        };
        if self.policy == Policy::Off {
            return Ok(());
        }
        let mut orphans = vec![];
        let mut all = self.memory.last.values();
        if all.any(|last| !last.doubts.is_empty()) {
            orphans = store.rows(self.scope)?;
            orphans.retain(|row| {
                let is_own = own.iter().any(|own| own.id == row.id);
                row.receipt.is_none() && !is_own
            });
        }
        let mut changes = Changes::default();
        let mut own = group(own);
        let mut orphans = group(orphans);
        for (done, number) in done.iter().zip(names) {
            let receipt: Option<u64> = number.as_ref().and_then(|number| number.parse().ok());
            for ended in &done.results {
                let key = (done.target.target.clone(), ended.change.name.clone());
                let mine = own.remove(&key).unwrap_or_default().pop();
                let left = orphans.remove(&key).unwrap_or_default();
                let doubted = self.doubts(done, &ended.change.name);
                let left = left.into_iter().filter(|row| {
                    // what does not open is left to grow old
                    let opens = open(row, self.envelope, self.auth).is_ok();
                    doubted && opens && row.place == done.place
                });
                let one = Settled {
                    receipt: receipt.filter(|_| !is_refused(ended)),
                    mine,
                    left: left.collect(),
                };
                self.settle(plan, done, ended, one, &mut changes);
            }
        }
        let rest = own.into_values().flatten();
        changes.drop.extend(rest.filter_map(|row| row.id));
        match self.store.as_deref_mut() {
            Some(store) if !changes.is_empty() => store.change(self.scope, &changes).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Whether an earlier apply may have written it and never said how it ended.
    fn doubts(&self, done: &Completed<'_>, name: &VarName) -> bool {
        let last = self.memory.last.get(&done.target.target);
        last.is_some_and(|last| last.doubts.contains(name))
    }

    /// What one variable of one receipt goes back to. What an apply that never ended overwrote is the
    /// older truth, as long as nobody else wrote in between.
    fn settle(
        &self,
        plan: &Plan,
        done: &Completed<'_>,
        ended: &Ended<'_>,
        one: Settled,
        changes: &mut Changes,
    ) {
        let Settled {
            receipt,
            mine,
            left,
        } = one;
        let Some(receipt) = receipt else {
            // nothing was written: what an earlier apply left stays for a later receipt
            changes.drop.extend(mine.and_then(|row| row.id));
            return;
        };
        let target = &done.target.target;
        let own = mine.as_ref().and_then(|row| row.id);
        let mut oldest: Option<Chain> = None;
        for row in left.into_iter().chain(mine) {
            let wanted = row.wanted.clone();
            let found = self.found(target, &row);
            oldest = Some(match oldest {
                Some(chain) if chain.leads_to(&found) => {
                    changes.drop.extend(row.id);
                    Chain { wanted, ..chain }
                }
                before => {
                    changes.drop.extend(before.and_then(|chain| chain.row.id));
                    Chain { row, wanted }
                }
            });
        }
        let Some(Chain { row, .. }) = oldest else {
            return;
        };
        if own.is_some() && row.id == own {
            changes.attach.extend(own.map(|id| (id, receipt)));
            return;
        }
        changes.drop.extend(row.id);
        if self.found(target, &row) == self.live(done, ended) {
            return;
        }
        let with = (self.envelope, self.auth);
        if let Some(mut row) = reseal(&row, (&plan.id.0, self.at), with, with) {
            row.receipt = Some(receipt);
            changes.add.push(row);
        }
    }

    /// What a row says was there, as it is compared: nothing where it is not known.
    fn found(&self, target: &TargetName, row: &KeptRow) -> String {
        match open(row, self.envelope, self.auth) {
            Ok(Former::Absent) => ABSENT.to_owned(),
            Ok(Former::Value(value, _)) => self.print(target, &row.variable, &value),
            Ok(Former::NotKept(_)) | Err(_) => String::new(),
        }
    }

    /// What is there now.
    fn live(&self, done: &Completed<'_>, ended: &Ended<'_>) -> String {
        let live = done.after.unwrap_or(done.before);
        let name = &ended.change.name;
        match live.vars.get(name) {
            None => ABSENT.to_owned(),
            Some(LiveVar::Value(value)) => self.print(&done.target.target, name, value),
            Some(LiveVar::Sealed { .. } | LiveVar::Unknown(_)) => "unknown".to_owned(),
        }
    }
}

/// One variable of one receipt, and all that is kept of it.
struct Settled {
    /// The receipt; `None` where nothing was written or recorded.
    receipt: Option<u64>,
    /// What this apply kept.
    mine: Option<KeptRow>,
    /// What earlier applies kept that never got a receipt, oldest first.
    left: Vec<KeptRow>,
}

/// The oldest of several rows that follow each other, and what the newest of them was to become.
struct Chain {
    row: KeptRow,
    wanted: String,
}

impl Chain {
    /// Whether nobody else wrote before `found` was found; where that is not known, nobody did.
    fn leads_to(&self, found: &str) -> bool {
        self.wanted.is_empty() || found.is_empty() || self.wanted == found
    }
}

fn is_refused(ended: &Ended<'_>) -> bool {
    matches!(
        ended.outcome,
        OperationOutcome::Refused(_) | OperationOutcome::NotDone(_)
    )
}

type ByVariable = BTreeMap<(TargetName, VarName), Vec<KeptRow>>;

fn group(rows: Vec<KeptRow>) -> ByVariable {
    let mut grouped = ByVariable::new();
    for row in rows {
        let key = (row.target.clone(), row.variable.clone());
        grouped.entry(key).or_default().push(row);
    }
    grouped
}
