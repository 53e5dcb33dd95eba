//! Writing the batches of one place: look once more, one patch, one commit.

use std::collections::BTreeSet;

use super::api::Api;
use super::commit::{Commit, Ended, is_left};
use super::live::Reading;
use super::outcomes::{STRANDED, outcome, refused_operations, unseen};
use super::patch::{Edit, Patch, ScopeId};
use super::place::{Place, address, nothing};
use super::platform::RailwayPlatform;
use super::read::{ids, told_drafts};
use super::resolve::Resolved;
use super::values::{self, Ids};
use crate::model::{Live, LiveVar, Target, VarName};
use crate::platforms::{Batch, BatchOutcome, Operation};

impl RailwayPlatform {
    /// The batches of one place, in their order.
    pub(super) async fn write_place(&self, place: &Place, batches: &[&Batch]) -> Vec<BatchOutcome> {
        let refused = |why: &str| {
            batches
                .iter()
                .map(|batch| BatchOutcome::refused(batch, why, false))
                .collect()
        };
        let api = match self.api() {
            Ok(api) => api,
            Err(error) => return refused(&error.reason),
        };
        let limit = api.deadline();
        let mut resolved = match self.last_seen(place) {
            Some(resolved) => resolved,
            None => match self.resolve(place, limit).await {
                Ok(resolved) => resolved,
                Err(error) => return refused(&error.reason),
            },
        };
        let ids = ids(&resolved);
        let turn = self.turn(&ids.environment);
        let _ours = turn.lock().await;
        let (mut left, mut tries) = (None, 0);
        loop {
            tries += 1;
            let mut write = Write::new(&resolved, batches);
            let ended = write.once(api, &ids, left.as_ref()).await;
            let Ended::NotYet { asked, staged, .. } = &ended else {
                return write.outcomes(&ended);
            };
            let pause = api.pace().wait_as_asked(*asked, tries);
            if !limit.allows(pause) {
                return write.outcomes(&ended);
            }
            if *staged {
                left = Some(std::mem::take(&mut write.patch));
            }
            tokio::time::sleep(pause).await;
            // a commit is never later than the look before it: the lists have the dates of what is
            // sealed
            resolved = match self.resolve(place, api.deadline()).await {
                Ok(resolved) => resolved,
                Err(error) => return write.outcomes(&unseen(&error.reason, left.is_some())),
            };
        }
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

    /// Looks, and commits what did not move. `left` is what an earlier try left among the drafts.
    async fn once(&mut self, api: &Api, ids: &Ids, left: Option<&Patch>) -> Ended {
        self.find_scopes();
        self.check(api, ids, left).await;
        if let Some(left) = left
            && !self.patch.includes(left)
        {
            self.reclaim(left);
            return Ended::InDoubt(format!(
                "it changed in Railway while our commit had to wait; {STRANDED}"
            ));
        }
        if self.patch.scopes.is_empty() {
            return Ended::Done;
        }
        let commit = Commit {
            api,
            auth: &self.resolved.auth,
            ids,
            message: self
                .batches
                .first()
                .map_or("driftlock", |batch| &batch.message),
            drafts: self.drafts,
        };
        if self.batches.iter().all(|batch| batch.activate) {
            commit.and_deploy(&self.patch).await
        } else {
            commit.without_deploy(&self.patch).await
        }
    }

    /// What is staged already is not simply refused any more.
    fn reclaim(&mut self, left: &Patch) {
        for (batch, state) in self.batches.iter().zip(&mut self.state) {
            let Ok(scope) = scope_of(self.resolved, &batch.target) else {
                continue;
            };
            let edits = left.scopes.get(&scope);
            let mut names = batch.operations.iter().map(Operation::name);
            if edits.is_some_and(|edits| names.all(|name| edits.contains_key(name))) {
                *state = Ok(scope);
            }
        }
    }

    /// Reads once more: what moved since it was planned is left alone. Fills the patch with the rest.
    async fn check(&mut self, api: &Api, ids: &Ids, left: Option<&Patch>) {
        let wanted: BTreeSet<ScopeId> = self.state.iter().flatten().cloned().collect();
        if wanted.is_empty() {
            return;
        }
        let (auth, limit) = (&self.resolved.auth, api.deadline());
        let fetched = values::fetch(api, auth, ids, &wanted, limit).await;
        let mut drafts = told_drafts(self.resolved, &fetched.staged);
        if let Some(left) = left
            && !drafts.is_empty()
            && is_left(api, auth, ids, left).await
        {
            drafts.clear();
        }
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
