//! Whether all that this machine once saw of the journal is still there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction};

use crate::journal::alerts;
use crate::journal::sqlite::{Failure, rows};

/// What was seen of one scope, to tell whether it is all still there.
pub(super) struct Seen {
    folder: String,
    lineage: Vec<u8>,
    number: i64,
    hash: Option<[u8; 32]>,
    authority: Option<Timestamp>,
    alerts: Option<alerts::Edition>,
}

/// What there is of each scope now.
pub(super) fn of(transaction: &Transaction<'_>) -> Result<Vec<Seen>, Failure> {
    let mut query = transaction.prepare(
        "SELECT folders.name, id, lineage FROM scopes JOIN folders ON folders.scope = id",
    )?;
    let scopes: Vec<(String, i64, Vec<u8>)> = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    scopes
        .into_iter()
        .map(|(folder, id, lineage)| {
            let tail = rows::tail(transaction, id)?;
            Ok(Seen {
                folder,
                lineage,
                number: tail.as_ref().map_or(0, |tail| tail.number),
                hash: tail.as_ref().map(rows::ReceiptRow::hash),
                authority: authority_at(transaction, id)?,
                alerts: alerts::edition(transaction, id)?,
            })
        })
        .collect()
}

fn authority_at(transaction: &Transaction<'_>, scope: i64) -> Result<Option<Timestamp>, Failure> {
    let body: Option<String> = transaction
        .prepare_cached("SELECT body FROM authorities WHERE scope = ?1")?
        .query_row([scope], |row| row.get(0))
        .optional()?;
    #[derive(serde::Deserialize)]
    struct At {
        at: Timestamp,
    }
    Ok(body
        .and_then(|body| serde_json::from_str::<At>(&body).ok())
        .map(|body| body.at))
}

/// What was seen once and is not there any more, in words. A journal only ever grows, but for old
/// receipts that were pruned.
pub(super) fn missing(
    transaction: &Transaction<'_>,
    seen: &[Seen],
) -> Result<Option<String>, Failure> {
    let mut now: BTreeMap<String, (i64, Vec<u8>)> = BTreeMap::new();
    let mut query = transaction.prepare(
        "SELECT folders.name, id, lineage FROM scopes JOIN folders ON folders.scope = id",
    )?;
    let mut found = query.query([])?;
    while let Some(row) = found.next()? {
        now.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
    }
    for one in seen {
        let name = one.folder.rsplit_once('-').map_or("", |(name, _)| name);
        let Some((id, lineage)) = now.get(&one.folder) else {
            return Ok(Some(format!("all records of {name} are gone from it")));
        };
        if *lineage != one.lineage {
            return Ok(Some(format!("the records of {name} were begun anew")));
        }
        if let Some(what) = missing_receipts(transaction, *id, one, name)? {
            return Ok(Some(what));
        }
        let authority = authority_at(transaction, *id)?;
        if one.authority.is_some() && authority < one.authority {
            return Ok(Some(format!(
                "what it says of the last applied revision of {name} is older than what this machine saw"
            )));
        }
        let alerts = alerts::edition(transaction, *id)?;
        if let (Some(seen), Some(now)) = (&one.alerts, &alerts)
            && now.is_before(seen)
        {
            return Ok(Some(format!(
                "the alerts of {name} are older than what this machine saw: they were set back"
            )));
        }
    }
    Ok(None)
}

fn missing_receipts(
    transaction: &Transaction<'_>,
    id: i64,
    seen: &Seen,
    name: &str,
) -> Result<Option<String>, Failure> {
    let number = seen.number;
    let columns = rows::ReceiptRow::COLUMNS;
    let same: Option<rows::ReceiptRow> = transaction
        .prepare_cached(&format!(
            "SELECT {columns} FROM receipts WHERE scope = ?1 AND number = ?2"
        ))?
        .query_row((id, number), rows::ReceiptRow::from_row)
        .optional()?;
    if same.as_ref().map(rows::ReceiptRow::hash) == seen.hash {
        return Ok(None);
    }
    let tail = rows::tail(transaction, id)?;
    let newest = tail.map_or(0, |tail| tail.number);
    Ok(match same {
        Some(_) => Some(format!(
            "receipt {number} of {name} is another one than this machine saw"
        )),
        None if newest < number => Some(format!(
            "this machine saw receipt {number} of {name}, and the newest there is {newest}: it was set back"
        )),
        // pruned since
        None => None,
    })
}
