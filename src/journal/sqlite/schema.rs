//! The tables, by version. A version that was ever released is never edited; changes are appended.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// In the file's header: "dlok". Tells a journal from any other database.
pub(in crate::journal) const APPLICATION_ID: i64 = 0x646c_6f6b;

/// What each version adds to the one before it.
const MIGRATIONS: [&str; 2] = [
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
];

/// The version that this program makes.
pub(in crate::journal) const VERSION: i64 = MIGRATIONS.len() as i64;

pub(in crate::journal) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings an older database up to date, in one transaction. Another process may do the same.
pub(in crate::journal) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = usize::try_from(version(&transaction)?).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    if found < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}
