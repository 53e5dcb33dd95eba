//! From receipts and kept values to what a run takes back, or why it cannot be taken back. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::retention::{Retention, until};
use super::sealing::{Former, NotOpened, open};
use super::{Back, FormerValue, GoingBack};
use crate::crypto::Envelope;
use crate::journal::{
    Authenticator, HistoryEntry, KeptRow, Proof, Receipt, VarAction, VarOutcome, VarReceipt,
};
use crate::model::{Recorded, TargetName, VarName};
use crate::reconcile::targets::Located;

/// What is asked, and everything that the answer depends on.
pub struct Question<'a> {
    /// The numbers of the receipts.
    pub wanted: &'a BTreeSet<u64>,
    /// All receipts of the manifest.
    pub entries: &'a [HistoryEntry],
    /// All that is kept of it here.
    pub rows: &'a [KeptRow],
    /// Its targets.
    pub located: &'a [Located],
    /// Verifies rows.
    pub auth: &'a Authenticator,
    /// Opens rows; `None` where the manifest has no recipients.
    pub envelope: Option<&'a Envelope>,
    /// This machine.
    pub machine: &'a str,
    /// The present moment.
    pub now: Timestamp,
    /// How long rows count.
    pub retention: Retention,
}

/// What can be taken back.
#[derive(Debug, Default)]
pub struct Answer {
    /// For the pass.
    pub back: GoingBack,
    /// What the receipts wrote and nobody can put back.
    pub as_is: Vec<LeftAsIs>,
    /// The commits that they came from.
    pub revisions: BTreeSet<String>,
}

/// A variable whose former value is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAsIs {
    /// Where.
    pub target: TargetName,
    /// Which.
    pub name: VarName,
    /// Why.
    pub why: String,
}

/// Why a receipt cannot be undone. Lower case, to follow "cannot".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not in the journal.
    #[error("undo receipt {0}: this manifest has no receipt of that number")]
    Unknown(u64),
    /// Not to be believed.
    #[error("undo receipt {0}: it does not verify, and what does not verify counts as no record")]
    NotVerified(u64),
    /// It wrote nothing.
    #[error("undo receipt {0}: nothing was written by it, so there is nothing to take back")]
    NothingWritten(u64),
    /// The manifest went on without its target.
    #[error("undo receipt {number}: the manifest has no target {target} any more")]
    NoTarget {
        /// The receipt.
        number: u64,
        /// Its target.
        target: TargetName,
    },
    /// Its target is another place now.
    #[error("undo receipt {number}: {target} was another place then")]
    Moved {
        /// The receipt.
        number: u64,
        /// Its target.
        target: TargetName,
    },
    /// Another machine applied it.
    #[error(
        "undo receipt {number} here: its former values are kept on the machine that applied it: {who}"
    )]
    OtherMachine {
        /// The receipt.
        number: u64,
        /// Who applied it, where.
        who: String,
    },
    /// Nothing is kept, or no longer.
    #[error("undo receipt {0}: its former values are not kept, or no longer")]
    NotKept(u64),
    /// Kept under another key.
    #[error(
        "undo receipt {0}: what it overwrote is sealed under another key of this manifest, and nothing can open it any more"
    )]
    OtherKey(u64),
    /// Somebody edited the file.
    #[error("undo receipt {0}: what is kept for it does not verify: somebody edited the undo file")]
    Forged(u64),
    /// Not one of its variables can be put back.
    #[error("undo receipt {number}: the former value of {name} is not kept: {why}")]
    NoValue {
        /// The receipt.
        number: u64,
        /// The first of its variables.
        name: VarName,
        /// Why.
        why: String,
    },
}

/// Puts together what these receipts go back to: of several about one variable, to what the oldest
/// of them found, from what the newest of them left.
pub fn assemble(question: &Question<'_>) -> Result<Answer, Refusal> {
    let mut answer = Answer::default();
    let mut runs = BTreeSet::new();
    for number in question.wanted {
        let entry = (question.entries.iter())
            .find(|entry| entry.id.0 == *number)
            .ok_or(Refusal::Unknown(*number))?;
        let receipt = believed(entry).ok_or(Refusal::NotVerified(*number))?;
        check_place(question, *number, receipt)?;
        let kept = kept(question, *number, receipt)?;
        take(&mut answer, *number, entry, receipt, kept)?;
        runs.insert((receipt.plan_id.as_str(), receipt.at));
        answer.revisions.extend(receipt.revision.clone());
    }
    answer.back.undo.companions = companions(question, &runs);
    answer.as_is.retain(|left| {
        let target = answer.back.targets.get(&left.target);
        !target.is_some_and(|names| names.contains_key(&left.name))
    });
    Ok(answer)
}

fn believed(entry: &HistoryEntry) -> Option<&Receipt> {
    (entry.receipt.as_ref()).filter(|_| entry.proof == Proof::Verified)
}

fn check_place(question: &Question<'_>, number: u64, receipt: &Receipt) -> Result<(), Refusal> {
    let target = receipt.target.clone();
    let located = (question.located.iter()).find(|located| located.target.name == target);
    match located {
        None => Err(Refusal::NoTarget { number, target }),
        Some(located) if located.target.place != receipt.place => {
            Err(Refusal::Moved { number, target })
        }
        Some(_) => Ok(()),
    }
}

/// What was kept for one receipt, by variable.
fn kept(
    question: &Question<'_>,
    number: u64,
    receipt: &Receipt,
) -> Result<BTreeMap<VarName, Former>, Refusal> {
    // the number alone says little: another journal counts from 1 too
    let belongs = |row: &&KeptRow| {
        row.receipt == Some(number)
            && row.plan_id == receipt.plan_id
            && row.at == receipt.at
            && row.target == receipt.target
            && row.place == receipt.place
    };
    let rows: Vec<&KeptRow> = question.rows.iter().filter(belongs).collect();
    let mut kept = BTreeMap::new();
    for row in &rows {
        if until(row, &question.retention) < question.now {
            continue;
        }
        let former = open(row, question.envelope, question.auth).map_err(|why| match why {
            NotOpened::OtherKey => Refusal::OtherKey(number),
            NotOpened::Forged => Refusal::Forged(number),
        })?;
        let told = receipt.vars.contains_key(&row.variable);
        if !told || kept.insert(row.variable.clone(), former).is_some() {
            return Err(Refusal::Forged(number));
        }
    }
    if !kept.is_empty() {
        return Ok(kept);
    }
    let elsewhere = receipt.who.rsplit_once('@');
    if !receipt.vars.values().any(was_written) {
        Err(Refusal::NothingWritten(number))
    } else if rows.is_empty() && elsewhere.is_some_and(|(_, on)| on != question.machine) {
        let who = receipt.who.clone();
        Err(Refusal::OtherMachine { number, who })
    } else {
        Err(Refusal::NotKept(number))
    }
}

fn was_written(var: &VarReceipt) -> bool {
    let wrote = match var.action {
        VarAction::Set => true,
        // as a record without a write it was found absent
        VarAction::Delete => var.before.is_some(),
        VarAction::Record | VarAction::Adopt => false,
    };
    wrote && var.outcome != VarOutcome::Refused
}

fn take(
    answer: &mut Answer,
    number: u64,
    entry: &HistoryEntry,
    receipt: &Receipt,
    mut kept: BTreeMap<VarName, Former>,
) -> Result<(), Refusal> {
    let target = &receipt.target;
    let mut any = false;
    let mut first: Option<(VarName, String)> = None;
    for (name, var) in &receipt.vars {
        let former = match kept.remove(name) {
            Some(Former::NotKept(why)) => Err(why),
            Some(Former::Absent) => Ok(None),
            Some(Former::Value(value, sensitivity)) => Ok(Some(FormerValue { value, sensitivity })),
            None if was_written(var) => Err("nothing of it is in the undo file".to_owned()),
            None => continue,
        };
        match former {
            Ok(former) => {
                any = true;
                insert(answer, number, entry, receipt, (name, var), former);
            }
            Err(why) => {
                first.get_or_insert((name.clone(), why.clone()));
                answer.as_is.push(LeftAsIs {
                    target: target.clone(),
                    name: name.clone(),
                    why,
                });
            }
        }
    }
    match first {
        Some((name, why)) if !any => Err(Refusal::NoValue { number, name, why }),
        _ => Ok(()),
    }
}

fn insert(
    answer: &mut Answer,
    number: u64,
    entry: &HistoryEntry,
    receipt: &Receipt,
    (name, var): (&VarName, &VarReceipt),
    former: Option<FormerValue>,
) {
    let target = &receipt.target;
    let left = var.after.map(|fingerprint| Recorded {
        fingerprint,
        sequence: var.sequence,
        sensitivity: var.sensitivity,
        at: entry.at,
        platform_changed_at: var.platform_changed_at,
        dropped: var.dropped,
    });
    let undo = answer.back.undo.targets.entry(target.clone()).or_default();
    undo.receipts.insert(number);
    let declared = undo.names.entry(name.clone()).or_default();
    if var.declared.is_some() {
        declared.clone_from(&var.declared);
    }
    let names = answer.back.targets.entry(target.clone()).or_default();
    match names.get_mut(name) {
        Some(back) => back.left = left,
        None => {
            names.insert(name.clone(), Back { former, left });
        }
    }
}

/// Receipts of the same runs, of other targets: a run has one plan and one time.
fn companions(
    question: &Question<'_>,
    runs: &BTreeSet<(&str, Timestamp)>,
) -> BTreeMap<TargetName, u64> {
    let others = question.entries.iter().filter_map(|entry| {
        let receipt = believed(entry)?;
        let same = runs.contains(&(receipt.plan_id.as_str(), receipt.at));
        (same && !question.wanted.contains(&entry.id.0))
            .then(|| (receipt.target.clone(), entry.id.0))
    });
    others.collect()
}
