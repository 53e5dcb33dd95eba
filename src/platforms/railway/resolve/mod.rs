//! From what a manifest says (names or ids) to an environment and all that is in it, before any value
//! is read. What cannot be found for sure is an error with the candidates, never a guess.

mod ask;
mod environment;
mod error;
mod near;
mod pages;
mod project;
#[cfg(test)]
mod tests;

pub use environment::{Deployment, Environment, Instance, ServiceMiss, VariableMeta};
pub use error::ResolveError;

use pages::Asker;

use super::api::{Access, Api, Deadline, ProjectAccess};
use super::token::{Auth, Token};
use super::wire::EnvironmentNode;

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
