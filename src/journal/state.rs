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
    pub(super) key: KeyHint,
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

    /// For the planner. `open` are the names of intents that never got a receipt.
    pub(super) fn into_last_applied(
        self,
        open: Option<&BTreeSet<VarName>>,
        auth: &Authenticator,
    ) -> (LastApplied, BTreeSet<VarName>) {
        let comparable = self.vars.values().all(|var| auth.holds(&var.key));
        let vars = self
            .vars
            .into_iter()
            .map(|(name, var)| (name, var.recorded));
        let mut doubts = self.in_doubt;
        doubts.extend(open.into_iter().flatten().cloned());
        let last = LastApplied {
            recorded: self.recorded,
            vars: vars.collect(),
            comparable,
            identity: self.identity,
            at: Some(self.at),
            in_doubt: open.is_some() || !doubts.is_empty(),
            doubts: doubts.clone(),
            pending: self.pending,
            sequences: self.sequences,
        };
        (last, doubts)
    }
}
