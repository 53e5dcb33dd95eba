//! The file.

use std::cell::{Ref, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

use super::UndoStoreError;
use super::row::{KeptKind, KeptRow, RowId, proof};
use crate::journal::sqlite::open::{self, Opened};
use crate::journal::sqlite::schema::Schema;
use crate::journal::{JournalError, Scope};

/// "dlun".
const UNDO: Schema = Schema {
    application_id: 0x646c_756e,
    versions: &["CREATE TABLE kept (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope TEXT NOT NULL,
        receipt INTEGER,
        plan TEXT NOT NULL,
        at TEXT NOT NULL,
        target TEXT NOT NULL,
        place TEXT NOT NULL,
        variable TEXT NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        key_id TEXT,
        wanted TEXT NOT NULL,
        key BLOB NOT NULL,
        mac BLOB NOT NULL
     ) STRICT;
     CREATE INDEX kept_by_scope ON kept (scope, receipt);"],
};

/// How long a write waits for another process.
const PATIENCE: Duration = Duration::from_secs(5);

/// Former values in a file. Nothing is opened before the first call that needs it, and reading never
/// creates it.
#[derive(Debug)]
pub struct UndoStore {
    path: PathBuf,
    patience: Duration,
    opened: RefCell<Option<Opened>>,
}

/// What is changed at once: all of it or nothing.
#[derive(Debug, Default)]
pub struct Changes {
    /// New rows.
    pub add: Vec<KeptRow>,
    /// Rows that now have a receipt.
    pub attach: Vec<(RowId, u64)>,
    /// Rows that go.
    pub drop: Vec<RowId>,
}

impl Changes {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.attach.is_empty() && self.drop.is_empty()
    }
}

impl UndoStore {
    /// The file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            patience: PATIENCE,
            opened: RefCell::new(None),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All rows of a manifest, oldest first; none where there is no file.
    pub fn rows(&self, scope: &Scope) -> Result<Vec<KeptRow>, UndoStoreError> {
        let Some(opened) = self.existing()? else {
            return Ok(vec![]);
        };
        let read = || -> rusqlite::Result<Vec<KeptRow>> {
            let mut query = opened.connection.prepare_cached(
                "SELECT id, receipt, plan, at, target, place, variable, kind, body, key_id, wanted,
                    key, mac
                 FROM kept WHERE scope = ?1 ORDER BY id",
            )?;
            let rows = query.query_map([&scope.0], read_row)?;
            rows.filter_map(Result::transpose).collect()
        };
        read().map_err(|error| self.explain(&error))
    }

    /// Carries out changes. The numbers of the new rows, in their order.
    pub fn change(
        &mut self,
        scope: &Scope,
        changes: &Changes,
    ) -> Result<Vec<RowId>, UndoStoreError> {
        let ids = self.write(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO kept (scope, receipt, plan, at, target, place, variable, kind, body,
                    key_id, wanted, key, mac)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?;
            let mut ids = vec![];
            for row in &changes.add {
                let proof = row.proof.as_ref();
                insert.execute((
                    &scope.0,
                    row.receipt.map(u64::cast_signed),
                    &row.plan_id,
                    row.at.to_string(),
                    row.target.as_str(),
                    &row.place,
                    row.variable.as_str(),
                    row.kind.as_str(),
                    &row.body,
                    row.key.map(|key| key.to_string()),
                    &row.wanted,
                    proof.map_or(&[][..], |proof| &proof.key),
                    proof.map_or(&[][..], |proof| &proof.mac),
                ))?;
                ids.push(RowId(transaction.last_insert_rowid()));
            }
            let mut attach =
                transaction.prepare_cached("UPDATE kept SET receipt = ?2 WHERE id = ?1")?;
            for (id, receipt) in &changes.attach {
                attach.execute((id.0, receipt.cast_signed()))?;
            }
            let mut drop = transaction.prepare_cached("DELETE FROM kept WHERE id = ?1")?;
            for id in &changes.drop {
                drop.execute([id.0])?;
            }
            Ok(ids)
        })?;
        if !changes.drop.is_empty() {
            self.wipe_log()?;
        }
        Ok(ids)
    }

    /// Forgets the rows of all manifests; says how many there were.
    pub fn clear(&mut self) -> Result<usize, UndoStoreError> {
        if self.existing()?.is_none() {
            return Ok(0);
        }
        let count = self.write(|transaction| transaction.execute("DELETE FROM kept", []))?;
        if count > 0 {
            self.wipe_log()?;
        }
        Ok(count)
    }

    fn existing(&self) -> Result<Option<Ref<'_, Opened>>, UndoStoreError> {
        if self.opened.borrow().is_none() {
            let opened = open::open(&self.path, &UNDO, self.patience).map_err(UndoStoreError)?;
            if let Some(opened) = &opened {
                // what is deleted is overwritten
                opened
                    .connection
                    .pragma_update(None, "secure_delete", "ON")
                    .map_err(|error| self.explain(&error))?;
            }
            *self.opened.borrow_mut() = opened;
        }
        Ok(Ref::filter_map(self.opened.borrow(), Option::as_ref).ok())
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, UndoStoreError> {
        if self.existing()?.is_none() {
            open::create(&self.path, &UNDO).map_err(UndoStoreError)?;
        }
        let Some(opened) = self.existing()? else {
            let source = std::io::ErrorKind::NotFound.into();
            let path = self.path.clone();
            return Err(UndoStoreError(JournalError::File { path, source }));
        };
        if !opened.writable {
            let path = self.path.clone();
            return Err(UndoStoreError(JournalError::ReadOnly { path }));
        }
        let work = || {
            let transaction =
                Transaction::new_unchecked(&opened.connection, TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        work().map_err(|error| self.explain(&error))
    }

    /// The log would still hold the pages as they were. Where another process reads, the last one to
    /// close the file does it.
    fn wipe_log(&self) -> Result<(), UndoStoreError> {
        let Some(opened) = self.existing()? else {
            return Ok(());
        };
        checkpoint(&opened.connection).map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &rusqlite::Error) -> UndoStoreError {
        UndoStoreError(open::explain(&self.path, error))
    }
}

fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// `None` for a row that somebody damaged: it counts as not kept.
fn read_row(row: &Row<'_>) -> rusqlite::Result<Option<KeptRow>> {
    let text = |column: usize| row.get::<_, String>(column);
    let (at, kind) = (text(3)?, text(7)?);
    let (target, variable) = (text(4)?, text(6)?);
    let key: Option<String> = row.get(9)?;
    let (hint, mac): (Vec<u8>, Vec<u8>) = (row.get(11)?, row.get(12)?);
    let parsed = || {
        Some(KeptRow {
            id: None,
            receipt: None,
            plan_id: String::new(),
            at: at.parse::<Timestamp>().ok()?,
            target: target.parse().ok()?,
            place: String::new(),
            variable: variable.parse().ok()?,
            kind: KeptKind::parse(&kind)?,
            body: String::new(),
            key: match key {
                None => None,
                Some(key) => Some(key.try_into().ok()?),
            },
            wanted: String::new(),
            proof: proof(&hint, &mac),
        })
    };
    let Some(parsed) = parsed() else {
        return Ok(None);
    };
    let receipt: Option<i64> = row.get(1)?;
    Ok(Some(KeptRow {
        id: Some(RowId(row.get(0)?)),
        receipt: receipt.map(i64::cast_unsigned),
        plan_id: text(2)?,
        place: text(5)?,
        body: text(8)?,
        wanted: text(10)?,
        ..parsed
    }))
}
