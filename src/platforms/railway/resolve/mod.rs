//! From what a manifest says (names or ids) to an environment and all that is in it, before any value
//! is read. What cannot be found for sure is an error with the candidates, never a guess.

mod environment;
mod error;
mod near;
mod pages;
mod project;
#[cfg(test)]
mod tests;

pub use environment::{Deployment, Environment, Instance, ServiceMiss, VariableMeta};
pub use error::ResolveError;

use pages::{Asker, List, variables};

use super::api::documents::{ENVIRONMENT, INSTANCES_PAGE, SERVICES, VARIABLES_META_PAGE};
use super::api::{Access, Api, Deadline, ErrorKind, GraphError, ProjectAccess};
use super::token::{Auth, Token};
use super::wire::{
    EnvironmentAnswer, EnvironmentNode, EnvironmentPage, InstancesOf, Named, ProjectAnswer,
    ServicesOf, VariablesOf,
};

/// An environment that was found, and how to ask for its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// For further requests.
    pub auth: Auth,
    /// What was found.
    pub environment: Environment,
    /// What else should be said, for example which workspace could not be searched.
    pub notes: Vec<String>,
}

/// Finds an environment by what the manifest says. Reads it anew each time.
///
/// # Errors
/// When it is not found for sure, or the token is for another place.
pub async fn resolve(
    api: &Api,
    token: &Token,
    project: &str,
    environment: &str,
    limit: Deadline,
) -> Result<Resolved, ResolveError> {
    let identified = api.identify(token, limit).await?;
    let auth = &identified.identity.auth;
    let asker = Asker { api, auth, limit };
    let (environment, notes) = match &identified.identity.access {
        Access::Project(access) => {
            check_place(token, access, project, environment)?;
            let (node, project) = match identified.fresh {
                Some(fresh) => (fresh.environment, fresh.project),
                None => {
                    asker
                        .environment(&access.project_id, &access.environment_id)
                        .await?
                }
            };
            check_project_token(token, access, &node)?;
            (asker.complete(node, project).await?, vec![])
        }
        Access::Workspaces(workspaces) => {
            asker
                .by_account(token, workspaces, project, environment)
                .await?
        }
    };
    Ok(Resolved {
        auth: auth.clone(),
        environment,
        notes,
    })
}

/// The service, or why it is none: with one request more, to tell a service without an instance here
/// from one that does not exist.
///
/// # Errors
/// When there is no such service here.
pub async fn service<'a>(
    api: &Api,
    resolved: &'a Resolved,
    wanted: &str,
    limit: Deadline,
) -> Result<&'a Instance, ResolveError> {
    let environment = &resolved.environment;
    let miss = match environment.service(wanted) {
        Ok(found) => return Ok(found),
        Err(miss) => miss,
    };
    let elsewhere = if matches!(miss, ServiceMiss::None { .. }) {
        let auth = &resolved.auth;
        let asker = Asker { api, auth, limit };
        // only to explain: the miss stands, whatever comes of this
        asker.services(&environment.project_id).await.ok()
    } else {
        None
    };
    let elsewhere = elsewhere.into_iter().flatten();
    let named = elsewhere
        .filter(|one| {
            one.id.eq_ignore_ascii_case(wanted) || near::same_but_for_case(&one.name, wanted)
        })
        .collect::<Vec<_>>();
    let exact = named.iter().find(|one| one.name == wanted);
    Err(match exact.or_else(|| named.first()) {
        Some(one) if one.deleted_at.is_some() => ResolveError::Deleted {
            what: "service",
            name: one.name.clone(),
            id: one.id.clone(),
        },
        Some(one) => ResolveError::NoInstance {
            name: one.name.clone(),
            id: one.id.clone(),
            environment: environment.environment_name.clone(),
            project: environment.project_name.clone(),
        },
        None => miss.into_error(
            wanted,
            &environment.environment_name,
            &environment.project_name,
        ),
    })
}

/// Whether a text is an id: ids are UUIDs, and everything else is a name.
pub fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Nothing else stops the manifest of one environment from being applied with another's token.
fn check_place(
    token: &Token,
    access: &ProjectAccess,
    project: &str,
    environment: &str,
) -> Result<(), ResolveError> {
    let other = |what, name: &str, id: &str, wanted: &str| ResolveError::OtherPlace {
        variable: token.variable().to_owned(),
        what,
        name: name.to_owned(),
        id: id.to_owned(),
        wanted: wanted.to_owned(),
    };
    let (id, name) = (&access.project_id, &access.project_name);
    if !(id.eq_ignore_ascii_case(project) || name == project) {
        return Err(other("project", name, id, project));
    }
    let (id, name) = (&access.environment_id, &access.environment_name);
    if !(id.eq_ignore_ascii_case(environment) || near::same_but_for_case(name, environment)) {
        return Err(other("environment", name, id, environment));
    }
    Ok(())
}

/// What the token says of itself and what came must be the same place.
fn check_project_token(
    token: &Token,
    access: &ProjectAccess,
    node: &EnvironmentNode,
) -> Result<(), ResolveError> {
    if node.id == access.environment_id {
        return Ok(());
    }
    Err(ResolveError::OtherPlace {
        variable: token.variable().to_owned(),
        what: "environment",
        name: node.name.clone(),
        id: node.id.clone(),
        wanted: access.environment_id.clone(),
    })
}

impl Asker<'_> {
    /// An environment and its project, by ids.
    async fn environment(
        &self,
        project_id: &str,
        environment_id: &str,
    ) -> Result<(EnvironmentNode, Named), ResolveError> {
        let variables = variables(&[("environmentId", environment_id), ("projectId", project_id)]);
        let answer = self
            .api
            .query::<EnvironmentAnswer>(self.auth, &ENVIRONMENT, &variables, self.limit)
            .await?;
        if let Some(error) = answer.errors.iter().find(|error| is_missing(error)) {
            let (what, id) = match error.alias() {
                Some("project") => ("project", project_id),
                _ => ("environment", environment_id),
            };
            return Err(self.not_there(what, id));
        }
        if answer.data.is_none() && answer.errors.iter().any(is_refused_within) {
            return Err(ResolveError::Restricted {
                id: environment_id.to_owned(),
                variable: self.auth.token.variable().to_owned(),
            });
        }
        let answer = answer.into_whole(&ENVIRONMENT)?;
        Ok((answer.environment, answer.project))
    }

    fn not_there(&self, what: &'static str, id: &str) -> ResolveError {
        ResolveError::NotThere {
            what,
            id: id.to_owned(),
            variable: self.auth.token.variable().to_owned(),
        }
    }

    /// Reads the other pages and checks that it is alive and of this project.
    async fn complete(
        &self,
        node: EnvironmentNode,
        project: Named,
    ) -> Result<Environment, ResolveError> {
        alive(
            "project",
            &project.name,
            &project.id,
            project.deleted_at.as_deref(),
        )?;
        alive(
            "environment",
            &node.name,
            &node.id,
            node.deleted_at.as_deref(),
        )?;
        if node.project_id != project.id {
            return Err(ResolveError::OtherProject {
                name: node.name,
                id: node.id,
                project: project.id,
            });
        }
        let ids = variables(&[("environmentId", &node.id), ("projectId", &project.id)]);
        let instances = self
            .all(
                node.service_instances,
                List {
                    what: "services",
                    document: &INSTANCES_PAGE,
                    variables: ids.clone(),
                    pick: |page: EnvironmentPage<InstancesOf>| page.environment.service_instances,
                },
            )
            .await?;
        let metas = self
            .all(
                node.variables,
                List {
                    what: "variables",
                    document: &VARIABLES_META_PAGE,
                    variables: ids,
                    pick: |page: EnvironmentPage<VariablesOf>| page.environment.variables,
                },
            )
            .await?;
        let alive = instances.into_iter().filter(|one| one.deleted_at.is_none());
        Ok(Environment {
            project_id: project.id,
            project_name: project.name,
            environment_id: node.id,
            environment_name: node.name,
            workspace_id: project.workspace_id,
            can_access: node.can_access,
            is_ephemeral: node.is_ephemeral,
            unmerged_changes: node.unmerged_changes_count,
            instances: alive.map(Instance::from).collect(),
            variables: metas.into_iter().map(VariableMeta::from).collect(),
        })
    }

    /// All services of a project; of the first page only, which explains enough.
    async fn services(&self, project_id: &str) -> Result<Vec<Named>, ResolveError> {
        let variables = variables(&[("projectId", project_id)]);
        let answer = self
            .api
            .query::<ProjectAnswer<ServicesOf>>(self.auth, &SERVICES, &variables, self.limit)
            .await?
            .into_whole(&SERVICES)?;
        let edges = answer.project.services.edges.into_iter();
        Ok(edges.map(|edge| edge.node).collect())
    }
}

fn alive(
    what: &'static str,
    name: &str,
    id: &str,
    deleted_at: Option<&str>,
) -> Result<(), ResolveError> {
    match deleted_at {
        None => Ok(()),
        Some(_) => Err(ResolveError::Deleted {
            what,
            name: name.to_owned(),
            id: id.to_owned(),
        }),
    }
}

/// The thing itself is missing, and not something below it.
fn is_missing(error: &GraphError) -> bool {
    error.path.len() <= 1
        && matches!(
            error.kind,
            ErrorKind::NotAuthorized | ErrorKind::NotFound(_)
        )
}

/// The thing is there, and something below it is refused.
fn is_refused_within(error: &GraphError) -> bool {
    error.path.len() > 1 && error.kind == ErrorKind::NotAuthorized
}
