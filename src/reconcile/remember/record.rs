//! The receipts of one apply of one manifest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::accepted_facts;
use crate::journal::{
    Activated, AppliedAuthority, Authenticator, IntendedVar, Intent, IntentId, Journal,
    JournalError, Receipt, ReceiptOutcome, Scope, Settlement, VarAction, VarOutcome, VarReceipt,
};
use crate::model::{
    AuthorityFacts, CommitMessage, Completeness, Fingerprint, Fingerprinter, LastApplied, LiveVar,
    ManifestName, Sensitivity, TargetName, VarName,
};
use crate::plan::{ActionKind, Change, Glimpse, Plan, Reason};
use crate::reconcile::apply::{Completed, Ended, Intended, Record};
use crate::reconcile::event::OperationOutcome;

/// Who writes a receipt, when and from what.
#[derive(Debug, Clone)]
pub struct Author {
    /// User and machine.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// The commit, if the manifest came from one.
    pub revision: Option<String>,
}

/// Writes the receipts of one apply of one manifest.
pub struct JournalRecord<'a> {
    /// Where.
    pub journal: &'a mut dyn Journal,
    /// Of which manifest.
    pub scope: &'a Scope,
    /// Proves them.
    pub auth: &'a Authenticator,
    /// Makes the fingerprint of what was adopted.
    pub fingerprinter: Option<&'a Fingerprinter>,
    /// What the last applied revision may do.
    pub last_facts: Option<&'a AuthorityFacts>,
    /// What this revision may do.
    pub facts: &'a AuthorityFacts,
    /// Whether a person said yes to what this revision may do more on a target.
    pub consented: &'a dyn Fn(&TargetName) -> bool,
    /// Whether this revision's key is believed. If not, nothing of it counts as applied, or the next
    /// run would take a stranger's key for ours.
    pub key_accepted: bool,
    /// Whether former values are put back: then nothing of the manifest counts as applied.
    pub undoing: bool,
    /// Who.
    pub author: &'a Author,
    /// Open intents, by target.
    pub intents: BTreeMap<TargetName, IntentId>,
    /// What the journal had to say.
    pub notes: Vec<String>,
    /// Why nothing could be recorded, where there is no target to say it of.
    pub failure: Option<String>,
}

impl Record for JournalRecord<'_> {
    fn intend(&mut self, plan: &Plan, targets: &[Intended<'_>]) -> Result<(), String> {
        let writing: Vec<&Intended<'_>> = targets
            .iter()
            .filter(|target| target.changes.iter().any(|change| change.will_write()))
            .collect();
        let intents: Vec<Intent> = writing
            .iter()
            .map(|target| self.intent(plan, target))
            .collect();
        if intents.is_empty() {
            return Ok(());
        }
        let ids = self
            .journal
            .begin(self.scope, &intents)
            .map_err(|error| format!("cannot {error}"))?;
        self.intents = writing
            .iter()
            .map(|target| target.target.target.clone())
            .zip(ids)
            .collect();
        Ok(())
    }

    fn message(&self, plan: &Plan) -> String {
        let revision = self.author.revision.as_deref();
        CommitMessage {
            manifest: plan.manifest.clone(),
            plan: plan.id.short().to_owned(),
            revision: revision.map(|full| full.get(..12).unwrap_or(full).to_owned()),
            who: self.author.who.clone(),
        }
        .to_string()
    }

    fn receipts(
        &mut self,
        plan: &Plan,
        done: &[Completed<'_>],
    ) -> Result<Vec<Option<String>>, String> {
        let kept = self.keep(plan, done).map_err(|error| {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            format!("what was done could not be recorded: cannot {error}{cause}")
        });
        if done.is_empty() {
            self.failure = kept.as_ref().err().cloned();
        }
        kept
    }
}

impl JournalRecord<'_> {
    fn keep(
        &mut self,
        plan: &Plan,
        done: &[Completed<'_>],
    ) -> Result<Vec<Option<String>>, JournalError> {
        let (mut intents, mut written, mut recorded) = (vec![], vec![], vec![]);
        let doubts = self.doubts(done)?;
        for (place, target) in done.iter().enumerate() {
            let mut receipt = self.receipt(plan, target);
            if let Some(last) = doubts.get(&target.target.target) {
                forget_orphans(&mut receipt, target, &last.doubts);
            }
            match self.intents.remove(&target.target.target) {
                Some(intent) => {
                    written.push(place);
                    intents.push((intent, receipt));
                }
                // all of it went stale: there is nothing to tell
                None if receipt.vars.is_empty() && receipt.activated.is_none() => {}
                None => recorded.push((place, receipt)),
            }
        }
        let authority = self.authority(plan, done.is_empty());
        let receipts: Vec<(usize, Option<IntentId>, Receipt)> = (written.into_iter().zip(intents))
            .map(|(place, (intent, receipt))| (place, Some(intent), receipt))
            .chain((recorded.into_iter()).map(|(place, receipt)| (place, None, receipt)))
            .collect();
        let settlement = Settlement {
            receipts: (receipts.iter())
                .map(|(_, intent, receipt)| (*intent, receipt))
                .collect(),
            authority: authority.as_ref(),
            last: true,
        };
        let mut names: Vec<Option<String>> = vec![None; done.len()];
        // an apply that found nothing to do needs no journal that can be written
        if settlement.receipts.is_empty() && authority.is_none() {
            return Ok(names);
        }
        let kept = self.journal.settle(self.scope, &settlement, self.auth)?;
        for ((place, ..), id) in receipts.iter().zip(&kept.ids) {
            names[*place] = Some(id.0.to_string());
        }
        self.notes.extend(kept.notes);
        Ok(names)
    }

    /// What earlier applies left open on these targets.
    fn doubts(
        &self,
        done: &[Completed<'_>],
    ) -> Result<BTreeMap<TargetName, LastApplied>, JournalError> {
        if done.is_empty() {
            return Ok(BTreeMap::new());
        }
        let places: Vec<(TargetName, String)> = done
            .iter()
            .map(|done| (done.target.target.clone(), done.place.to_owned()))
            .collect();
        let known = self.journal.last_applied(self.scope, &places, self.auth)?;
        Ok(known.targets)
    }

    /// What counts as applied of this revision, where that is to be written down.
    fn authority(&self, plan: &Plan, idle: bool) -> Option<AppliedAuthority> {
        let facts = accepted_facts(plan, self.last_facts, self.facts, self.consented);
        if self.undoing || !self.key_accepted || idle && self.last_facts == Some(&facts) {
            return None;
        }
        Some(AppliedAuthority {
            facts,
            revision: self.author.revision.clone(),
            at: self.author.at,
        })
    }

    fn intent(&self, plan: &Plan, target: &Intended<'_>) -> Intent {
        Intent {
            manifest: plan.manifest.clone(),
            target: target.target.target.clone(),
            place: target.place.to_owned(),
            at: self.author.at,
            who: self.author.who.clone(),
            revision: self.author.revision.clone(),
            plan_id: plan.id.0.clone(),
            vars: target
                .changes
                .iter()
                .filter(|change| change.will_write())
                .map(|change| {
                    let intended = IntendedVar {
                        action: action(change),
                        before: glimpsed(&change.before),
                        after: glimpsed(&change.after),
                    };
                    (change.name.clone(), intended)
                })
                .collect(),
        }
    }

    fn receipt(&self, plan: &Plan, done: &Completed<'_>) -> Receipt {
        Receipt {
            manifest: ManifestName::clone(&plan.manifest),
            target: done.target.target.clone(),
            place: done.place.to_owned(),
            identity: done.identity.to_owned(),
            at: self.author.at,
            who: self.author.who.clone(),
            revision: self.author.revision.clone(),
            plan_id: plan.id.0.clone(),
            outcome: match outcome(done) {
                ReceiptOutcome::Applied if self.undoing => ReceiptOutcome::Undone,
                outcome => outcome,
            },
            vars: done
                .results
                .iter()
                .map(|ended| (ended.change.name.clone(), self.variable(done, ended)))
                .collect(),
            activated: activated(done),
        }
    }

    fn variable(&self, done: &Completed<'_>, ended: &Ended<'_>) -> VarReceipt {
        let change = ended.change;
        let wanted = done.desired.vars.get(&change.name);
        let sensitivity = wanted.map_or(Sensitivity::Secret, |variable| variable.sensitivity);
        VarReceipt {
            action: action(change),
            before: glimpsed(&change.before).or_else(|| self.live(done, &change.name)),
            after: self.after(done, change),
            sequence: change.sequence,
            declared: change.declared.clone(),
            sensitivity,
            platform_changed_at: changed_at(done, ended),
            dropped: done.dropped.contains(&change.name),
            outcome: match ended.outcome {
                OperationOutcome::Done | OperationOutcome::AlreadyDone if ended.verified => {
                    VarOutcome::Done
                }
                OperationOutcome::Refused(_) | OperationOutcome::NotDone(_) => VarOutcome::Refused,
                _ => VarOutcome::InDoubt,
            },
        }
    }

    /// What the target is known to hold afterwards.
    fn after(&self, done: &Completed<'_>, change: &Change) -> Option<Fingerprint> {
        if change.action == ActionKind::Delete {
            return None;
        }
        if change.reason == Reason::Adopted {
            return self.live(done, &change.name);
        }
        let variable = done.desired.vars.get(&change.name)?;
        let secret = variable.sensitivity == Sensitivity::Secret;
        if secret && !done.desired.key_trusted {
            return None;
        }
        let fingerprinter = self.fingerprinter?;
        Some(fingerprinter.fingerprint(&done.target.target, &change.name, &variable.value))
    }

    fn live(&self, done: &Completed<'_>, name: &VarName) -> Option<Fingerprint> {
        match done.before.vars.get(name)? {
            LiveVar::Value(value) if done.desired.key_trusted => Some(
                self.fingerprinter?
                    .fingerprint(&done.target.target, name, value),
            ),
            _ => None,
        }
    }
}

/// A name that an earlier apply may have written, that nobody wants any more and that a complete
/// read does not show: there is nothing left to doubt.
fn forget_orphans(receipt: &mut Receipt, done: &Completed<'_>, doubts: &BTreeSet<VarName>) {
    let live = done.after.unwrap_or(done.before);
    if live.completeness != Completeness::Complete {
        return;
    }
    for name in doubts {
        let wanted =
            done.desired.vars.contains_key(name) || done.desired.unknown.contains_key(name);
        if wanted || live.vars.contains_key(name) || receipt.vars.contains_key(name) {
            continue;
        }
        let found_absent = VarReceipt {
            action: VarAction::Delete,
            before: None,
            after: None,
            sequence: None,
            declared: None,
            sensitivity: Sensitivity::Secret,
            platform_changed_at: None,
            dropped: false,
            outcome: VarOutcome::Done,
        };
        receipt.vars.insert(name.clone(), found_absent);
    }
}

/// The platform's time stamp of a variable that nobody can read: the next plan compares it.
fn changed_at(done: &Completed<'_>, ended: &Ended<'_>) -> Option<Timestamp> {
    let live = done.after.filter(|_| ended.change.will_write());
    match live.unwrap_or(done.before).vars.get(&ended.change.name)? {
        LiveVar::Sealed { changed_at } => *changed_at,
        LiveVar::Value(_) | LiveVar::Unknown(_) => None,
    }
}

fn action(change: &Change) -> VarAction {
    match (change.action, change.reason) {
        (_, Reason::Adopted) => VarAction::Adopt,
        (ActionKind::Delete, _) => VarAction::Delete,
        (ActionKind::Create | ActionKind::Update, _) => VarAction::Set,
        // a record of a name that is neither wanted nor there is forgotten
        (ActionKind::Record | ActionKind::None, _) if change.before == Glimpse::Absent => {
            VarAction::Delete
        }
        (ActionKind::Record | ActionKind::None, _) => VarAction::Record,
    }
}

fn glimpsed(glimpse: &Glimpse) -> Option<Fingerprint> {
    match glimpse {
        Glimpse::Fingerprint(fingerprint) => Some(*fingerprint),
        Glimpse::Absent | Glimpse::Text(_) | Glimpse::Sealed | Glimpse::Unknown => None,
    }
}

fn activated(done: &Completed<'_>) -> Option<Activated> {
    let deploys = done.activated.map(|deploys| (Activated::DEPLOY, deploys));
    let (how, succeeded) = done.forced.or(deploys)?;
    Some(Activated {
        how: how.to_owned(),
        succeeded,
    })
}

fn outcome(done: &Completed<'_>) -> ReceiptOutcome {
    let doubtful = |ended: &Ended<'_>| {
        matches!(ended.outcome, OperationOutcome::InDoubt(_)) || !ended.verified
    };
    if !done.wrote {
        ReceiptOutcome::Recorded
    } else if done.results.iter().any(doubtful) {
        ReceiptOutcome::InDoubt
    } else if done.results.iter().all(|ended| ended.outcome.is_good()) {
        ReceiptOutcome::Applied
    } else {
        ReceiptOutcome::Partial
    }
}
