//! What is kept follows a manifest to a new file key: beside what was kept before the manifest is
//! written, in its place afterwards. So whenever a process ends, one of the two can be opened.

use std::collections::BTreeSet;

use super::keep::ABSENT;
use super::sealing::reseal;
use crate::crypto::Envelope;
use crate::journal::{Authenticator, Changes, KeptRow, RowId, Scope, UndoStore, UndoStoreError};
use crate::model::KeyId;

/// A key, and what proves rows beside it.
pub type With<'a> = (&'a Envelope, &'a Authenticator);

/// Rows under a new key, and those that they are made of.
#[derive(Debug)]
pub struct Carried {
    new: Vec<RowId>,
    old: Vec<RowId>,
}

impl Carried {
    /// Seals what is kept of a manifest under another key too. Rows that do not open stay as they are.
    pub fn begin(
        store: &mut UndoStore,
        scope: &Scope,
        from: With<'_>,
        to: With<'_>,
    ) -> Result<Self, UndoStoreError> {
        let (mut add, mut old) = (vec![], vec![]);
        for row in store.rows(scope)? {
            let apply = (row.plan_id.as_str(), row.at);
            let with = (Some(from.0), from.1);
            if let Some(mut new) = reseal(&row, apply, with, (Some(to.0), to.1))
                && forget_wanted(&mut new, to.1)
            {
                add.push(new);
                old.extend(row.id);
            }
        }
        let changes = Changes {
            add,
            ..Changes::default()
        };
        let new = match changes.is_empty() {
            true => vec![],
            false => store.change(scope, &changes)?,
        };
        Ok(Self { new, old })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.new.len()
    }

    /// The manifest is under the new key.
    pub fn finish(self, store: &mut UndoStore, scope: &Scope) -> Result<(), UndoStoreError> {
        drop_rows(store, scope, self.old)
    }

    /// The manifest stayed as it was.
    pub fn take_back(self, store: &mut UndoStore, scope: &Scope) -> Result<(), UndoStoreError> {
        drop_rows(store, scope, self.new)
    }
}

/// The rows without those that were carried to this key, or were to be carried from it to another one by
/// a process that ended before it was done: of each there is one under this key.
pub fn without_twins(rows: Vec<KeptRow>, key: Option<KeyId>) -> Vec<KeptRow> {
    let of = |row: &KeptRow| {
        let apply = (row.receipt, row.plan_id.clone(), row.at);
        (
            apply,
            row.target.clone(),
            row.place.clone(),
            row.variable.clone(),
        )
    };
    let present: BTreeSet<_> = rows.iter().filter(|row| row.key == key).map(of).collect();
    let mut rows = rows;
    rows.retain(|row| row.key == key || !present.contains(&of(row)));
    rows
}

/// What an apply that never ended was to make of it is a fingerprint under the former key, which no
/// later one compares with: it counts as not known.
fn forget_wanted(row: &mut KeptRow, auth: &Authenticator) -> bool {
    if row.receipt.is_some() || row.wanted.is_empty() || row.wanted == ABSENT {
        return true;
    }
    row.wanted.clear();
    row.prove(auth)
}

fn drop_rows(store: &mut UndoStore, scope: &Scope, drop: Vec<RowId>) -> Result<(), UndoStoreError> {
    let changes = Changes {
        drop,
        ..Changes::default()
    };
    match changes.is_empty() {
        true => Ok(()),
        false => store.change(scope, &changes).map(|_| ()),
    }
}
