//! How batches end: from the end of their commit, or because one is refused before anything is sent.

use super::commit::Ended;
use super::patch::ScopeId;
use crate::model::{SecretValue, VarName, is_provided_by_railway};
use crate::platforms::{Batch, BatchOutcome, Operation, Outcome};

/// Why nothing more is done where nobody can look.
pub(super) fn unseen(why: &str, staged: bool) -> Ended {
    if staged {
        Ended::InDoubt(format!("{why}; {STRANDED}"))
    } else {
        Ended::Refused(why.to_owned())
    }
}

/// Of edits that were staged and whose commit did not come about.
pub(super) const STRANDED: &str = "our edits were staged in Railway, and are in force if somebody deployed them: look at them in the dashboard";

pub(super) fn outcome(batch: &Batch, scope: &ScopeId, ended: &Ended) -> BatchOutcome {
    let all = |one: Outcome| BatchOutcome::of(vec![one; batch.operations.len()]);
    match ended {
        Ended::Refused(why) | Ended::NotYet { why, .. } => BatchOutcome::refused(batch, why, false),
        Ended::InDoubt(why) => all(Outcome::InDoubt(why.clone())),
        Ended::Unwatched(why) => {
            // it is on its way: what can be read will show it, and of the rest nobody knows
            let mut outcome = on_its_way(batch, scope, Outcome::InDoubt(why.clone()));
            outcome.notes.insert(0, why.clone());
            outcome
        }
        Ended::Done => on_its_way(batch, scope, Outcome::Done),
    }
}

/// Railway took it.
fn on_its_way(batch: &Batch, scope: &ScopeId, each: Outcome) -> BatchOutcome {
    let mut outcome = BatchOutcome::of(vec![each; batch.operations.len()]);
    if !batch.activate {
        outcome.activated = Some(false);
    } else if scope.is_some() {
        outcome.activated = Some(true);
    } else {
        outcome.notes.push(
            "Railway decides which services a shared variable deploys: those that refer to it"
                .to_owned(),
        );
    }
    outcome
}

/// A batch is one commit: one operation that cannot be, and none is.
pub(super) fn refused_operations(batch: &Batch) -> Option<BatchOutcome> {
    let refusals: Vec<Option<String>> = batch
        .operations
        .iter()
        .map(|operation| match operation {
            Operation::Set(name, value) => refusal(name, value),
            Operation::Delete(name) => refused_name(name),
        })
        .collect();
    let first = refusals.iter().flatten().next()?;
    let others = format!("written together with one that was refused: {first}");
    let outcomes = refusals
        .iter()
        .map(|refusal| Outcome::Refused(refusal.clone().unwrap_or_else(|| others.clone())));
    Some(BatchOutcome::of(outcomes.collect()))
}

fn refused_name(name: &VarName) -> Option<String> {
    is_provided_by_railway(name.as_str()).then(|| {
        format!(
            "Railway provides {name} by itself: what is set under that name would never be seen"
        )
    })
}

pub(super) fn refusal(name: &VarName, value: &SecretValue) -> Option<String> {
    let nul = || {
        let nul = value.expose().contains('\0');
        nul.then(|| "the value holds a NUL character, which no environment can".to_owned())
    };
    refused_name(name).or_else(nul)
}
