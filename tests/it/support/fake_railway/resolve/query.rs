//! The root fields of queries.

use serde_json::Value;

use super::super::execute::{Fail, Reply};
use super::super::world::tokens::Kind;
use super::connection::{connection, record};
use super::{Arguments, Call, entity, leaf, well_formed};

impl Call<'_> {
    pub(super) fn query(
        &mut self,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let reply = match field {
            "me" => self.me()?,
            "apiToken" => self.api_token()?,
            "projectToken" => self.project_token()?,
            "projects" => self.projects(arguments)?,
            "project" => {
                let id = arguments.required("id")?;
                entity("Project", &self.visible_project(&id)?.id)
            }
            "workspace" => {
                let id = arguments.required("workspaceId")?;
                well_formed(&id)?;
                self.world
                    .workspace(&id)
                    .ok_or_else(|| self.absent("Workspace"))?;
                if !self.caller.sees_workspace(&id) {
                    return Err(Fail::not_authorized());
                }
                entity("Workspace", &id)
            }
            "environment" => {
                let id = arguments.required("id")?;
                let project = arguments.text("projectId");
                entity("Environment", &self.visible_environment(&id, project)?.id)
            }
            "service" => {
                let id = arguments.required("id")?;
                well_formed(&id)?;
                let service = self
                    .world
                    .service(&id)
                    .ok_or_else(|| self.absent("Service"))?;
                self.visible_project(&service.project)?;
                entity("Service", &id)
            }
            "serviceInstance" => {
                let environment = arguments.required("environmentId")?;
                let service = arguments.required("serviceId")?;
                self.open_environment(&environment, None)?;
                let found = self.world.instance(&environment, &service);
                let found = found.ok_or_else(|| self.absent("ServiceInstance"))?;
                entity("ServiceInstance", &found.id)
            }
            "deployment" => {
                let id = arguments.required("id")?;
                entity("Deployment", &self.visible_deployment(&id)?)
            }
            "variables" => self.variables(arguments)?,
            "variablesForServiceDeployment" => self.variables_for_deployment(arguments)?,
            "environmentStagedChanges" => {
                let id = arguments.required("environmentId")?;
                entity("Staged", &self.open_environment(&id, None)?.id)
            }
            "environmentPatches" => self.patches(arguments)?,
            "auditLogs" => self.audit_logs(arguments)?,
            "workflowStatus" => self.workflow_status(arguments)?,
            _ => return Ok(None),
        };
        Ok(Some(reply))
    }

    fn me(&self) -> Result<Reply, Fail> {
        if !matches!(
            self.caller.kind(),
            Some(Kind::Account | Kind::OAuth | Kind::Viewer)
        ) {
            return Err(Fail::not_authorized());
        }
        let workspaces = self.world.workspaces.iter();
        let workspaces = workspaces.map(|workspace| entity("Workspace", &workspace.id));
        Ok(record(vec![
            ("id", leaf("9a3c1f0e-5b7d-4c21-8e64-0d2f7b9a1c35")),
            ("name", leaf("Ada")),
            ("username", leaf("ada")),
            ("email", leaf("ada@example.org")),
            ("workspaces", Reply::List(workspaces.collect())),
        ]))
    }

    fn api_token(&self) -> Result<Reply, Fail> {
        if matches!(
            self.caller.kind(),
            None | Some(Kind::Project(_) | Kind::OAuth)
        ) {
            return Err(Fail::not_authorized());
        }
        let seen = self.world.workspaces.iter();
        let seen = seen.filter(|workspace| self.caller.sees_workspace(&workspace.id));
        let workspaces = seen.map(|workspace| {
            record(vec![
                ("id", leaf(workspace.id.clone())),
                ("name", leaf(workspace.name.clone())),
            ])
        });
        Ok(record(vec![(
            "workspaces",
            Reply::List(workspaces.collect()),
        )]))
    }

    fn project_token(&self) -> Result<Reply, Fail> {
        let super::Caller::Known {
            kind: Kind::Project(environment),
            token,
        } = self.caller
        else {
            return Err(Fail::not_authorized());
        };
        let environment = self
            .world
            .environment(environment)
            .ok_or_else(|| Fail::not_found("Project Token"))?;
        Ok(record(vec![
            ("id", leaf(token.id.clone())),
            ("name", leaf("a project token")),
            ("displayToken", leaf("****-****")),
            ("createdAt", leaf(token.created.clone())),
            ("projectId", leaf(environment.project.clone())),
            ("environmentId", leaf(environment.id.clone())),
            ("project", entity("Project", &environment.project)),
            ("environment", entity("Environment", &environment.id)),
        ]))
    }

    /// Without `workspaceId` a personal token gets nothing: its projects live in workspaces.
    fn projects(&self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let workspace = match (arguments.text("workspaceId"), self.caller.kind()) {
            (_, Some(Kind::Project(_)) | None) => return Err(Fail::not_authorized()),
            (Some(id), _) => {
                well_formed(id)?;
                if !self.caller.sees_workspace(id) {
                    return Err(Fail::not_authorized());
                }
                self.world
                    .workspace(id)
                    .ok_or_else(|| self.absent("Workspace"))?;
                Some(id)
            }
            (None, Some(Kind::Workspace(own))) => Some(own.as_str()),
            (None, _) => None,
        };
        let with_deleted = arguments.truth("includeDeleted");
        Ok(self.projects_of(workspace, with_deleted, arguments))
    }

    pub(super) fn projects_of(
        &self,
        workspace: Option<&str>,
        with_deleted: bool,
        arguments: &Arguments<'_>,
    ) -> Reply {
        let projects = self.world.projects.iter().filter(|project| {
            Some(project.workspace.as_str()) == workspace
                && (with_deleted || project.deleted.is_none())
        });
        let nodes = projects.map(|project| (project.id.clone(), entity("Project", &project.id)));
        connection(self.switches, "projects", arguments, nodes.collect())
    }

    fn visible_deployment(&self, id: &str) -> Result<String, Fail> {
        well_formed(id)?;
        let found = self.world.deployments.iter().find(|known| known.id == id);
        let deployment = found.ok_or_else(|| self.absent("Deployment"))?;
        self.open_environment(&deployment.environment, None)?;
        Ok(deployment.id.clone())
    }

    fn workflow_status(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        if self.switches.workflow_forbidden {
            return Err(Fail::not_authorized());
        }
        let id = arguments.required("workflowId")?;
        let (status, error) = self.world.poll(self.switches, &id);
        Ok(record(vec![
            ("status", leaf(status)),
            ("error", leaf(error.map_or(Value::Null, Value::from))),
        ]))
    }
}
