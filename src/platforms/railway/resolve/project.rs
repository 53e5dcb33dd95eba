//! Projects and environments by name, for tokens that reach many.

use std::collections::BTreeMap;

use super::ask::{alive, is_missing};
use super::near;
use super::pages::{Asker, List, variables};
use super::{Environment, ResolveError, is_id};
use crate::platforms::railway::api::documents::{
    self, ENVIRONMENTS_PAGE, MAX_ALIASES, PROJECT, PROJECTS_PAGE,
};
use crate::platforms::railway::api::{Answer, GraphError, Workspace};
use crate::platforms::railway::token::Token;
use crate::platforms::railway::wire::{
    Connection, EnvironmentEntry, EnvironmentsOf, Named, ProjectAnswer, ProjectNode, ProjectsAnswer,
};

/// Projects of all workspaces, and those that could not be read.
struct Search<'a> {
    found: Vec<(Named, &'a Workspace)>,
    failed: Vec<String>,
}

impl Asker<'_> {
    /// With a token of an account or workspace.
    pub(super) async fn by_account(
        &self,
        token: &Token,
        workspaces: &[Workspace],
        project: &str,
        environment: &str,
    ) -> Result<(Environment, Vec<String>), ResolveError> {
        let (project_id, notes) = if is_id(project) {
            (project.to_ascii_lowercase(), vec![])
        } else {
            self.project_by_name(workspaces, project).await?
        };
        let environment_id = if is_id(environment) {
            environment.to_ascii_lowercase()
        } else {
            self.environment_by_name(token, &project_id, environment)
                .await?
        };
        let (node, project) = self.environment(&project_id, &environment_id).await?;
        if !node.can_access {
            return Err(no_access(token, &node.name, &node.id));
        }
        Ok((self.complete(node, project).await?, notes))
    }

    async fn project_by_name(
        &self,
        workspaces: &[Workspace],
        wanted: &str,
    ) -> Result<(String, Vec<String>), ResolveError> {
        let mut search = Search {
            found: vec![],
            failed: vec![],
        };
        for some in workspaces.chunks(MAX_ALIASES) {
            self.search(some, &mut search).await?;
        }
        let fitting: Vec<_> = search
            .found
            .iter()
            .filter(|(project, _)| project.name == wanted)
            .collect();
        match fitting.as_slice() {
            [(only, _)] => {
                let note =
                    |name| format!("the workspace `{name}` could not be searched for `{wanted}`");
                Ok((only.id.clone(), search.failed.iter().map(note).collect()))
            }
            [] => Err(ResolveError::NoProject {
                wanted: wanted.to_owned(),
                workspaces: workspaces.iter().map(|one| one.name.clone()).collect(),
                near: near::names(
                    wanted,
                    search
                        .found
                        .iter()
                        .map(|(project, _)| project.name.as_str()),
                ),
                failed: search.failed,
            }),
            several => Err(ResolveError::SeveralProjects {
                wanted: wanted.to_owned(),
                found: several
                    .iter()
                    .map(|(project, workspace)| {
                        format!("{} in the workspace `{}`", project.id, workspace.name)
                    })
                    .collect(),
            }),
        }
    }

    /// All projects of some workspaces, in one request as long as none has many. A workspace that
    /// fails takes the whole answer with it: it is left out and the others are asked again.
    async fn search<'w>(
        &self,
        workspaces: &'w [Workspace],
        search: &mut Search<'w>,
    ) -> Result<(), ResolveError> {
        let mut asked: Vec<&Workspace> = workspaces.iter().collect();
        while !asked.is_empty() {
            let document = documents::projects(asked.len());
            let ids = asked.iter().enumerate();
            let ids: BTreeMap<String, &str> = ids
                .map(|(at, workspace)| (format!("w{at}"), workspace.id.as_str()))
                .collect();
            let answer: Answer<BTreeMap<String, Connection<Named>>> = self
                .api
                .query(self.auth, &document, &ids, self.limit)
                .await?;
            let failed = failed_aliases(&answer.errors, asked.len());
            if failed.is_empty() {
                let mut pages = answer.into_whole(&document)?;
                for (at, workspace) in asked.iter().enumerate() {
                    let page = pages.remove(&format!("w{at}"));
                    let page = page.ok_or(ResolveError::Endless { what: "projects" })?;
                    self.keep_projects(workspace, page, search).await?;
                }
                return Ok(());
            }
            let mut at = 0;
            asked.retain(|workspace| {
                let fails = failed.contains(&at);
                at += 1;
                if fails {
                    search.failed.push(workspace.name.clone());
                }
                !fails
            });
        }
        Ok(())
    }

    async fn keep_projects<'w>(
        &self,
        workspace: &'w Workspace,
        first: Connection<Named>,
        search: &mut Search<'w>,
    ) -> Result<(), ResolveError> {
        let list = List {
            what: "projects",
            document: &PROJECTS_PAGE,
            variables: variables(&[("workspaceId", &workspace.id)]),
            pick: |answer: ProjectsAnswer| answer.projects,
        };
        let all = self.all(first, list).await?.into_iter();
        let alive = all.filter(|project| project.deleted_at.is_none());
        search
            .found
            .extend(alive.map(|project| (project, workspace)));
        Ok(())
    }

    async fn environment_by_name(
        &self,
        token: &Token,
        project_id: &str,
        wanted: &str,
    ) -> Result<String, ResolveError> {
        let ids = variables(&[("projectId", project_id)]);
        let answer = self
            .api
            .query::<ProjectAnswer<ProjectNode>>(self.auth, &PROJECT, &ids, self.limit)
            .await?;
        if answer.errors.iter().any(is_missing) {
            return Err(self.not_there("project", project_id));
        }
        let project = answer.into_whole(&PROJECT)?.project;
        alive(
            "project",
            &project.name,
            &project.id,
            project.deleted_at.as_deref(),
        )?;
        let list = List {
            what: "environments",
            document: &ENVIRONMENTS_PAGE,
            variables: ids,
            pick: |answer: ProjectAnswer<EnvironmentsOf>| answer.project.environments,
        };
        let mut all = self.all(project.environments, list).await?;
        all.retain(|environment| environment.deleted_at.is_none());
        let found = pick_environment(&all, wanted, &project.name)?;
        if !found.can_access {
            return Err(no_access(token, &found.name, &found.id));
        }
        Ok(found.id.clone())
    }
}

/// The one of exactly this name, else the only one of this name in other letters' case.
fn pick_environment<'e>(
    all: &'e [EnvironmentEntry],
    wanted: &str,
    project: &str,
) -> Result<&'e EnvironmentEntry, ResolveError> {
    if let Some(exact) = all.iter().find(|one| one.name == wanted) {
        return Ok(exact);
    }
    let alike: Vec<_> = all
        .iter()
        .filter(|one| near::same_but_for_case(&one.name, wanted))
        .collect();
    match alike.as_slice() {
        [only] => Ok(only),
        [] => Err(ResolveError::NoEnvironment {
            wanted: wanted.to_owned(),
            project: project.to_owned(),
            near: near::names(wanted, all.iter().map(|one| one.name.as_str())),
        }),
        several => Err(ResolveError::Ambiguous {
            what: "environment",
            wanted: wanted.to_owned(),
            names: several.iter().map(|one| one.name.clone()).collect(),
        }),
    }
}

/// Positions of the aliases `w0`… that errors name.
fn failed_aliases(errors: &[GraphError], asked: usize) -> Vec<usize> {
    let names = errors.iter().filter_map(GraphError::alias);
    let positions = names.filter_map(|alias| alias.strip_prefix('w')?.parse().ok());
    positions.filter(|at| *at < asked).collect()
}

fn no_access(token: &Token, name: &str, id: &str) -> ResolveError {
    ResolveError::NoAccess {
        name: name.to_owned(),
        id: id.to_owned(),
        variable: token.variable().to_owned(),
    }
}
