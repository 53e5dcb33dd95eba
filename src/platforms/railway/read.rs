//! Reading the targets of one place: list the environment, fetch the values, say what it means.

use std::collections::{BTreeMap, BTreeSet};

use super::api::Deadline;
use super::drafts;
use super::live::Reading;
use super::patch::ScopeId;
use super::place::{Place, address, nothing, twins};
use super::platform::RailwayPlatform;
use super::resolve::{self, Resolved};
use super::values::{self, Ids};
use super::wire::Staged;
use crate::model::{Live, Target};
use crate::platforms::ReadError;

impl RailwayPlatform {
    /// The targets of one place, in their order.
    pub(super) async fn read_place(
        &self,
        place: &Place,
        targets: &[&Target],
    ) -> Vec<Result<Live, ReadError>> {
        let failed = |error: ReadError| targets.iter().map(|_| Err(error.clone())).collect();
        let (api, limit) = match self.api() {
            Ok(api) => (api, api.reading_deadline()),
            Err(error) => return failed(error),
        };
        let resolved = match self.resolve(place, limit).await {
            Ok(resolved) => resolved,
            Err(error) => return failed(error),
        };
        let scopes = self.scopes(&resolved, targets, limit).await;
        let wanted: BTreeSet<ScopeId> = scopes.iter().flatten().cloned().collect();
        if wanted.is_empty() {
            return scopes
                .into_iter()
                .map(|scope| Err(scope.err().unwrap_or_else(nothing)))
                .collect();
        }
        let mut fetched = values::fetch(api, &resolved.auth, &ids(&resolved), &wanted, limit).await;
        let drafts = told_drafts(&resolved, &fetched.staged);
        let budget = api.budget(&resolved.auth.token);
        // said once: it is the token's, not the target's
        let mut budget = budget.and_then(|budget| budget.note());
        targets
            .iter()
            .zip(scopes)
            .map(|(target, scope)| {
                let scope = scope?;
                let values = fetched
                    .scopes
                    .remove(&scope)
                    .unwrap_or_else(|| Err(nothing()))?;
                let mut live =
                    Reading::of(&resolved.environment, scope, values, drafts.clone()).live();
                live.notes.extend(resolved.notes.iter().cloned());
                live.notes.extend(budget.take());
                if !target.known.is_empty() && target.known != live.identity {
                    live.notes.push(moved(&target.known, &live.identity));
                    live.notes.extend(renamed(&resolved, &target.known));
                }
                Ok(live)
            })
            .collect()
    }

    /// Which scope each target is. Two targets of one scope would undo each other.
    async fn scopes(
        &self,
        resolved: &Resolved,
        targets: &[&Target],
        limit: Deadline,
    ) -> Vec<Result<ScopeId, ReadError>> {
        let mut scopes: Vec<Result<ScopeId, ReadError>> = Vec::with_capacity(targets.len());
        for target in targets {
            scopes.push(self.scope(resolved, target, limit).await);
        }
        let mut owners: BTreeMap<ScopeId, Vec<usize>> = BTreeMap::new();
        for (place, scope) in scopes.iter().enumerate() {
            if let Ok(scope) = scope {
                owners.entry(scope.clone()).or_default().push(place);
            }
        }
        for places in owners.into_values().filter(|places| places.len() > 1) {
            let names: Vec<&str> = places
                .iter()
                .map(|place| targets[*place].name.as_str())
                .collect();
            let error = twins(&names, scopes[places[0]] == Ok(None));
            for place in &places {
                scopes[*place] = Err(error.clone());
            }
        }
        scopes
    }

    async fn scope(
        &self,
        resolved: &Resolved,
        target: &Target,
        limit: Deadline,
    ) -> Result<ScopeId, ReadError> {
        let Some(wanted) = &address(target)?.service else {
            return Ok(None);
        };
        let found = resolve::service(self.api()?, resolved, wanted, limit).await;
        found
            .map(|instance| Some(instance.service_id.clone()))
            .map_err(|error| {
                let mut error = ReadError::from(error);
                error.help = renamed(resolved, &target.known).or(error.help);
                error
            })
    }
}

pub(super) fn ids(resolved: &Resolved) -> Ids {
    Ids {
        project: resolved.environment.project_id.clone(),
        environment: resolved.environment.environment_id.clone(),
    }
}

/// What waits there. Not to know it counts as something that waits.
pub(super) fn told_drafts(resolved: &Resolved, staged: &Result<Staged, ReadError>) -> Vec<String> {
    let name = |id: &str| {
        let instances = &resolved.environment.instances;
        let found = instances.iter().find(|instance| instance.service_id == id);
        found.map(|instance| instance.service_name.clone())
    };
    match staged {
        Ok(staged) => drafts::in_words(staged, name),
        Err(error) => vec![format!("what is staged could not be read: {error}")],
    }
}

/// What a name that leads nowhere was, if the journal knows.
fn renamed(resolved: &Resolved, known: &str) -> Option<String> {
    let id = known.rsplit_once("service=")?.1;
    let instances = &resolved.environment.instances;
    let now = instances
        .iter()
        .find(|instance| instance.service_id == id)?;
    Some(format!(
        "the service of our last apply is called `{}` now: write that name in the manifest",
        now.service_name
    ))
}

/// How the place is another one than at our last apply.
fn moved(known: &str, now: &str) -> String {
    let part = |text: &str, key: &str| {
        let mut parts = text.split(' ').filter_map(|part| part.split_once('='));
        parts
            .find(|(name, _)| *name == key)
            .map(|(_, id)| id.to_owned())
    };
    let what = ["project", "environment", "service"]
        .into_iter()
        .find(|key| part(known, key) != part(now, key));
    format!(
        "this is another {} than at our last apply: the name is the same, the id is not",
        what.unwrap_or("place")
    )
}
