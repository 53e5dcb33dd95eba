//! The current records of one target, carried from receipt to receipt, so that a plan need not
//! replay them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::auth::{Authenticator, KeyHint};
use super::receipt::{Receipt, VarAction, VarOutcome, VarReceipt};
use crate::model::{LastApplied, Recorded, VarName};

/// Kept as JSON, proved as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The receipt that made it so: an older row put back is noticed.
    pub(super) number: u64,
    /// Whether anything was ever settled: an apply that was refused as a whole makes no target ours.
    pub(super) recorded: bool,
    pub(super) identity: String,
    pub(super) at: Timestamp,
    pub(super) vars: BTreeMap<VarName, KeptVar>,
    pub(super) in_doubt: BTreeSet<VarName>,
    pub(super) sequences: BTreeMap<VarName, u64>,
    /// Since when what is stored was not put in force by our own activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<Timestamp>,
}

/// A fingerprint and the key it was made under: without that key it cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptVar {
    pub(super) recorded: Recorded,
    #[serde(with = "hint")]
    pub(super) key: KeyHint,
}

/// Hex, which is cheap to read: there is one for each variable of a plan. Older journals hold a
/// list of eight numbers.
mod hint {
    use std::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    use super::KeyHint;

    pub(super) fn serialize<S: Serializer>(hint: &KeyHint, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:016x}", u64::from_be_bytes(*hint)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<KeyHint, D::Error> {
        from.deserialize_any(Hint)
    }

    struct Hint;

    impl<'de> Visitor<'de> for Hint {
        type Value = KeyHint;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("16 hex digits")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<KeyHint, E> {
            let number = u64::from_str_radix(text, 16).map_err(|_| E::custom("not hex digits"))?;
            Ok(number.to_be_bytes())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<KeyHint, A::Error> {
            let mut hint = KeyHint::default();
            for byte in &mut hint {
                *byte = list
                    .next_element()?
                    .ok_or_else(|| A::Error::custom("too short"))?;
            }
            Ok(hint)
        }
    }
}

impl State {
    pub(super) const fn new(at: Timestamp) -> Self {
        Self {
            number: 0,
            recorded: false,
            identity: String::new(),
            at,
            vars: BTreeMap::new(),
            in_doubt: BTreeSet::new(),
            sequences: BTreeMap::new(),
            pending: None,
        }
    }

    /// After one more receipt, at the time it is ordered under.
    pub(super) fn follow(&mut self, number: u64, receipt: &Receipt, at: Timestamp, key: KeyHint) {
        self.number = number;
        self.identity.clone_from(&receipt.identity);
        self.at = at;
        if let Some(activated) = receipt.activated.as_ref().filter(|one| !one.is_deploy()) {
            self.pending = match activated.succeeded {
                true => None,
                false => self.pending.or(Some(at)),
            };
        }
        for (name, var) in &receipt.vars {
            match var.outcome {
                VarOutcome::Done => self.settle(name, var, at, key),
                // What was recorded before still holds.
                VarOutcome::Refused => {}
                VarOutcome::InDoubt => {
                    self.in_doubt.insert(name.clone());
                }
            }
        }
    }

    fn settle(&mut self, name: &VarName, var: &VarReceipt, at: Timestamp, key: KeyHint) {
        self.recorded = true;
        self.in_doubt.remove(name);
        if let (Some(declared), Some(sequence)) = (&var.declared, var.sequence) {
            let highest = self.sequences.entry(declared.clone()).or_default();
            *highest = sequence.max(*highest);
        }
        match (var.action, var.after) {
            (VarAction::Set | VarAction::Record | VarAction::Adopt, Some(fingerprint)) => {
                let recorded = Recorded {
                    fingerprint,
                    sequence: var.sequence,
                    sensitivity: var.sensitivity,
                    at,
                    platform_changed_at: var.platform_changed_at,
                    dropped: var.dropped,
                };
                self.vars.insert(name.clone(), KeptVar { recorded, key });
            }
            // Deleted, or written without a fingerprint: the old record is wrong now.
            (VarAction::Delete, _) | (_, None) => {
                self.vars.remove(name);
            }
        }
    }

    /// For the planner.
    pub(super) fn into_last_applied(self, auth: &Authenticator) -> LastApplied {
        let comparable = self.vars.values().all(|var| auth.holds(&var.key));
        let vars = self
            .vars
            .into_iter()
            .map(|(name, var)| (name, var.recorded));
        LastApplied {
            recorded: self.recorded,
            vars: vars.collect(),
            comparable,
            identity: self.identity,
            at: Some(self.at),
            in_doubt: !self.in_doubt.is_empty(),
            doubts: self.in_doubt,
            pending: self.pending,
            sequences: self.sequences,
            claimed_by: None,
        }
    }
}

#[cfg(test)]
mod tests {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Kept(#[serde(with = "super::hint")] super::KeyHint);

    #[test]
    fn the_key_of_an_older_journal_is_read_and_written_as_hex() {
        for text in ["[0,1,2,3,4,5,6,255]", "\"00010203040506ff\""] {
            let kept: Kept = serde_json::from_str(text).unwrap();
            assert_eq!(kept.0, [0, 1, 2, 3, 4, 5, 6, 255]);
            assert_eq!(
                serde_json::to_string(&kept).unwrap(),
                "\"00010203040506ff\""
            );
        }
        for bad in ["[0,1]", "\"xyz\"", "[0,1,2,3,4,5,6,7,8]", "7"] {
            assert!(serde_json::from_str::<Kept>(bad).is_err(), "{bad}");
        }
    }
}
