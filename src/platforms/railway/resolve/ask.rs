//! Environments by ids, whole.

use super::environment::{Environment, Instance, VariableMeta};
use super::error::ResolveError;
use super::pages::{Asker, List, variables};
use crate::platforms::railway::api::documents::{
    ENVIRONMENT, INSTANCES_PAGE, SERVICES, VARIABLES_META_PAGE,
};
use crate::platforms::railway::api::{ErrorKind, GraphError};
use crate::platforms::railway::wire::{
    EnvironmentAnswer, EnvironmentNode, EnvironmentPage, InstancesOf, Named, ProjectAnswer,
    ServicesOf, VariablesOf,
};

impl Asker<'_> {
    /// An environment and its project, by ids.
    pub(super) async fn environment(
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
        let answer = answer.into_essential(&ENVIRONMENT)?;
        Ok((answer.environment, answer.project))
    }

    pub(super) fn not_there(&self, what: &'static str, id: &str) -> ResolveError {
        ResolveError::NotThere {
            what,
            id: id.to_owned(),
            variable: self.auth.token.variable().to_owned(),
        }
    }

    /// Reads the other pages and checks that it is alive and of this project.
    pub(super) async fn complete(
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
    pub(super) async fn services(&self, project_id: &str) -> Result<Vec<Named>, ResolveError> {
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

pub(super) fn alive(
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
pub(super) fn is_missing(error: &GraphError) -> bool {
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
