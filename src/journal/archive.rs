//! All records of one manifest, to be moved from one journal to another as they are: proofs are bound
//! to the lineage, which goes along, and not to the place.

use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, params_from_iter};

use super::Scope;
use super::sqlite::{Failure, rows};

/// The tables, and what of them goes along. The scope's own number does not.
const TABLES: [(&str, &str); 6] = [
    (
        "receipts",
        "number, place, target, at, body, prev, key, mac",
    ),
    ("states", "place, target, body, key, mac"),
    ("intents", "place, target, body"),
    ("observations", "target, machine, body, key, mac"),
    ("authorities", "body, key, mac"),
    ("alerts", "body, key, mac"),
];

/// The records of one manifest. They hold names and fingerprints.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    lineage: Vec<u8>,
    local_key: Option<Vec<u8>>,
    /// In the order of the tables.
    rows: Vec<Vec<Vec<Value>>>,
}

/// How a move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// So many receipts were taken over.
    Receipts(usize),
    /// They were there already, the same ones or more of them.
    Already,
    /// There are other records of this manifest.
    Other,
}

/// `None` where nothing was ever recorded.
pub(super) fn export(connection: &Connection, scope: &Scope) -> Result<Option<Archive>, Failure> {
    let Some(found) = rows::find_scope(connection, scope)? else {
        return Ok(None);
    };
    let mut all = vec![];
    for (table, columns) in TABLES {
        let count = columns.split(", ").count();
        let mut query =
            connection.prepare(&format!("SELECT {columns} FROM {table} WHERE scope = ?1"))?;
        let rows = query.query_map([found.id], |row| {
            (0..count).map(|column| row.get(column)).collect()
        })?;
        all.push(rows.collect::<Result<Vec<Vec<Value>>, _>>()?);
    }
    Ok(Some(Archive {
        lineage: found.lineage,
        local_key: found.local_key.map(|key| key.expose().to_vec()),
        rows: all,
    }))
}

/// All of it, or nothing where there are records already.
pub(super) fn import(
    transaction: &Transaction<'_>,
    scope: &Scope,
    archive: &Archive,
) -> Result<Moved, Failure> {
    if let Some(there) = rows::find_scope(transaction, scope)? {
        // a lease makes a scope, too
        let empty = rows::tail(transaction, there.id)?.is_none();
        match (there.lineage == archive.lineage, empty) {
            (true, _) => return Ok(Moved::Already),
            (false, false) => return Ok(Moved::Other),
            (false, true) => {
                transaction.execute(
                    "UPDATE scopes SET lineage = ?2, local_key = ?3 WHERE id = ?1",
                    (there.id, &archive.lineage, &archive.local_key),
                )?;
            }
        }
    } else {
        transaction.execute(
            "INSERT INTO scopes (name, lineage, local_key) VALUES (?1, ?2, ?3)",
            (&scope.0, &archive.lineage, &archive.local_key),
        )?;
    }
    let Some(there) = rows::find_scope(transaction, scope)? else {
        return Err(Failure::Damaged);
    };
    for ((table, columns), rows) in TABLES.iter().zip(&archive.rows) {
        let places: Vec<String> = (0..columns.split(", ").count())
            .map(|column| format!("?{}", column + 2))
            .collect();
        let places = places.join(", ");
        // what a scope without receipts has was proved under the lineage that it had until now
        let mut insert = transaction.prepare(&format!(
            "INSERT OR REPLACE INTO {table} (scope, {columns}) VALUES (?1, {places})"
        ))?;
        for row in rows {
            let scope = Value::Integer(there.id);
            insert.execute(params_from_iter(std::iter::once(&scope).chain(row)))?;
        }
    }
    Ok(Moved::Receipts(archive.rows.first().map_or(0, Vec::len)))
}
