//! Rows of the journal as files, one each, and back. A file that does not read as a row counts as
//! none: whoever may push to the ref may put anything there.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde::{Deserialize, Serialize};

use super::files::{File, Kind, folder_of, key_of, to_hex};
use crate::journal::sqlite::Failure;

#[derive(Debug, Serialize, Deserialize)]
struct ScopeFile {
    name: String,
    #[serde(with = "hex")]
    lineage: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    local_key: Option<String>,
}

/// Every other row. The body is kept as the text that its proof is over.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct RowFile {
    #[serde(skip_serializing_if = "String::is_empty")]
    place: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    target: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    machine: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    at: String,
    body: String,
    #[serde(with = "hex", skip_serializing_if = "Vec::is_empty")]
    prev: Vec<u8>,
    #[serde(with = "hex", skip_serializing_if = "Vec::is_empty")]
    key: Vec<u8>,
    #[serde(with = "hex", skip_serializing_if = "Vec::is_empty")]
    mac: Vec<u8>,
}

/// The row of a file as bytes; `None` if there is no such row any more.
pub(super) fn render(connection: &Connection, file: &File) -> Result<Option<Vec<u8>>, Failure> {
    let scope = &file.scope;
    if file.kind == Kind::Scope {
        let row = connection
            .prepare_cached(
                "SELECT scopes.name, lineage, local_key FROM scopes JOIN folders ON folders.scope = id
                 WHERE folders.name = ?1",
            )?
            .query_row([scope], |row| {
                let key: Option<Vec<u8>> = row.get(2)?;
                Ok(ScopeFile {
                    name: row.get(0)?,
                    lineage: row.get(1)?,
                    local_key: key.map(|key| to_hex(&key)),
                })
            })
            .optional()?;
        return Ok(row.map(|row| to_json(&row)));
    }
    let row = match &file.kind {
        Kind::Scope => None,
        Kind::Receipt(number) => find(
            connection,
            "SELECT place, target, '', at, body, prev, key, mac FROM receipts WHERE {} AND number = ?2",
            (scope, number),
        )?,
        Kind::State(key) => find(
            connection,
            "SELECT place, target, '', '', body, NULL, key, mac FROM states
             WHERE {} AND name_of(place, target) = ?2",
            (scope, key),
        )?,
        Kind::Intent(id) => find(
            connection,
            "SELECT place, target, '', '', body, NULL, NULL, NULL FROM intents WHERE {} AND id = ?2",
            (scope, id),
        )?,
        Kind::Observation(key) => find(
            connection,
            "SELECT '', target, machine, '', body, NULL, key, mac FROM observations
             WHERE {} AND name_of(target, machine) = ?2",
            (scope, key),
        )?,
        Kind::Authority => find(
            connection,
            "SELECT '', '', '', '', body, NULL, key, mac FROM authorities WHERE {} AND ?2 = 0",
            (scope, 0),
        )?,
        Kind::Alerts => find(
            connection,
            "SELECT '', '', '', '', body, NULL, key, mac FROM alerts WHERE {} AND ?2 = 0",
            (scope, 0),
        )?,
        Kind::Lease => find(
            connection,
            "SELECT '', '', '', '', body, NULL, NULL, NULL FROM leases WHERE {} AND ?2 = 0",
            (scope, 0),
        )?,
    };
    Ok(row.map(|row| to_json(&row)))
}

fn find(
    connection: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<RowFile>, Failure> {
    let of_scope = "scope = (SELECT scope FROM folders WHERE name = ?1)";
    let found = connection
        .prepare_cached(&query.replace("{}", of_scope))?
        .query_row(parameters, |row| {
            Ok(RowFile {
                place: row.get(0)?,
                target: row.get(1)?,
                machine: row.get(2)?,
                at: row.get(3)?,
                body: row.get(4)?,
                prev: bytes(row, 5)?,
                key: bytes(row, 6)?,
                mac: bytes(row, 7)?,
            })
        })
        .optional()?;
    Ok(found)
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    let found: Option<Vec<u8>> = row.get(column)?;
    Ok(found.unwrap_or_default())
}

/// Takes over a file as it is in the tree, or that it is gone. `false` if it is no row.
pub(super) fn take_over(
    transaction: &Transaction<'_>,
    file: &File,
    content: Option<&[u8]>,
) -> Result<bool, Failure> {
    if file.kind == Kind::Scope {
        return take_over_scope(transaction, file, content);
    }
    let scope: Option<i64> = transaction
        .prepare_cached("SELECT scope FROM folders WHERE name = ?1")?
        .query_row([&file.scope], |row| row.get(0))
        .optional()?;
    let Some(scope) = scope else {
        return Ok(content.is_none());
    };
    forget(transaction, scope, &file.kind)?;
    let Some(content) = content else {
        return Ok(true);
    };
    let Ok(row) = serde_json::from_slice::<RowFile>(content) else {
        return Ok(false);
    };
    insert(transaction, scope, &file.kind, &row)
}

fn take_over_scope(
    transaction: &Transaction<'_>,
    file: &File,
    content: Option<&[u8]>,
) -> Result<bool, Failure> {
    let read = content.and_then(|content| serde_json::from_slice::<ScopeFile>(content).ok());
    let read = read.filter(|scope| folder_of(&scope.name) == file.scope);
    let Some(scope) = read else {
        // whatever belonged to it belongs to nothing now
        let gone = [
            "DELETE FROM scopes WHERE id = (SELECT scope FROM folders WHERE name = ?1)",
            "DELETE FROM folders WHERE name = ?1",
        ];
        let rows = [
            "receipts",
            "states",
            "intents",
            "observations",
            "authorities",
            "alerts",
            "leases",
        ];
        for table in rows {
            transaction.execute(
                &format!(
                    "DELETE FROM {table} WHERE scope = (SELECT scope FROM folders WHERE name = ?1)"
                ),
                [&file.scope],
            )?;
        }
        for query in gone {
            transaction.execute(query, [&file.scope])?;
        }
        return Ok(content.is_none());
    };
    let local_key = scope.local_key.as_deref().and_then(from_hex);
    let local_key = local_key.filter(|key| key.len() == 32);
    transaction.execute(
        "INSERT INTO scopes (name, lineage, local_key) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET lineage = ?2, local_key = ?3",
        (&scope.name, &scope.lineage, local_key),
    )?;
    Ok(true)
}

/// A row goes; another of its name may come in its place.
fn forget(transaction: &Transaction<'_>, scope: i64, kind: &Kind) -> Result<(), Failure> {
    match kind {
        Kind::Scope => 0,
        Kind::Receipt(number) => transaction
            .prepare_cached("DELETE FROM receipts WHERE scope = ?1 AND number = ?2")?
            .execute((scope, number))?,
        Kind::Intent(id) => transaction
            .prepare_cached("DELETE FROM intents WHERE scope = ?1 AND id = ?2")?
            .execute((scope, id))?,
        Kind::State(key) => transaction
            .prepare_cached("DELETE FROM states WHERE scope = ?1 AND name_of(place, target) = ?2")?
            .execute((scope, key))?,
        Kind::Observation(key) => transaction
            .prepare_cached(
                "DELETE FROM observations WHERE scope = ?1 AND name_of(target, machine) = ?2",
            )?
            .execute((scope, key))?,
        Kind::Authority => {
            transaction.execute("DELETE FROM authorities WHERE scope = ?1", [scope])?
        }
        Kind::Alerts => transaction.execute("DELETE FROM alerts WHERE scope = ?1", [scope])?,
        Kind::Lease => transaction.execute("DELETE FROM leases WHERE scope = ?1", [scope])?,
    };
    Ok(())
}

/// `false` for a row that does not lie where it belongs.
fn insert(
    transaction: &Transaction<'_>,
    scope: i64,
    kind: &Kind,
    row: &RowFile,
) -> Result<bool, Failure> {
    let (place, target) = (&row.place, &row.target);
    match kind {
        Kind::Scope => return Ok(false),
        Kind::Receipt(number) => transaction
            .prepare_cached(
                "INSERT INTO receipts (scope, number, place, target, at, body, prev, key, mac)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                scope, number, place, target, &row.at, &row.body, &row.prev, &row.key, &row.mac,
            ))?,
        Kind::Intent(id) => transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO intents (id, scope, place, target, body)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((id, scope, place, target, &row.body))?,
        Kind::State(key) if *key == key_of(&[place, target]) => transaction
            .prepare_cached(
                "INSERT INTO states (scope, place, target, body, key, mac)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((scope, place, target, &row.body, &row.key, &row.mac))?,
        Kind::Observation(key) if *key == key_of(&[target, &row.machine]) => transaction
            .prepare_cached(
                "INSERT INTO observations (scope, target, machine, body, key, mac)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((scope, target, &row.machine, &row.body, &row.key, &row.mac))?,
        Kind::State(_) | Kind::Observation(_) => return Ok(false),
        Kind::Authority => transaction.execute(
            "INSERT INTO authorities (scope, body, key, mac) VALUES (?1, ?2, ?3, ?4)",
            (scope, &row.body, &row.key, &row.mac),
        )?,
        Kind::Alerts => transaction.execute(
            "INSERT INTO alerts (scope, body, key, mac) VALUES (?1, ?2, ?3, ?4)",
            (scope, &row.body, &row.key, &row.mac),
        )?,
        Kind::Lease => transaction.execute(
            "INSERT INTO leases (scope, body) VALUES (?1, ?2)",
            (scope, &row.body),
        )?,
    };
    Ok(true)
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("plain data is always JSON");
    text.push(b'\n');
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    digits.map(byte).collect()
}

mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&crate::journal::git::files::to_hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        super::from_hex(&text).ok_or_else(|| D::Error::custom("not hex digits"))
    }
}
