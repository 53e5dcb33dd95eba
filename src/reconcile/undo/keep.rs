//! Keeps what an apply is about to overwrite. It stands in front of the journal's record; whatever
//! goes wrong here is a note, and no reason not to apply.

use jiff::Timestamp;

use super::retention::{Policy, expired};
use super::sealing::{Former, fill};
use crate::crypto::Envelope;
use crate::journal::{Authenticator, Changes, KeptRow, RowId, Scope, UndoStore, UndoStoreError};
use crate::model::{
    Completeness, Fingerprinter, LiveVar, SecretValue, Sensitivity, TargetName, VarName,
};
use crate::plan::{Change, Glimpse, Plan};
use crate::reconcile::apply::{Completed, Intended, Record};
use crate::reconcile::pass::Memory;

/// How the absence of a variable is written where a fingerprint would be.
pub(super) const ABSENT: &str = "absent";

/// What is needed to keep former values.
pub struct Keeper<'a> {
    /// Where; `None` where this user has no folder for it.
    pub store: Option<&'a mut UndoStore>,
    /// Whether, and how long.
    pub policy: Policy,
    /// Whether this run keeps anything. What is kept already grows old all the same.
    pub keeps: bool,
    /// Of which manifest.
    pub scope: &'a Scope,
    /// Seals values; `None` where the manifest has no recipients.
    pub envelope: Option<&'a Envelope>,
    /// Proves rows.
    pub auth: &'a Authenticator,
    /// Compares values of two applies.
    pub fingerprinter: Option<&'a Fingerprinter>,
    /// What the plan was made from.
    pub memory: &'a Memory,
    /// Whether the manifest's key is believed: if not, nothing under another one is dropped.
    pub key_accepted: bool,
    /// The time that receipts of this apply bear.
    pub at: Timestamp,
}

/// A record that keeps former values too.
pub struct Keeping<'a, R> {
    /// What it stands in front of.
    pub inner: R,
    keeper: Keeper<'a>,
    own: Vec<KeptRow>,
    /// What people should know. No values.
    pub notes: Vec<String>,
}

impl<'a, R: Record> Keeping<'a, R> {
    /// In front of `inner`.
    pub fn new(inner: R, keeper: Keeper<'a>) -> Self {
        Self {
            inner,
            keeper,
            own: vec![],
            notes: vec![],
        }
    }

    /// Deletes what is due, and keeps what is about to be overwritten.
    fn before(&mut self, plan: &Plan, targets: &[Intended<'_>]) {
        let rows = if self.keeper.keeps {
            self.keeper.rows(plan, targets)
        } else {
            vec![]
        };
        let writes = !rows.is_empty();
        match self.keeper.turn_over(rows, &mut self.notes) {
            Ok(own) => self.own = own,
            Err(why) if writes => self.notes.push(format!(
                "what this apply overwrites cannot be undone: cannot {why}"
            )),
            Err(why) => self
                .notes
                .push(format!("former values could not be deleted: cannot {why}")),
        }
    }

    /// Gives what was kept to the receipts.
    fn after(&mut self, plan: &Plan, done: &[Completed<'_>], names: &[Option<String>]) {
        let own = std::mem::take(&mut self.own);
        if let Err(why) = self.keeper.attach(plan, done, names, own) {
            self.notes.push(format!(
                "what this apply overwrote cannot be undone: cannot {why}"
            ));
        }
    }
}

impl<R: Record> Record for Keeping<'_, R> {
    fn intend(&mut self, plan: &Plan, targets: &[Intended<'_>]) -> Result<(), String> {
        self.inner.intend(plan, targets)?;
        self.before(plan, targets);
        Ok(())
    }

    fn message(&self, plan: &Plan) -> String {
        self.inner.message(plan)
    }

    fn receipts(
        &mut self,
        plan: &Plan,
        done: &[Completed<'_>],
    ) -> Result<Vec<Option<String>>, String> {
        // without receipts the rows stay as they are: the next receipt of these targets gets them
        let names = self.inner.receipts(plan, done)?;
        self.after(plan, done, &names);
        Ok(names)
    }
}

impl Keeper<'_> {
    /// The former values of everything that will be written.
    fn rows(&self, plan: &Plan, targets: &[Intended<'_>]) -> Vec<KeptRow> {
        let mut rows = vec![];
        for target in targets {
            for change in target.changes.iter().filter(|change| change.will_write()) {
                let name = &target.target.target;
                let apply = (plan.id.0.as_str(), self.at);
                let mut row = KeptRow::new(apply, name, target.place, &change.name);
                row.wanted = self.wanted(name, change);
                fill(&mut row, &self.former(target, change), self.envelope);
                if row.prove(self.auth) {
                    rows.push(row);
                }
            }
        }
        rows
    }

    fn former(&self, target: &Intended<'_>, change: &Change) -> Former {
        match target.before.vars.get(&change.name) {
            None if target.before.completeness == Completeness::Complete => Former::Absent,
            None => Former::NotKept("its target was read only partly".to_owned()),
            Some(LiveVar::Sealed { .. }) => Former::NotKept("nobody could read it".to_owned()),
            Some(LiveVar::Unknown(_)) => Former::NotKept("it could not be read".to_owned()),
            Some(LiveVar::Value(value)) => {
                let public = self.is_public(&target.target.target, change);
                let sensitivity = match public {
                    true => Sensitivity::Clear,
                    false => Sensitivity::Secret,
                };
                Former::Value(value.clone(), sensitivity)
            }
        }
    }

    /// Whether the plan shows the live value, or it is the very text that the manifest had in clear
    /// when it was applied.
    fn is_public(&self, target: &TargetName, change: &Change) -> bool {
        let recorded = self.memory.last.get(target);
        let recorded = recorded.and_then(|last| last.vars.get(&change.name));
        match &change.before {
            Glimpse::Text(_) => true,
            Glimpse::Fingerprint(print) => recorded.is_some_and(|recorded| {
                recorded.sensitivity == Sensitivity::Clear && recorded.fingerprint == *print
            }),
            Glimpse::Absent | Glimpse::Sealed | Glimpse::Unknown => false,
        }
    }

    fn wanted(&self, target: &TargetName, change: &Change) -> String {
        match &change.after {
            Glimpse::Absent => ABSENT.to_owned(),
            Glimpse::Fingerprint(print) => String::from(*print),
            Glimpse::Text(text) => {
                self.print(target, &change.name, &SecretValue::new(text.as_str()))
            }
            Glimpse::Sealed | Glimpse::Unknown => String::new(),
        }
    }

    pub(super) fn print(&self, target: &TargetName, name: &VarName, value: &SecretValue) -> String {
        self.fingerprinter.map_or_else(String::new, |with| {
            String::from(with.fingerprint(target, name, value))
        })
    }

    /// Drops what is due and adds what is new; gives back the new rows with their numbers.
    fn turn_over(
        &mut self,
        mut rows: Vec<KeptRow>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<KeptRow>, UndoStoreError> {
        let Some(store) = self.store.as_deref_mut() else {
            return Ok(vec![]);
        };
        let retention = match self.policy {
            Policy::For(retention) => retention,
            Policy::Off => {
                let gone = store.clear()?;
                if gone > 0 {
                    let gone = former_values(gone);
                    notes.push(format!(
                        "undo is switched off (DRIFTLOCK_UNDO): {gone} deleted"
                    ));
                }
                return Ok(vec![]);
            }
        };
        let present = store.rows(self.scope)?;
        let mut drop = expired(&present, self.at, &retention);
        let key = self.envelope.map(Envelope::key_id);
        let other: Vec<RowId> = present
            .iter()
            .filter(|row| self.key_accepted && row.key != key)
            .filter_map(|row| row.id.filter(|id| !drop.contains(id)))
            .collect();
        if !other.is_empty() {
            let gone = former_values(other.len());
            notes.push(format!(
                "{gone} dropped: sealed under a former key of this manifest, so nothing can open them any more"
            ));
        }
        drop.extend(other);
        let changes = Changes {
            add: std::mem::take(&mut rows),
            drop,
            ..Changes::default()
        };
        if changes.is_empty() {
            return Ok(vec![]);
        }
        let ids = store.change(self.scope, &changes)?;
        let mut own = changes.add;
        for (row, id) in own.iter_mut().zip(ids) {
            row.id = Some(id);
        }
        Ok(own)
    }
}

fn former_values(count: usize) -> String {
    match count {
        1 => "1 former value is".to_owned(),
        count => format!("{count} former values are"),
    }
}
