//! Between a pass and the journal: what was last applied, and the receipts of an apply.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::apply::{Completed, Ended, Intended, Record};
use super::event::OperationOutcome;
use super::pass::Memory;
use super::targets::Located;
use crate::journal::{
    AppliedAuthority, Authenticator, IntendedVar, Intent, IntentId, Journal, JournalError, Kept,
    Receipt, ReceiptOutcome, Remembered, Scope, VarAction, VarOutcome, VarReceipt,
};
use crate::model::{
    AuthorityFacts, Fingerprint, Fingerprinter, LiveVar, ManifestName, Sensitivity, TargetName,
    VarName,
};
use crate::plan::{ActionKind, Change, Glimpse, Plan, Reason};

/// Reads what the journal knows of these targets.
pub fn recall(
    journal: &dyn Journal,
    scope: &Scope,
    located: &[Located],
    auth: &Authenticator,
) -> Result<Memory, JournalError> {
    let places: Vec<(TargetName, String)> = located
        .iter()
        .map(|located| (located.target.name.clone(), located.target.place.clone()))
        .collect();
    let recollection = journal.last_applied(scope, &places, auth)?;
    let mut notes = journal.notes();
    if recollection.unverified > 0 {
        notes.push(format!(
            "{} of the journal's records do not verify and count as none",
            recollection.unverified
        ));
    }
    let (authority, key_unknown) = match journal.authority(scope, auth)? {
        Remembered::Nothing => (None, false),
        Remembered::Known(applied) => (Some(applied.facts), false),
        // records were made under a key that this manifest's header no longer leads to
        Remembered::OtherKey => (None, true),
        Remembered::Unverified => {
            notes.push(
                "the journal's record of the last applied revision does not verify".to_owned(),
            );
            (None, true)
        }
    };
    Ok(Memory {
        last: recollection.targets,
        authority,
        key_unknown,
        notes,
    })
}

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
    /// Whether this revision's key is believed. If not, nothing of it counts as applied, or the next
    /// run would take a stranger's key for ours.
    pub key_accepted: bool,
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
        for (place, target) in done.iter().enumerate() {
            let receipt = self.receipt(plan, target);
            match self.intents.remove(&target.target.target) {
                Some(intent) => {
                    written.push(place);
                    intents.push((intent, receipt));
                }
                // all of it went stale: there is nothing to tell
                None if receipt.vars.is_empty() => {}
                None => recorded.push((place, receipt)),
            }
        }
        let mut names: Vec<Option<String>> = vec![None; done.len()];
        if !intents.is_empty() {
            let kept = self.journal.finish(self.scope, &intents, self.auth)?;
            name(&mut names, written, &kept);
            self.notes.extend(kept.notes);
        }
        if !recorded.is_empty() {
            let (places, receipts): (Vec<usize>, Vec<Receipt>) = recorded.into_iter().unzip();
            let kept = self.journal.record(self.scope, &receipts, self.auth)?;
            name(&mut names, places, &kept);
            self.notes.extend(kept.notes);
        }
        self.keep_facts(plan, done.is_empty())?;
        Ok(names)
    }

    fn keep_facts(&mut self, plan: &Plan, idle: bool) -> Result<(), JournalError> {
        let facts = accepted_facts(plan, self.last_facts, self.facts);
        // an apply that found nothing to do needs no journal that can be written
        if !self.key_accepted || idle && self.last_facts == Some(&facts) {
            return Ok(());
        }
        let applied = AppliedAuthority {
            facts,
            revision: self.author.revision.clone(),
            at: self.author.at,
        };
        self.journal.set_authority(self.scope, &applied, self.auth)
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
            outcome: outcome(done),
            vars: done
                .results
                .iter()
                .map(|ended| (ended.change.name.clone(), self.variable(done, ended)))
                .collect(),
            activated: None,
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
            platform_changed_at: None,
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

/// Puts the receipts' numbers at the places of their targets.
fn name(names: &mut [Option<String>], places: Vec<usize>, kept: &Kept) {
    for (place, id) in places.into_iter().zip(&kept.ids) {
        names[place] = Some(id.0.to_string());
    }
}

/// What counts as applied from now on: of this revision what nothing held, of the former one the
/// rest. A widening that was held stays visible until somebody lets it go.
pub fn accepted_facts(
    plan: &Plan,
    last: Option<&AuthorityFacts>,
    present: &AuthorityFacts,
) -> AuthorityFacts {
    // whoever applies first approves the whole manifest, also by applying a part of it
    let Some(last) = last else {
        return present.clone();
    };
    let mut waiting = plan.targets.iter().flat_map(|target| &target.changes);
    let mut facts = if waiting.any(is_held_by_authority) {
        last.clone()
    } else {
        AuthorityFacts {
            targets: BTreeMap::new(),
            ..present.clone()
        }
    };
    for target in &plan.targets {
        let waits = target.changes.iter().any(is_held_by_authority);
        let source = if waits { last } else { present };
        match source.targets.get(&target.target) {
            Some(of_target) => {
                facts
                    .targets
                    .insert(target.target.clone(), of_target.clone());
            }
            None => {
                facts.targets.remove(&target.target);
            }
        }
    }
    facts
}

/// Held because nobody let the widening go, or left out of this run.
fn is_held_by_authority(change: &Change) -> bool {
    change
        .holds
        .iter()
        .any(|hold| matches!(hold.rail.as_str(), "authority" | "not-selected"))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{PlatformKind, Rails, TargetFacts};
    use crate::plan::{Class, Hold, PlanId, TargetPlan, TargetState};

    fn facts(recipient: &str, destination: &str) -> AuthorityFacts {
        let target = |destination: &str| TargetFacts {
            destination: destination.to_owned(),
            format: None,
            secrets: BTreeSet::new(),
            protected: BTreeSet::new(),
            prune: false,
            rails: Rails::default(),
        };
        AuthorityFacts {
            recipients: BTreeSet::from([recipient.to_owned()]),
            targets: BTreeMap::from([
                ("a".parse().unwrap(), target(destination)),
                ("b".parse().unwrap(), target(destination)),
            ]),
            ..AuthorityFacts::default()
        }
    }

    fn plan(held: &[&str]) -> Plan {
        let target = |name: &str| TargetPlan {
            target: name.parse().unwrap(),
            platform: PlatformKind::Memory,
            address: String::new(),
            format: None,
            state: TargetState::Read,
            recorded: true,
            changes: vec![Change {
                name: "V".parse().unwrap(),
                declared: None,
                class: Class::Change,
                reason: Reason::DesiredMoved,
                action: ActionKind::Update,
                before: Glimpse::Sealed,
                after: Glimpse::Sealed,
                sequence: None,
                holds: held
                    .contains(&name)
                    .then(|| Hold {
                        rail: "authority".to_owned(),
                        why: String::new(),
                        release: None,
                    })
                    .into_iter()
                    .collect(),
                detail: None,
            }],
            unmanaged: 0,
            notes: vec![],
        };
        Plan {
            manifest: "m".parse().unwrap(),
            key_id: None,
            id: PlanId(String::new()),
            authority: vec![],
            targets: vec![target("a"), target("b")],
        }
    }

    #[test]
    fn what_was_held_is_not_accepted() {
        let (last, present) = (facts("old", "there"), facts("new", "here"));
        let accepted = accepted_facts(&plan(&["b"]), Some(&last), &present);
        assert_eq!(accepted.targets["a"].destination, "here");
        assert_eq!(accepted.targets["b"].destination, "there");
        assert_eq!(accepted.recipients, last.recipients);
    }

    #[test]
    fn what_nothing_held_is_accepted_whole() {
        let (last, present) = (facts("old", "there"), facts("new", "here"));
        assert_eq!(accepted_facts(&plan(&[]), Some(&last), &present), present);
        assert_eq!(accepted_facts(&plan(&[]), None, &present), present);
    }

    #[test]
    fn whoever_applies_first_approves_the_whole_manifest() {
        let present = facts("new", "here");
        assert_eq!(accepted_facts(&plan(&["b"]), None, &present), present);
    }
}
