//! The book of alerts in the tables: read, and replaced in one transaction.

use rand::RngCore;
use rand::rngs::OsRng;
use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Deserialize;

use super::auth::{Authenticator, Verdict};
use super::sqlite::rows::{ALERTS, ScopeRow, Sealed, find_scope, seal};
use super::sqlite::{Failure, write};
use super::{Remembered, Scope};
use crate::model::AlertBook;

/// The name of a book that may have to be begun; the same in each try.
pub(super) struct Drawn(String);

impl Drawn {
    pub(super) fn new() -> Self {
        let mut bytes = [0; 6];
        OsRng.fill_bytes(&mut bytes);
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

pub(super) fn read(
    connection: &Connection,
    scope: &Scope,
    auth: &Authenticator,
) -> Result<Remembered<AlertBook>, Failure> {
    match find_scope(connection, scope)? {
        Some(scope) => find(connection, &scope, auth),
        None => Ok(Remembered::Nothing),
    }
}

fn find(
    connection: &Connection,
    scope: &ScopeRow,
    auth: &Authenticator,
) -> Result<Remembered<AlertBook>, Failure> {
    let row = connection
        .prepare_cached("SELECT body, key, mac FROM alerts WHERE scope = ?1")?
        .query_row([scope.id], |row| Sealed::from_row(row, 0))
        .optional()?;
    let Some(row) = row else {
        return Ok(Remembered::Nothing);
    };
    Ok(match row.open(auth, ALERTS, &[&scope.lineage]) {
        Ok(book) => Remembered::Known(book),
        Err(Verdict::OtherKey) => Remembered::OtherKey,
        Err(Verdict::Genuine | Verdict::Forged) => Remembered::Unverified,
    })
}

/// The book as it is afterwards, and what people should know. One that was never written has no identity.
pub(super) fn change(
    transaction: &Transaction<'_>,
    scope: &Scope,
    auth: &Authenticator,
    drawn: &Drawn,
    change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
) -> Result<(AlertBook, Option<String>), Failure> {
    let row = find_scope(transaction, scope)?;
    let found = match &row {
        Some(row) => find(transaction, row, auth)?,
        None => Remembered::Nothing,
    };
    let why = match found {
        Remembered::OtherKey => Some("is under a key that is not at hand"),
        Remembered::Unverified => Some("does not verify"),
        _ => None,
    };
    let (book, is_new) = match found {
        Remembered::Known(book) => (book, false),
        _ => {
            let id = drawn.0.clone();
            let book = AlertBook {
                id,
                ..AlertBook::default()
            };
            (book, true)
        }
    };
    let untouched = |book| match is_new {
        true => AlertBook::default(),
        false => book,
    };
    let Some(mut next) = change(&book) else {
        return Ok((untouched(book), None));
    };
    next.id.clone_from(&book.id);
    next.generation = book.generation;
    next.hold_to_limits();
    if next == book {
        return Ok((untouched(book), None));
    }
    next.generation = book.generation.checked_add(1).ok_or(Failure::Damaged)?;
    let row = match row {
        Some(row) => row,
        None => write::ensure_scope(transaction, scope)?,
    };
    put(transaction, &row, &next, auth)?;
    let name = scope.0.split('@').next().unwrap_or_default();
    let note = why.map(|why| {
        format!(
            "the book of alerts of {name} {why} and counts as none: what is wrong now is told anew"
        )
    });
    Ok((next, note))
}

fn put(
    transaction: &Transaction<'_>,
    scope: &ScopeRow,
    book: &AlertBook,
    auth: &Authenticator,
) -> Result<(), Failure> {
    let body = write::to_json(book);
    let proof = seal(auth, ALERTS, &[&scope.lineage], &body)?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO alerts (scope, body, key, mac) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((scope.id, &body, proof.key, proof.mac))?;
    Ok(())
}

/// Which state of which book it is, whoever wrote it.
#[derive(Debug, Deserialize)]
pub(super) struct Edition {
    id: String,
    generation: u64,
}

impl Edition {
    /// Whether this is a state of the same book that the other one has left behind.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.id == other.id && self.generation < other.generation
    }
}

/// `None` where there is no book, or none that can be read.
pub(super) fn edition(connection: &Connection, scope: i64) -> Result<Option<Edition>, Failure> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM alerts WHERE scope = ?1")?
        .query_row([scope], |row| row.get(0))
        .optional()?;
    Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
}
