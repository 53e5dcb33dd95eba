//! Values of many scopes in few requests. In one document a single forbidden service turns the whole
//! answer into null: it is found by the error's path and left out, and the others are asked again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::api::documents::{self, MAX_ALIASES};
use super::api::{Answer, Api, ApiError, Deadline, Fault, GraphError};
use super::patch::ScopeId;
use super::place::nothing;
use super::token::Auth;
use super::wire::{Staged, StagedAnswer, Values, VariablesAnswer};
use crate::platforms::ReadError;

/// Which environment, by ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ids {
    pub(super) project: String,
    pub(super) environment: String,
}

/// What came back: each scope's values or why not, and what is staged.
pub(super) struct Fetched {
    pub(super) scopes: BTreeMap<ScopeId, Result<Values, ReadError>>,
    pub(super) staged: Result<Staged, ReadError>,
}

/// Asks for the values of these scopes, and for what is staged beside them.
pub(super) async fn fetch(
    api: &Api,
    auth: &Auth,
    ids: &Ids,
    scopes: &BTreeSet<ScopeId>,
    limit: Deadline,
) -> Fetched {
    let all: Vec<&ScopeId> = scopes.iter().collect();
    let parts = all.len().div_ceil(MAX_ALIASES).max(1);
    let size = all.len().div_ceil(parts).max(1);
    let asked = all.chunks(size).enumerate().map(|(place, part)| {
        let mut question = Question {
            api,
            auth,
            ids,
            limit,
            wanted: part.to_vec(),
            staged: place == 0,
            fetched: BTreeMap::new(),
            draft: None,
        };
        async move {
            question.ask().await;
            (question.fetched, question.draft)
        }
    });
    let mut fetched = Fetched {
        scopes: BTreeMap::new(),
        staged: Err(nothing()),
    };
    for (part, draft) in join_all(asked).await {
        fetched.scopes.extend(part);
        if let Some(draft) = draft {
            fetched.staged = draft;
        }
    }
    fetched
}

/// One document's worth of scopes.
struct Question<'a> {
    api: &'a Api,
    auth: &'a Auth,
    ids: &'a Ids,
    limit: Deadline,
    wanted: Vec<&'a ScopeId>,
    staged: bool,
    fetched: BTreeMap<ScopeId, Result<Values, ReadError>>,
    draft: Option<Result<Staged, ReadError>>,
}

impl Question<'_> {
    /// Ends: each round leaves out at least one scope, or is the last.
    async fn ask(&mut self) {
        while !self.wanted.is_empty() {
            let answer = self.variables().await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return self.all_fail(&error.into()),
            };
            match answer.data {
                Some(data) => return self.take(data, &answer.errors),
                None if self.leave_out(&answer.errors) => {}
                None => return self.all_fail(&refused(answer.errors)),
            }
        }
        if self.staged && self.draft.is_none() {
            self.draft = Some(self.staged_alone().await);
        }
    }

    async fn variables(&self) -> Result<Answer<VariablesAnswer>, ApiError> {
        let services: Vec<&str> = self
            .wanted
            .iter()
            .filter_map(|scope| scope.as_deref())
            .collect();
        let shared = self.wanted.iter().any(|scope| scope.is_none());
        let document =
            documents::variables(shared, services.len(), self.staged && self.draft.is_none());
        let mut variables: BTreeMap<String, &str> = services
            .iter()
            .enumerate()
            .map(|(place, id)| (format!("s{place}"), *id))
            .collect();
        variables.insert("projectId".to_owned(), &self.ids.project);
        variables.insert("environmentId".to_owned(), &self.ids.environment);
        self.api
            .query(self.auth, &document, &variables, self.limit)
            .await
    }

    async fn staged_alone(&self) -> Result<Staged, ReadError> {
        let variables = BTreeMap::from([("environmentId", &self.ids.environment)]);
        let answer: Answer<StagedAnswer> = self
            .api
            .query(self.auth, &documents::STAGED, &variables, self.limit)
            .await?;
        match answer.data {
            Some(data) => Ok(data.staged),
            None => Err(refused(answer.errors)),
        }
    }

    /// The aliases of the last document, in its order.
    fn aliases(&self) -> Vec<(String, ScopeId)> {
        let services = self.wanted.iter().filter(|scope| scope.is_some());
        let services = services
            .enumerate()
            .map(|(place, scope)| (format!("s{place}"), (*scope).clone()));
        let shared = self.wanted.iter().filter(|scope| scope.is_none());
        services
            .chain(shared.map(|_| ("shared".to_owned(), None)))
            .collect()
    }

    fn take(&mut self, mut data: VariablesAnswer, errors: &[GraphError]) {
        for (alias, scope) in self.aliases() {
            let values = data.scopes.remove(&alias).ok_or_else(|| {
                let blamed = errors.iter().find(|error| is_of(error, &alias));
                blamed.map_or_else(nothing, |error| refused(vec![error.clone()]))
            });
            self.fetched.insert(scope, values);
        }
        if self.staged && self.draft.is_none() {
            self.draft = Some(data.staged.ok_or_else(nothing));
        }
        self.wanted.clear();
    }

    /// Notes what the errors are about; `false` if they name nothing that was asked for.
    fn leave_out(&mut self, errors: &[GraphError]) -> bool {
        let mut named = false;
        for (alias, scope) in self.aliases() {
            if let Some(error) = errors.iter().find(|error| is_of(error, &alias)) {
                self.wanted.retain(|wanted| **wanted != scope);
                self.fetched
                    .insert(scope, Err(refused(vec![error.clone()])));
                named = true;
            }
        }
        if let Some(error) = errors.iter().find(|error| is_of(error, "staged"))
            && self.draft.is_none()
        {
            self.draft = Some(Err(refused(vec![error.clone()])));
            named = true;
        }
        named
    }

    fn all_fail(&mut self, error: &ReadError) {
        for scope in std::mem::take(&mut self.wanted) {
            self.fetched.insert(scope.clone(), Err(error.clone()));
        }
        if self.staged && self.draft.is_none() {
            self.draft = Some(Err(error.clone()));
        }
    }
}

fn is_of(error: &GraphError, alias: &str) -> bool {
    error.path.first().is_some_and(|first| first == alias)
}

fn refused(errors: Vec<GraphError>) -> ReadError {
    ApiError {
        operation: "Variables",
        fault: Fault::Errors(errors),
    }
    .into()
}
