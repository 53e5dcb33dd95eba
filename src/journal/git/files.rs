//! Rows of a journal as files of a tree, one each, and back. A file that does not read as a row counts
//! as none: whoever may push to the ref may put anything there.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::journal::sqlite::Failure;

/// The file that tells a journal from anything else.
pub(super) const FORMAT: &str = "driftlock-journal";
/// What it holds: the version of the layout.
pub(super) const VERSION: u32 = 1;

/// So many receipts share a folder.
const SHELF: i64 = 1000;

/// A file of the tree, and the row that it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct File {
    /// The folder of its scope.
    pub(super) scope: String,
    pub(super) kind: Kind,
}

/// Scopes sort first: the others belong to one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Scope,
    Receipt(i64),
    State(String),
    Intent(i64),
    Observation(String),
    Authority,
    Lease,
}

impl File {
    /// `None` for what is none of ours.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let (scope, rest) = path.split_once('/')?;
        let rest = rest.strip_suffix(".json")?;
        let number = |text: &str| {
            let number: i64 = text.parse().ok()?;
            (number > 0 && number.to_string() == text).then_some(number)
        };
        let key = |text: &str| {
            let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            hex.then(|| text.to_owned())
        };
        let kind = match (rest, rest.split_once('/')) {
            ("scope", _) => Kind::Scope,
            ("authority", _) => Kind::Authority,
            ("lease", _) => Kind::Lease,
            (_, Some(("receipts", rest))) => Kind::Receipt(number(rest.split_once('/')?.1)?),
            (_, Some(("states", rest))) => Kind::State(key(rest)?),
            (_, Some(("intents", rest))) => Kind::Intent(number(rest)?),
            (_, Some(("observations", rest))) => Kind::Observation(key(rest)?),
            _ => return None,
        };
        let scope = scope.to_owned();
        Some(Self { scope, kind }).filter(|file| file.to_string() == path)
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = &self.scope;
        match &self.kind {
            Kind::Scope => write!(f, "{scope}/scope.json"),
            Kind::Authority => write!(f, "{scope}/authority.json"),
            Kind::Lease => write!(f, "{scope}/lease.json"),
            Kind::Receipt(number) => {
                write!(f, "{scope}/receipts/{}/{number}.json", number / SHELF)
            }
            Kind::State(key) => write!(f, "{scope}/states/{key}.json"),
            Kind::Intent(id) => write!(f, "{scope}/intents/{id}.json"),
            Kind::Observation(key) => write!(f, "{scope}/observations/{key}.json"),
        }
    }
}

/// The folder of a scope: its manifest's name for people, and a digest for the rest.
pub(super) fn folder_of(scope: &str) -> String {
    let name = scope.split('@').next().unwrap_or_default();
    format!("{name}-{}", &key_of(&[scope])[..16])
}

/// Names a row by what it is of. 32 hex digits.
pub(super) fn key_of(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    to_hex(&digest.finalize()[..16])
}

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

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
        to.serialize_str(&super::to_hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        super::from_hex(&text).ok_or_else(|| D::Error::custom("not hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_file_and_back() {
        let key = "0123456789abcdef0123456789abcdef";
        for path in [
            "dev-0123/scope.json".to_owned(),
            "dev-0123/authority.json".to_owned(),
            "dev-0123/lease.json".to_owned(),
            "dev-0123/receipts/0/999.json".to_owned(),
            "dev-0123/receipts/12/12345.json".to_owned(),
            "dev-0123/intents/7.json".to_owned(),
            format!("dev-0123/states/{key}.json"),
            format!("dev-0123/observations/{key}.json"),
        ] {
            assert_eq!(File::parse(&path).unwrap().to_string(), path);
        }
        for path in [
            "scope.json",
            "a/b/scope.json",
            "a/receipts/1/999.json",
            "a/receipts/0/01.json",
            "a/receipts/0/-1.json",
            "a/states/xyz.json",
            "a/states/../x.json",
            "a/other.json",
            "a/lease.txt",
            "",
        ] {
            assert_eq!(File::parse(path), None, "{path}");
        }
    }

    #[test]
    fn two_scopes_never_share_a_folder() {
        assert_ne!(folder_of("dev@a.yaml"), folder_of("dev@b.yaml"));
        assert!(folder_of("dev@a.yaml").starts_with("dev-"));
        assert_ne!(key_of(&["ab", "c"]), key_of(&["a", "bc"]));
    }
}
