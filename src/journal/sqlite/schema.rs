//! The tables, by version. A version that was ever released is never edited; changes are appended.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// What a file of ours is: told from any other database, and brought up to date.
#[derive(Debug, Clone, Copy)]
pub(in crate::journal) struct Schema {
    /// In the file's header.
    pub(in crate::journal) application_id: i64,
    /// What each version adds to the one before it.
    pub(in crate::journal) versions: &'static [&'static str],
}

impl Schema {
    /// The version that this program makes.
    pub(super) fn version(&self) -> i64 {
        i64::try_from(self.versions.len()).unwrap_or(i64::MAX)
    }
}

/// The journal's: "dlok".
pub(super) const JOURNAL: Schema = Schema {
    application_id: 0x646c_6f6b,
    versions: &MIGRATIONS,
};

/// What a machine keeps of a journal that is somewhere else: "dlgc".
pub(in crate::journal) const CACHE: Schema = Schema {
    application_id: 0x646c_6763,
    versions: &[
        MIGRATIONS[0],
        MIGRATIONS[1],
        "CREATE TABLE folders (name TEXT PRIMARY KEY, scope INTEGER NOT NULL) STRICT;
         CREATE TABLE leases (scope INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
         CREATE TABLE sightings (
            scope INTEGER PRIMARY KEY, body TEXT NOT NULL, at TEXT NOT NULL
         ) STRICT;
         CREATE TABLE garbage (path TEXT PRIMARY KEY) STRICT;
         CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
        MIGRATIONS[2],
        // An older program took such files for garbage: all of it is read anew once.
        "UPDATE facts SET value = '0000000000000000000000000000000000000000'
         WHERE name = 'tip' AND EXISTS (SELECT 1 FROM garbage WHERE path LIKE '%/alerts.json');",
    ],
};

/// What each version adds to the one before it.
const MIGRATIONS: [&str; 3] = [
    "CREATE TABLE scopes (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        lineage BLOB NOT NULL,
        local_key BLOB
     ) STRICT;
     CREATE TABLE receipts (
        scope INTEGER NOT NULL REFERENCES scopes (id),
        number INTEGER NOT NULL,
        place TEXT NOT NULL,
        target TEXT NOT NULL,
        at TEXT NOT NULL,
        body TEXT NOT NULL,
        prev BLOB NOT NULL,
        key BLOB NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (scope, number)
     ) STRICT;
     CREATE INDEX receipts_by_target ON receipts (scope, place, target, number);
     CREATE TABLE states (
        scope INTEGER NOT NULL REFERENCES scopes (id),
        place TEXT NOT NULL,
        target TEXT NOT NULL,
        body TEXT NOT NULL,
        key BLOB NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (scope, place, target)
     ) STRICT;
     CREATE TABLE intents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope INTEGER NOT NULL REFERENCES scopes (id),
        place TEXT NOT NULL,
        target TEXT NOT NULL,
        body TEXT NOT NULL
     ) STRICT;",
    "CREATE TABLE observations (
        scope INTEGER NOT NULL REFERENCES scopes (id),
        target TEXT NOT NULL,
        machine TEXT NOT NULL,
        body TEXT NOT NULL,
        key BLOB NOT NULL,
        mac BLOB NOT NULL,
        PRIMARY KEY (scope, target, machine)
     ) STRICT;
     CREATE TABLE authorities (
        scope INTEGER PRIMARY KEY REFERENCES scopes (id),
        body TEXT NOT NULL,
        key BLOB NOT NULL,
        mac BLOB NOT NULL
     ) STRICT;",
    "CREATE TABLE alerts (
        scope INTEGER PRIMARY KEY REFERENCES scopes (id),
        body TEXT NOT NULL,
        key BLOB NOT NULL,
        mac BLOB NOT NULL
     ) STRICT;",
];

pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings an older database up to date, in one transaction. Another process may do the same.
pub(in crate::journal) fn migrate(
    connection: &Connection,
    schema: &Schema,
) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = usize::try_from(version(&transaction)?).unwrap_or(0);
    for migration in schema.versions.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    if found < schema.versions.len() {
        transaction.pragma_update(None, "user_version", schema.version())?;
    }
    transaction.commit()
}
