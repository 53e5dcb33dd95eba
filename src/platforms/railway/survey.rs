//! A look at a whole environment, for taking it in.

use std::collections::BTreeSet;

use super::api::{Access, Api, Deadline};
use super::live::Reading;
use super::patch::ScopeId;
use super::place::{Place, nothing};
use super::platform::RailwayPlatform;
use super::read::{ids, told_drafts};
use super::resolve;
use super::resolve::ResolveError;
use super::values;
use crate::model::Live;
use crate::platforms::ReadError;

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub struct SurveyRequest {
    /// Name or id; `None` for the one of a project token.
    pub project: Option<String>,
    /// Name or id; `None` for the one of a project token.
    pub environment: Option<String>,
    /// Names or ids; all of them, and the shared variables, if empty.
    pub services: Vec<String>,
    /// The environment variable that holds the token.
    pub token: Option<String>,
}

/// A project, an environment or a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What was seen of an environment.
#[derive(Debug)]
pub struct Survey {
    /// The project.
    pub project: Named,
    /// The environment.
    pub environment: Named,
    /// The shared variables first, where they were asked for, then services by name.
    pub scopes: Vec<ScopeSurvey>,
    /// What else should be said.
    pub notes: Vec<String>,
}

/// What was seen of one service, or of the shared variables.
#[derive(Debug)]
pub struct ScopeSurvey {
    /// The service; `None` for shared variables.
    pub service: Option<Named>,
    /// What it holds; provided names are left out, those that no manifest can hold are in the notes.
    pub live: Result<Live, ReadError>,
}

impl RailwayPlatform {
    /// Reads an environment, or some services of it.
    pub async fn survey(&self, request: &SurveyRequest) -> Result<Survey, ReadError> {
        let api = self.api()?;
        let limit = api.reading_deadline();
        let place = self.place(api, request, limit).await?;
        let resolved = self.resolve(&place, limit).await?;
        let environment = &resolved.environment;
        let mut wanted: BTreeSet<ScopeId> = BTreeSet::new();
        for service in &request.services {
            let found = resolve::service(api, &resolved, service, limit).await?;
            wanted.insert(Some(found.service_id.clone()));
        }
        if request.services.is_empty() {
            let ids = environment
                .instances
                .iter()
                .map(|one| one.service_id.clone());
            wanted = ids.map(Some).chain([None]).collect();
        }
        let mut fetched = values::fetch(api, &resolved.auth, &ids(&resolved), &wanted, limit).await;
        let drafts = told_drafts(&resolved, &fetched.staged);
        let mut scopes: Vec<ScopeSurvey> = wanted
            .into_iter()
            .map(|scope| {
                let instance = environment
                    .instances
                    .iter()
                    .find(|one| Some(&one.service_id) == scope.as_ref());
                let service = instance.map(|one| Named {
                    id: one.service_id.clone(),
                    name: one.service_name.clone(),
                });
                let values = fetched
                    .scopes
                    .remove(&scope)
                    .unwrap_or_else(|| Err(nothing()));
                let live = values
                    .map(|values| Reading::of(environment, scope, values, drafts.clone()).live());
                ScopeSurvey { service, live }
            })
            .collect();
        scopes.sort_by(|one, other| {
            let name =
                |scope: &ScopeSurvey| scope.service.as_ref().map(|service| service.name.clone());
            name(one).cmp(&name(other))
        });
        Ok(Survey {
            project: Named {
                id: environment.project_id.clone(),
                name: environment.project_name.clone(),
            },
            environment: Named {
                id: environment.environment_id.clone(),
                name: environment.environment_name.clone(),
            },
            scopes,
            notes: resolved.notes.clone(),
        })
    }

    /// What is not named is what a project token is for.
    async fn place(
        &self,
        api: &Api,
        request: &SurveyRequest,
        limit: Deadline,
    ) -> Result<Place, ReadError> {
        let place = |project: &str, environment: &str| Place {
            token: request.token.clone(),
            project: project.to_owned(),
            environment: environment.to_owned(),
        };
        if let (Some(project), Some(environment)) = (&request.project, &request.environment) {
            return Ok(place(project, environment));
        }
        let token = self
            .token(request.token.as_deref())
            .map_err(ResolveError::from)?;
        let identified = api
            .identify(&token, limit)
            .await
            .map_err(ResolveError::from)?;
        match &identified.identity.access {
            Access::Project(access) => Ok(place(
                request.project.as_deref().unwrap_or(&access.project_id),
                request
                    .environment
                    .as_deref()
                    .unwrap_or(&access.environment_id),
            )),
            Access::Workspaces(_) => Err(ReadError {
                reason: "which project and environment? The token reaches more than one".to_owned(),
                help: Some("name them with --project and --environment".to_owned()),
                retry_after: None,
            }),
        }
    }
}
