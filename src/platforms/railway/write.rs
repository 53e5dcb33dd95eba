//! Writing the batches of one place: look once more, one patch, one commit.

use std::collections::BTreeSet;

use super::api::{Api, Deadline};
use super::commit::{Commit, Ended};
use super::live::Reading;
use super::patch::{Edit, Patch, ScopeId};
use super::platform::{Place, RailwayPlatform, address, nothing};
use super::read::{ids, told_drafts};
use super::resolve::Resolved;
use super::values::{self, Ids};
use crate::model::{Live, LiveVar, SecretValue, Target, VarName, is_provided_by_railway};
use crate::platforms::{Batch, BatchOutcome, Operation, Outcome};

impl RailwayPlatform {
    /// The batches of one place, in their order.
    pub(super) async fn write_place(&self, place: &Place, batches: &[&Batch]) -> Vec<BatchOutcome> {
        let refused = |why: &str| {
            batches
                .iter()
                .map(|batch| BatchOutcome::refused(batch, why, false))
                .collect()
        };
        let (api, limit) = match self.api() {
            Ok(api) => (api, api.deadline()),
            Err(error) => return refused(&error.reason),
        };
        let resolved = match self.last_seen(place) {
            Some(resolved) => resolved,
            None => match self.resolve(place, limit).await {
                Ok(resolved) => resolved,
                Err(error) => return refused(&error.reason),
            },
        };
        let ids = ids(&resolved);
        let turn = self.turn(&ids.environment);
        let _ours = turn.lock().await;
        let mut write = Write::new(&resolved, batches);
        write.find_scopes();
        write.check(api, &ids, limit).await;
        if write.patch.scopes.is_empty() {
            return write.outcomes(&Ended::Done);
        }
        let commit = Commit {
            api,
            auth: &resolved.auth,
            ids: &ids,
            message: batches.first().map_or("driftlock", |batch| &batch.message),
            drafts: write.drafts,
        };
        let ended = if batches.iter().all(|batch| batch.activate) {
            commit.and_deploy(&write.patch).await
        } else {
            commit.without_deploy(&write.patch).await
        };
        write.outcomes(&ended)
    }
}

/// The batches of one commit on their way.
struct Write<'a> {
    resolved: &'a Resolved,
    batches: &'a [&'a Batch],
    /// The scope of each batch, or how it ended before the commit.
    state: Vec<Result<ScopeId, BatchOutcome>>,
    patch: Patch,
    drafts: bool,
}

impl<'a> Write<'a> {
    fn new(resolved: &'a Resolved, batches: &'a [&'a Batch]) -> Self {
        Self {
            resolved,
            batches,
            state: vec![],
            patch: Patch::default(),
            drafts: false,
        }
    }

    fn find_scopes(&mut self) {
        let mut written: BTreeSet<(ScopeId, &VarName)> = BTreeSet::new();
        for batch in self.batches {
            let scope = scope_of(self.resolved, &batch.target)
                .map_err(|why| BatchOutcome::refused(batch, &why, false))
                .and_then(|scope| refused_operations(batch).map_or(Ok(scope), Err));
            let scope = scope.and_then(|scope| {
                let mut names = batch.operations.iter().map(Operation::name);
                match names.find(|name| !written.insert((scope.clone(), name))) {
                    None => Ok(scope),
                    Some(twice) => {
                        let why = format!("{twice} is to be written twice in one go");
                        Err(BatchOutcome::refused(batch, &why, false))
                    }
                }
            });
            self.state.push(scope);
        }
    }

    /// Reads once more: what moved since it was planned is left alone. Fills the patch with the rest.
    async fn check(&mut self, api: &Api, ids: &Ids, limit: Deadline) {
        let wanted: BTreeSet<ScopeId> = self.state.iter().flatten().cloned().collect();
        if wanted.is_empty() {
            return;
        }
        let fetched = values::fetch(api, &self.resolved.auth, ids, &wanted, limit).await;
        let drafts = told_drafts(self.resolved, &fetched.staged);
        self.drafts = !drafts.is_empty();
        for (batch, state) in self.batches.iter().zip(&mut self.state) {
            let Ok(scope) = state else { continue };
            let live = match fetched.scopes.get(scope) {
                Some(Ok(values)) => Reading::of(
                    &self.resolved.environment,
                    scope.clone(),
                    values.clone(),
                    drafts.clone(),
                )
                .live(),
                Some(Err(error)) => {
                    *state = Err(BatchOutcome::refused(batch, &error.reason, false));
                    continue;
                }
                None => {
                    *state = Err(BatchOutcome::refused(batch, &nothing().reason, false));
                    continue;
                }
            };
            if live.version != batch.expected {
                let why = "it changed in Railway since it was read";
                *state = Err(BatchOutcome::refused(batch, why, true));
                continue;
            }
            let edits = self.patch.scopes.entry(scope.clone()).or_default();
            for operation in &batch.operations {
                edits.insert(
                    operation.name().clone(),
                    edit(operation, &live, &batch.target),
                );
            }
        }
    }

    fn outcomes(self, ended: &Ended) -> Vec<BatchOutcome> {
        let state = self.state.into_iter();
        self.batches
            .iter()
            .zip(state)
            .map(|(batch, state)| match state {
                Err(outcome) => outcome,
                Ok(scope) => outcome(batch, &scope, ended),
            })
            .collect()
    }
}

fn outcome(batch: &Batch, scope: &ScopeId, ended: &Ended) -> BatchOutcome {
    let all = |one: Outcome| BatchOutcome::of(vec![one; batch.operations.len()]);
    match ended {
        Ended::Refused(why) => BatchOutcome::refused(batch, why, false),
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

/// What is sealed stays sealed, whatever the API would make of a plain write.
fn edit(operation: &Operation, live: &Live, target: &Target) -> Edit {
    match operation {
        Operation::Delete(_) => Edit::Delete,
        Operation::Set(name, value) => Edit::Set {
            value: value.clone(),
            seal: target.address.seals(name)
                || matches!(live.vars.get(name), Some(LiveVar::Sealed { .. })),
        },
    }
}

/// A batch is one commit: one operation that cannot be, and none is.
fn refused_operations(batch: &Batch) -> Option<BatchOutcome> {
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

/// The scope of a target in an environment that was listed before; why not, if it is not there.
fn scope_of(resolved: &Resolved, target: &Target) -> Result<ScopeId, String> {
    let Some(wanted) = &address(target).map_err(|error| error.reason)?.service else {
        return Ok(None);
    };
    match resolved.environment.service(wanted) {
        Ok(instance) => Ok(Some(instance.service_id.clone())),
        Err(_) => Err("its service is not there any more".to_owned()),
    }
}
