//! Writing, each function in one transaction.

use jiff::Timestamp;
use rand::RngCore;
use rand::rngs::OsRng;
use rusqlite::Transaction;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Failure;
use super::read::{StoredAuthority, find_state, names_of};
use super::rows::{
    AUTHORITY, OBSERVATION, RECEIPT, ReceiptRow, STATE, ScopeRow, Sealed, bytes, find_scope, seal,
    tail,
};
use crate::journal::auth::{Authenticator, KeyHint};
use crate::journal::state::State;
use crate::journal::{
    AppliedAuthority, Intent, IntentId, Kept, Observation, Receipt, ReceiptId, Scope, Settlement,
};
use crate::model::FingerprintKey;

pub(in crate::journal) fn ensure_scope(
    transaction: &Transaction<'_>,
    scope: &Scope,
) -> Result<ScopeRow, Failure> {
    if let Some(found) = find_scope(transaction, scope)? {
        return Ok(found);
    }
    let mut lineage = vec![0; 16];
    OsRng.fill_bytes(&mut lineage);
    transaction.execute(
        "INSERT INTO scopes (name, lineage) VALUES (?1, ?2)",
        (&scope.0, &lineage),
    )?;
    Ok(ScopeRow {
        id: transaction.last_insert_rowid(),
        lineage,
        local_key: None,
    })
}

pub(in crate::journal) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with text keys is always JSON")
}

pub(in crate::journal) fn begin(
    transaction: &Transaction<'_>,
    scope: &Scope,
    intents: &[Intent],
) -> Result<Vec<IntentId>, Failure> {
    let scope = ensure_scope(transaction, scope)?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO intents (scope, place, target, body) VALUES (?1, ?2, ?3, ?4)",
    )?;
    intents
        .iter()
        .map(|intent| {
            let target = intent.target.as_str();
            insert.execute((scope.id, &intent.place, target, to_json(intent)))?;
            Ok(IntentId(transaction.last_insert_rowid()))
        })
        .collect()
}

pub(in crate::journal) fn settle(
    transaction: &Transaction<'_>,
    scope: &Scope,
    settlement: &Settlement<'_>,
    auth: &Authenticator,
) -> Result<Kept, Failure> {
    let kept = keep(transaction, scope, &settlement.receipts, auth)?;
    if let Some(authority) = settlement.authority {
        set_authority(transaction, scope, authority, auth)?;
    }
    Ok(kept)
}

fn keep(
    transaction: &Transaction<'_>,
    scope: &Scope,
    receipts: &[(Option<IntentId>, &Receipt)],
    auth: &Authenticator,
) -> Result<Kept, Failure> {
    let scope = ensure_scope(transaction, scope)?;
    let mut last = tail(transaction, scope.id)?;
    let mut kept = Kept::default();
    for &(intent, receipt) in receipts {
        let before = last.as_ref().and_then(time_of);
        let at = before.map_or(receipt.at, |before| before.max(receipt.at));
        if at > receipt.at {
            kept.notes.push(format!(
                "the clock of this machine is behind the last receipt: {} is recorded under {at}",
                receipt.target
            ));
        }
        // Before the new receipt is there: a state is judged by the receipts that it must cover.
        let (place, target) = (receipt.place.as_str(), receipt.target.as_str());
        let found = find_state(transaction, &scope, place, target, auth)?;
        let mut state = found.ok().flatten().unwrap_or_else(|| State::new(at));
        let (row, key) = append(transaction, &scope, last.as_ref(), receipt, at, auth)?;
        let number = row.number.cast_unsigned();
        settle_intents(transaction, &scope, intent, receipt, &mut state)?;
        state.follow(number, receipt, at, key);
        put_state(transaction, &scope, receipt, &state, auth)?;
        kept.ids.push(ReceiptId(number));
        last = Some(row);
    }
    Ok(kept)
}

fn time_of(row: &ReceiptRow) -> Option<Timestamp> {
    std::str::from_utf8(&row.at).ok()?.parse().ok()
}

/// Adds one link to the chain.
fn append(
    transaction: &Transaction<'_>,
    scope: &ScopeRow,
    last: Option<&ReceiptRow>,
    receipt: &Receipt,
    at: Timestamp,
    auth: &Authenticator,
) -> Result<(ReceiptRow, KeyHint), Failure> {
    let number = match last {
        Some(last) => last.number.checked_add(1).ok_or(Failure::Damaged)?,
        None => 1,
    };
    let prev = last.map_or([0; 32], ReceiptRow::hash);
    let (place, target) = (receipt.place.as_str(), receipt.target.as_str());
    let (at, body) = (at.to_string(), to_json(receipt));
    let context: [&[u8]; 6] = [
        &scope.lineage,
        &number.to_be_bytes(),
        place.as_bytes(),
        target.as_bytes(),
        at.as_bytes(),
        &prev,
    ];
    let proof = seal(auth, RECEIPT, &context, &body)?;
    transaction
        .prepare_cached(
            "INSERT INTO receipts (scope, number, place, target, at, body, prev, key, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            scope.id, number, place, target, &at, &body, prev, proof.key, proof.mac,
        ))?;
    let row = ReceiptRow {
        number,
        place: place.into(),
        target: target.into(),
        at: at.into(),
        prev: prev.into(),
        sealed: Sealed {
            body: body.into(),
            key: proof.key.into(),
            mac: proof.mac.into(),
        },
    };
    Ok((row, proof.key))
}

/// Closes the open intents of a target. What an earlier one may have written, and what this one
/// says nothing about, stays in doubt until a receipt settles it.
fn settle_intents(
    transaction: &Transaction<'_>,
    scope: &ScopeRow,
    own: Option<IntentId>,
    receipt: &Receipt,
    state: &mut State,
) -> Result<(), Failure> {
    let key = (scope.id, &receipt.place, receipt.target.as_str());
    let mut query = transaction.prepare_cached(
        "SELECT id, body FROM intents WHERE scope = ?1 AND place = ?2 AND target = ?3",
    )?;
    let mut rows = query.query(key)?;
    while let Some(row) = rows.next()? {
        let id = IntentId(row.get(0)?);
        let names = names_of(&bytes(row, 1)?);
        if own == Some(id) {
            let unsaid = names.filter(|name| !receipt.vars.contains_key(name));
            state.in_doubt.extend(unsaid);
        } else {
            state.in_doubt.extend(names);
        }
    }
    transaction
        .prepare_cached("DELETE FROM intents WHERE scope = ?1 AND place = ?2 AND target = ?3")?
        .execute(key)?;
    Ok(())
}

fn put_state(
    transaction: &Transaction<'_>,
    scope: &ScopeRow,
    receipt: &Receipt,
    state: &State,
    auth: &Authenticator,
) -> Result<(), Failure> {
    let (place, target) = (receipt.place.as_str(), receipt.target.as_str());
    let body = to_json(state);
    let context: [&[u8]; 3] = [&scope.lineage, place.as_bytes(), target.as_bytes()];
    let proof = seal(auth, STATE, &context, &body)?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO states (scope, place, target, body, key, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((scope.id, place, target, &body, proof.key, proof.mac))?;
    Ok(())
}

pub(in crate::journal) fn observe(
    transaction: &Transaction<'_>,
    scope: &Scope,
    observations: &[Observation],
    auth: &Authenticator,
) -> Result<(), Failure> {
    let scope = ensure_scope(transaction, scope)?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO observations (scope, target, machine, body, key, mac)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for seen in observations {
        let body = to_json(seen);
        let proof = seal(auth, OBSERVATION, &[&scope.lineage], &body)?;
        let target = seen.target.as_str();
        insert.execute((scope.id, target, &seen.machine, &body, proof.key, proof.mac))?;
    }
    Ok(())
}

fn set_authority(
    transaction: &Transaction<'_>,
    scope: &Scope,
    authority: &AppliedAuthority,
    auth: &Authenticator,
) -> Result<(), Failure> {
    let scope = ensure_scope(transaction, scope)?;
    let body = to_json(&StoredAuthority {
        facts: authority.facts.clone(),
        revision: authority.revision.clone(),
        at: authority.at,
    });
    let proof = seal(auth, AUTHORITY, &[&scope.lineage], &body)?;
    transaction.execute(
        "INSERT OR REPLACE INTO authorities (scope, body, key, mac) VALUES (?1, ?2, ?3, ?4)",
        (scope.id, &body, proof.key, proof.mac),
    )?;
    Ok(())
}

/// The write lock is held: whoever comes second finds the key of the first.
pub(in crate::journal) fn local_key(
    transaction: &Transaction<'_>,
    scope: &Scope,
) -> Result<FingerprintKey, Failure> {
    let scope = ensure_scope(transaction, scope)?;
    if let Some(key) = scope.local_key {
        return Ok(key);
    }
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *bytes);
    transaction.execute(
        "UPDATE scopes SET local_key = ?2 WHERE id = ?1",
        (scope.id, &*bytes),
    )?;
    Ok(FingerprintKey::new(*bytes))
}

/// The newest receipt always stays: the chain goes on from it.
pub(in crate::journal) fn prune(
    transaction: &Transaction<'_>,
    scope: &Scope,
    keep: usize,
) -> Result<usize, Failure> {
    let Some(scope) = find_scope(transaction, scope)? else {
        return Ok(0);
    };
    let Some(last) = tail(transaction, scope.id)? else {
        return Ok(0);
    };
    let keep = i64::try_from(keep.max(1)).unwrap_or(i64::MAX);
    let oldest = last.number.saturating_sub(keep);
    Ok(transaction.execute(
        "DELETE FROM receipts WHERE scope = ?1 AND number <= ?2",
        (scope.id, oldest),
    )?)
}
