//! What rows mean: scopes, sealed bodies, and the chain of receipts.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::Failure;
use crate::journal::Scope;
use crate::journal::auth::{Authenticator, Seal, Verdict, frame};
use crate::model::FingerprintKey;

pub(in crate::journal) const RECEIPT: &str = "driftlock/receipt/v1";
pub(in crate::journal) const STATE: &str = "driftlock/state/v1";
pub(in crate::journal) const OBSERVATION: &str = "driftlock/observation/v1";
pub(in crate::journal) const AUTHORITY: &str = "driftlock/authority/v1";
pub(in crate::journal) const ALERTS: &str = "driftlock/alerts/v1";

/// A scope's row. Proofs are bound to its lineage, a random number that stays when the scope gets
/// another name.
#[derive(Debug, Clone)]
pub(in crate::journal) struct ScopeRow {
    pub(in crate::journal) id: i64,
    pub(in crate::journal) lineage: Vec<u8>,
    pub(in crate::journal) local_key: Option<FingerprintKey>,
}

pub(in crate::journal) fn find_scope(
    connection: &Connection,
    scope: &Scope,
) -> rusqlite::Result<Option<ScopeRow>> {
    connection
        .prepare_cached("SELECT id, lineage, local_key FROM scopes WHERE name = ?1")?
        .query_row([&scope.0], |row| {
            let local_key: Option<[u8; 32]> = row.get(2)?;
            Ok(ScopeRow {
                id: row.get(0)?,
                lineage: row.get(1)?,
                local_key: local_key.map(FingerprintKey::new),
            })
        })
        .optional()
}

/// A body with its proof, as it was found. Damage shows in the verdict, it is no error.
#[derive(Debug)]
pub(in crate::journal) struct Sealed {
    pub(in crate::journal) body: Vec<u8>,
    pub(in crate::journal) key: Vec<u8>,
    pub(in crate::journal) mac: Vec<u8>,
}

impl Sealed {
    /// From three neighbouring columns.
    pub(in crate::journal) fn from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            body: bytes(row, first)?,
            key: bytes(row, first + 1)?,
            mac: bytes(row, first + 2)?,
        })
    }

    /// `context` is what the body is bound to: where it lies.
    pub(in crate::journal) fn verify(
        &self,
        auth: &Authenticator,
        purpose: &str,
        context: &[&[u8]],
    ) -> Verdict {
        let (Ok(key), Ok(mac)) = (
            self.key.as_slice().try_into(),
            self.mac.as_slice().try_into(),
        ) else {
            return Verdict::Forged;
        };
        let mut parts = context.to_vec();
        parts.push(&self.body);
        auth.verify(purpose, &parts, &Seal { key, mac })
    }

    /// The body if it verifies and can be read.
    pub(in crate::journal) fn open<T: DeserializeOwned>(
        &self,
        auth: &Authenticator,
        purpose: &str,
        context: &[&[u8]],
    ) -> Result<T, Verdict> {
        match self.verify(auth, purpose, context) {
            Verdict::Genuine => serde_json::from_slice(&self.body).map_err(|_| Verdict::Forged),
            verdict => Err(verdict),
        }
    }
}

/// Text or blob, whatever is there.
pub(in crate::journal) fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row
        .get_ref(column)?
        .as_bytes_or_null()
        .ok()
        .flatten()
        .unwrap_or_default()
        .to_vec())
}

pub(in crate::journal) fn seal(
    auth: &Authenticator,
    purpose: &str,
    context: &[&[u8]],
    body: &str,
) -> Result<Seal, Failure> {
    let mut parts = context.to_vec();
    parts.push(body.as_bytes());
    auth.seal(purpose, &parts).ok_or(Failure::NoKey)
}

/// A receipt's row.
#[derive(Debug)]
pub(in crate::journal) struct ReceiptRow {
    pub(in crate::journal) number: i64,
    pub(in crate::journal) place: Vec<u8>,
    pub(in crate::journal) target: Vec<u8>,
    pub(in crate::journal) at: Vec<u8>,
    pub(in crate::journal) prev: Vec<u8>,
    pub(in crate::journal) sealed: Sealed,
}

impl ReceiptRow {
    pub(in crate::journal) const COLUMNS: &str = "number, place, target, at, prev, body, key, mac";

    pub(in crate::journal) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            place: bytes(row, 1)?,
            target: bytes(row, 2)?,
            at: bytes(row, 3)?,
            prev: bytes(row, 4)?,
            sealed: Sealed::from_row(row, 5)?,
        })
    }

    pub(in crate::journal) fn verify(&self, auth: &Authenticator, scope: &ScopeRow) -> Verdict {
        let number = self.number.to_be_bytes();
        let context: [&[u8]; 6] = [
            &scope.lineage,
            &number,
            &self.place,
            &self.target,
            &self.at,
            &self.prev,
        ];
        self.sealed.verify(auth, RECEIPT, &context)
    }

    /// What its successor holds as `prev`.
    pub(in crate::journal) fn hash(&self) -> [u8; 32] {
        let number = self.number.to_be_bytes();
        let parts: [&[u8]; 8] = [
            &number,
            &self.place,
            &self.target,
            &self.at,
            &self.prev,
            &self.sealed.body,
            &self.sealed.key,
            &self.sealed.mac,
        ];
        Sha256::digest(frame(&parts)).into()
    }
}

/// The newest receipt of a scope.
pub(in crate::journal) fn tail(
    connection: &Connection,
    scope: i64,
) -> rusqlite::Result<Option<ReceiptRow>> {
    let columns = ReceiptRow::COLUMNS;
    connection
        .prepare_cached(&format!(
            "SELECT {columns} FROM receipts WHERE scope = ?1 ORDER BY number DESC LIMIT 1"
        ))?
        .query_row([scope], ReceiptRow::from_row)
        .optional()
}
