//! How long former values are kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::journal::{KeptRow, RowId};

/// Whether former values are kept at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// So long.
    For(Retention),
    /// Never, and what is kept goes.
    Off,
}

impl Default for Policy {
    fn default() -> Self {
        Self::For(Retention::default())
    }
}

/// How long they are kept; whichever ends first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Since the apply.
    pub age: SignedDuration,
    /// The newest receipts of each target.
    pub receipts: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            age: SignedDuration::from_hours(30 * 24),
            receipts: 50,
        }
    }
}

impl Policy {
    /// `off`, or a time in days or hours such as `7d` and `12h`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("off") {
            return Some(Self::Off);
        }
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let hours = match unit {
            "d" => 24,
            "h" => 1,
            _ => return None,
        };
        let number: u16 = number.parse().ok().filter(|number| *number > 0)?;
        Some(Self::For(Retention {
            age: SignedDuration::from_hours(i64::from(number) * hours),
            ..Retention::default()
        }))
    }
}

/// When a row goes, if its receipt is not older than others before that.
pub fn until(row: &KeptRow, retention: &Retention) -> Timestamp {
    row.at
        .saturating_add(retention.age)
        .unwrap_or(Timestamp::MAX)
}

/// The rows that are kept no longer at `now`.
pub fn expired(rows: &[KeptRow], now: Timestamp, retention: &Retention) -> Vec<RowId> {
    let mut receipts: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    for row in rows {
        let of_target = receipts
            .entry((row.target.as_str(), &row.place))
            .or_default();
        of_target.extend(row.receipt);
    }
    let oldest: BTreeMap<(&str, &str), u64> = receipts
        .into_iter()
        .filter_map(|(target, numbers)| {
            let mut newest = numbers.into_iter().rev();
            Some((target, newest.nth(retention.receipts.checked_sub(1)?)?))
        })
        .collect();
    let gone = |row: &&KeptRow| {
        let key = (row.target.as_str(), row.place.as_str());
        let pushed_out = (row.receipt)
            .zip(oldest.get(&key))
            .is_some_and(|(number, oldest)| number < *oldest);
        pushed_out || until(row, retention) < now
    };
    rows.iter().filter(gone).filter_map(|row| row.id).collect()
}
