//! Reading. What does not verify counts as not there, and is counted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::Failure;
use super::rows::{AUTHORITY, OBSERVATION, ReceiptRow, STATE, ScopeRow, Sealed, bytes, find_scope};
use crate::journal::auth::{Authenticator, Verdict};
use crate::journal::state::State;
use crate::journal::{
    AppliedAuthority, HistoryEntry, HistoryFilter, Intent, Observation, Observations, Proof,
    Receipt, ReceiptId, Recollection, Remembered, Scope,
};
use crate::model::{AuthorityFacts, FingerprintKey, LastApplied, TargetName, VarName};

/// Names of variables that an apply began with and never settled, by place and target.
type Doubts = BTreeMap<(String, String), BTreeSet<VarName>>;

/// The answer where nothing was ever recorded.
pub(in crate::journal) fn nothing(targets: &[(TargetName, String)]) -> Recollection {
    Recollection {
        targets: targets
            .iter()
            .map(|(name, _)| (name.clone(), never()))
            .collect(),
        ..Recollection::default()
    }
}

fn never() -> LastApplied {
    LastApplied {
        comparable: true,
        ..LastApplied::default()
    }
}

pub(in crate::journal) fn last_applied(
    connection: &Connection,
    scope: &Scope,
    targets: &[(TargetName, String)],
    auth: &Authenticator,
) -> Result<Recollection, Failure> {
    let mut answer = nothing(targets);
    let found = find_scope(connection, scope)?;
    let others = claims(connection, found.as_ref(), targets)?;
    let Some(scope) = found else {
        for (name, place) in targets {
            let claimed = others.get(place.as_str());
            if let (Some(last), Some((by, _))) = (answer.targets.get_mut(name), claimed) {
                last.claimed_by = Some(by.clone());
            }
        }
        return Ok(answer);
    };
    let open = open_intents(connection, scope.id)?;
    for (name, place) in targets {
        let found = find_state(connection, &scope, place, name.as_str(), auth)?;
        let open = open.get(&(place.clone(), name.as_str().to_owned()));
        let mut last = match found {
            Ok(Some(state)) => state.into_last_applied(auth),
            Ok(None) | Err(Verdict::Genuine | Verdict::Forged) => {
                answer.unverified += usize::from(found.is_err());
                never()
            }
            // There is a record, and nothing in it can be believed or denied.
            Err(Verdict::OtherKey) => LastApplied {
                recorded: true,
                comparable: false,
                ..never()
            },
        };
        // intents that never got a receipt
        last.in_doubt |= open.is_some();
        last.doubts.extend(open.into_iter().flatten().cloned());
        let claimed = others.get(place.as_str());
        let since = claimed.filter(|(_, at)| last.at.is_none_or(|ours| ours < *at));
        last.claimed_by = since.map(|(by, _)| by.clone());
        answer.targets.insert(name.clone(), last);
    }
    Ok(answer)
}

/// The places that other manifests applied to, by which of them, and when last. Their proofs are made
/// under keys of their own, so this is only good for a warning.
fn claims(
    connection: &Connection,
    scope: Option<&ScopeRow>,
    targets: &[(TargetName, String)],
) -> Result<BTreeMap<String, (String, Timestamp)>, Failure> {
    let places: BTreeSet<&str> = targets.iter().map(|(_, place)| place.as_str()).collect();
    let mut claims: BTreeMap<String, (String, Timestamp)> = BTreeMap::new();
    let own = scope.map_or(0, |scope| scope.id);
    // from the index alone: most journals have one manifest, and no two share a place
    let mut query =
        connection.prepare_cached("SELECT rowid, place FROM states WHERE scope <> ?1")?;
    let mut rows = query.query([own])?;
    while let Some(row) = rows.next()? {
        let place: String = row.get(1)?;
        if !places.contains(place.as_str()) {
            continue;
        }
        let (by, body): (String, String) = connection
            .prepare_cached(
                "SELECT name, body FROM states JOIN scopes ON scopes.id = scope
                 WHERE states.rowid = ?1",
            )?
            .query_row([row.get::<_, i64>(0)?], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let Ok(state) = serde_json::from_str::<State>(&body) else {
            continue;
        };
        let newer = claims.get(&place).is_none_or(|(_, at)| *at < state.at);
        if state.recorded && !state.vars.is_empty() && newer {
            claims.insert(place, (by, state.at));
        }
    }
    Ok(claims)
}

/// The state of one target: there, not there, or not to be believed.
pub(in crate::journal) fn find_state(
    connection: &Connection,
    scope: &ScopeRow,
    place: &str,
    target: &str,
    auth: &Authenticator,
) -> Result<Result<Option<State>, Verdict>, Failure> {
    let mut query = connection.prepare_cached(
        "SELECT body, key, mac,
            (SELECT max(number) FROM receipts
             WHERE scope = ?1 AND place = ?2 AND target = ?3)
         FROM states WHERE scope = ?1 AND place = ?2 AND target = ?3",
    )?;
    let mut rows = query.query((scope.id, place, target))?;
    let Some(row) = rows.next()? else {
        return Ok(Ok(None));
    };
    let newest: Option<i64> = row.get(3)?;
    let context: [&[u8]; 3] = [&scope.lineage, place.as_bytes(), target.as_bytes()];
    let state = Sealed::from_row(row, 0)?.open::<State>(auth, STATE, &context);
    Ok(match state {
        // Genuine, but an older one that somebody put back.
        Ok(state) if newest.is_some_and(|newest| newest.cast_unsigned() > state.number) => {
            Err(Verdict::Forged)
        }
        Ok(state) => Ok(Some(state)),
        Err(verdict) => Err(verdict),
    })
}

fn open_intents(connection: &Connection, scope: i64) -> Result<Doubts, Failure> {
    let mut query =
        connection.prepare_cached("SELECT place, target, body FROM intents WHERE scope = ?1")?;
    let mut rows = query.query([scope])?;
    let mut doubts = Doubts::new();
    while let Some(row) = rows.next()? {
        let names = doubts.entry((row.get(0)?, row.get(1)?)).or_default();
        names.extend(names_of(&bytes(row, 2)?));
    }
    Ok(doubts)
}

/// The variables of a stored intent; none if it cannot be read, which still leaves its target in
/// doubt.
pub(in crate::journal) fn names_of(body: &[u8]) -> impl Iterator<Item = VarName> + use<> {
    serde_json::from_slice::<Intent>(body)
        .ok()
        .into_iter()
        .flat_map(|intent| intent.vars.into_keys())
}

pub(in crate::journal) fn history(
    connection: &Connection,
    scope: &Scope,
    filter: &HistoryFilter,
    auth: &Authenticator,
) -> Result<Vec<HistoryEntry>, Failure> {
    let Some(scope) = find_scope(connection, scope)? else {
        return Ok(Vec::new());
    };
    let columns = ReceiptRow::COLUMNS;
    let mut query = connection.prepare_cached(&format!(
        "SELECT {columns} FROM receipts WHERE scope = ?1 ORDER BY number DESC"
    ))?;
    let mut rows = query.query_map([scope.id], ReceiptRow::from_row)?;
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut entries = Vec::new();
    let mut next = rows.next().transpose()?;
    while entries.len() < limit
        && let Some(row) = next
    {
        let before = rows.next().transpose()?;
        entries.extend(entry(&row, before.as_ref(), &scope, filter, auth));
        next = before;
    }
    Ok(entries)
}

fn entry(
    row: &ReceiptRow,
    before: Option<&ReceiptRow>,
    scope: &ScopeRow,
    filter: &HistoryFilter,
    auth: &Authenticator,
) -> Option<HistoryEntry> {
    if let Some(target) = &filter.target
        && row.target != target.as_str().as_bytes()
    {
        return None;
    }
    let receipt: Option<Receipt> = serde_json::from_slice(&row.sealed.body).ok();
    if let Some(variable) = &filter.variable
        && !receipt
            .as_ref()
            .is_some_and(|receipt| touches(receipt, variable))
    {
        return None;
    }
    let at: Option<Timestamp> = std::str::from_utf8(&row.at)
        .ok()
        .and_then(|at| at.parse().ok());
    let proof = match row.verify(auth, scope) {
        _ if receipt.is_none() || at.is_none() => Proof::Forged,
        Verdict::OtherKey => Proof::OtherKey,
        Verdict::Forged => Proof::Forged,
        Verdict::Genuine if follows(row, before) => Proof::Verified,
        Verdict::Genuine => Proof::ChainBroken,
    };
    Some(HistoryEntry {
        id: ReceiptId(row.number.cast_unsigned()),
        at: at.unwrap_or_default(),
        receipt,
        proof,
    })
}

fn touches(receipt: &Receipt, variable: &VarName) -> bool {
    receipt.vars.contains_key(variable)
        || receipt
            .vars
            .values()
            .any(|var| var.declared.as_ref() == Some(variable))
}

/// Whether `before` is what `row` was chained to. The oldest row that is left has nothing before
/// it: the rest was pruned.
fn follows(row: &ReceiptRow, before: Option<&ReceiptRow>) -> bool {
    before.is_none_or(|before| before.number + 1 == row.number && row.prev == before.hash())
}

pub(in crate::journal) fn observations(
    connection: &Connection,
    scope: &Scope,
    auth: &Authenticator,
) -> Result<Observations, Failure> {
    let mut found = Observations::default();
    let Some(scope) = find_scope(connection, scope)? else {
        return Ok(found);
    };
    let mut query = connection
        .prepare_cached("SELECT body, key, mac, target FROM observations WHERE scope = ?1")?;
    let mut rows = query.query([scope.id])?;
    while let Some(row) = rows.next()? {
        let opened =
            Sealed::from_row(row, 0)?.open::<Observation>(auth, OBSERVATION, &[&scope.lineage]);
        match opened {
            Ok(seen) => found.known.push(seen),
            Err(Verdict::OtherKey) => {
                let name: Option<TargetName> = std::str::from_utf8(&bytes(row, 3)?)
                    .ok()
                    .and_then(|name| name.parse().ok());
                found.other_key.extend(name);
            }
            Err(Verdict::Genuine | Verdict::Forged) => {}
        }
    }
    Ok(found)
}

/// The stored form of [`AppliedAuthority`].
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::journal) struct StoredAuthority {
    pub(in crate::journal) facts: AuthorityFacts,
    pub(in crate::journal) revision: Option<String>,
    pub(in crate::journal) at: Timestamp,
}

pub(in crate::journal) fn authority(
    connection: &Connection,
    scope: &Scope,
    auth: &Authenticator,
) -> Result<Remembered<AppliedAuthority>, Failure> {
    let Some(scope) = find_scope(connection, scope)? else {
        return Ok(Remembered::Nothing);
    };
    let mut query =
        connection.prepare_cached("SELECT body, key, mac FROM authorities WHERE scope = ?1")?;
    let mut rows = query.query([scope.id])?;
    let Some(row) = rows.next()? else {
        return Ok(Remembered::Nothing);
    };
    let opened =
        Sealed::from_row(row, 0)?.open::<StoredAuthority>(auth, AUTHORITY, &[&scope.lineage]);
    Ok(match opened {
        Ok(stored) => Remembered::Known(AppliedAuthority {
            facts: stored.facts,
            revision: stored.revision,
            at: stored.at,
        }),
        Err(Verdict::OtherKey) => Remembered::OtherKey,
        Err(Verdict::Genuine | Verdict::Forged) => Remembered::Unverified,
    })
}

pub(in crate::journal) fn has_applied(connection: &Connection) -> Result<bool, Failure> {
    let mut query = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM authorities)")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

pub(in crate::journal) fn local_key(
    connection: &Connection,
    scope: &Scope,
) -> Result<Option<FingerprintKey>, Failure> {
    Ok(find_scope(connection, scope)?.and_then(|scope| scope.local_key))
}
