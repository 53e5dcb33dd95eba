//! Workspaces, projects, environments, services and their instances.

use serde_json::{Value, json};

use super::super::execute::{Fail, Reply};
use super::super::switches::Decryption;
use super::super::world::config::{count_changes, masked};
use super::super::world::tokens::Kind;
use super::connection::{connection, record};
use super::{Arguments, Call, entity, leaf, optional};

impl Call<'_> {
    pub(super) fn workspace(
        &self,
        id: &str,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let workspace = self.world.workspace(id).ok_or_else(Fail::problem)?;
        Ok(Some(match field {
            "id" => leaf(workspace.id.clone()),
            "name" => leaf(workspace.name.clone()),
            "plan" => leaf(workspace.plan),
            "createdAt" | "updatedAt" => leaf(workspace.created.clone()),
            "projects" => self.projects_of(Some(id), false, arguments),
            "apiTokenRateLimit" => record(vec![
                ("remainingPoints", leaf(json!(900))),
                ("resetsAt", leaf(workspace.created.clone())),
            ]),
            _ => return Ok(None),
        }))
    }

    pub(super) fn project(
        &self,
        id: &str,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let project = self.world.project(id).ok_or_else(Fail::problem)?;
        Ok(Some(match field {
            "id" => leaf(project.id.clone()),
            "name" => leaf(project.name.clone()),
            "createdAt" | "updatedAt" => leaf(project.created.clone()),
            "deletedAt" => leaf(project.deleted.clone()),
            "description" => leaf(Value::Null),
            "workspaceId" => leaf(project.workspace.clone()),
            "workspace" => entity("Workspace", &project.workspace),
            "environments" => {
                let ephemeral = arguments.0.get("isEphemeral").and_then(Value::as_bool);
                let environments = self.world.environments.iter().filter(|environment| {
                    environment.project == id
                        && ephemeral.is_none_or(|wanted| wanted == environment.ephemeral)
                });
                let nodes =
                    environments.map(|known| (known.id.clone(), entity("Environment", &known.id)));
                connection(self.switches, "environments", arguments, nodes.collect())
            }
            "services" => {
                let services = self
                    .world
                    .services
                    .iter()
                    .filter(|known| known.project == id);
                let nodes = services.map(|known| (known.id.clone(), entity("Service", &known.id)));
                connection(self.switches, "services", arguments, nodes.collect())
            }
            "volumes" | "plugins" | "buckets" | "groups" => {
                connection(self.switches, field, arguments, Vec::new())
            }
            "team" | "teamId" => leaf(Value::Null),
            "isTempProject" | "isPublic" | "prDeploys" => leaf(false),
            _ => return Ok(None),
        }))
    }

    pub(super) fn environment(
        &mut self,
        id: &str,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let environment = self.world.environment(id).ok_or_else(Fail::problem)?;
        Ok(Some(match field {
            "id" => leaf(environment.id.clone()),
            "name" => leaf(environment.name.clone()),
            "projectId" => leaf(environment.project.clone()),
            "createdAt" | "updatedAt" => leaf(environment.created.clone()),
            "deletedAt" => leaf(environment.deleted.clone()),
            "isEphemeral" => leaf(environment.ephemeral),
            "canAccess" => leaf(self.caller.enters(self.world, environment)),
            "unmergedChangesCount" => {
                let staged = environment.seen_staged();
                leaf(staged.map_or(0, |staged| count_changes(&staged.patch)))
            }
            "configEtag" => leaf(
                self.world
                    .etag(self.switches, self.open_environment(id, None)?),
            ),
            "config" => {
                let decrypted = arguments.truth("decryptVariables") && self.may_decrypt();
                let environment = self.open_environment(id, None)?;
                let config = self.world.config(self.switches, environment, decrypted);
                self.read.insert(id.to_owned());
                leaf(config)
            }
            "serviceInstances" => {
                self.open_environment(id, None)?;
                let found = self
                    .world
                    .instances
                    .iter()
                    .filter(|known| known.environment == id);
                let nodes =
                    found.map(|known| (known.id.clone(), entity("ServiceInstance", &known.id)));
                connection(
                    self.switches,
                    "serviceInstances",
                    arguments,
                    nodes.collect(),
                )
            }
            "variables" => self.variable_nodes(id, arguments)?,
            "volumeInstances" => connection(self.switches, field, arguments, Vec::new()),
            _ => return Ok(None),
        }))
    }

    pub(super) fn service(
        &self,
        id: &str,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let service = self.world.service(id).ok_or_else(Fail::problem)?;
        Ok(Some(match field {
            "id" => leaf(service.id.clone()),
            "name" => leaf(service.name.clone()),
            "projectId" => leaf(service.project.clone()),
            "project" => entity("Project", &service.project),
            "createdAt" | "updatedAt" => leaf(service.created.clone()),
            "deletedAt" => leaf(service.deleted.clone()),
            "serviceInstances" => {
                let open = |environment: &str| self.open_environment(environment, None).is_ok();
                let found = self.world.instances.iter();
                let nodes = found
                    .filter(|known| known.service == id && open(&known.environment))
                    .map(|known| (known.id.clone(), entity("ServiceInstance", &known.id)));
                connection(
                    self.switches,
                    "serviceInstances",
                    arguments,
                    nodes.collect(),
                )
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn instance(&self, id: &str, field: &str) -> Result<Option<Reply>, Fail> {
        let found = self.world.instances.iter().find(|known| known.id == id);
        let instance = found.ok_or_else(Fail::problem)?;
        let service = self
            .world
            .service(&instance.service)
            .ok_or_else(Fail::problem)?;
        let latest = self.world.latest(&instance.environment, &instance.service);
        Ok(Some(match field {
            "id" => leaf(instance.id.clone()),
            "serviceId" => leaf(service.id.clone()),
            "serviceName" => leaf(service.name.clone()),
            "service" => entity("Service", &service.id),
            "environmentId" => leaf(instance.environment.clone()),
            "createdAt" | "updatedAt" => leaf(instance.created.clone()),
            "deletedAt" => leaf(instance.deleted.clone().or_else(|| service.deleted.clone())),
            "latestDeployment" => {
                optional(latest.map(|deployment| entity("Deployment", &deployment.id)))
            }
            "activeDeployments" => {
                let latest = latest.into_iter();
                let active = latest.map(|deployment| entity("Deployment", &deployment.id));
                Reply::List(active.collect())
            }
            "source" => record(vec![
                ("repo", leaf(service.head.as_ref().map(|_| "acme/aurora"))),
                (
                    "image",
                    leaf(service.head.is_none().then_some("registry.example/aurora")),
                ),
            ]),
            "domains" => record(vec![
                ("serviceDomains", Reply::List(Vec::new())),
                ("customDomains", Reply::List(Vec::new())),
            ]),
            "numReplicas" | "startCommand" | "cronSchedule" | "nextCronRunAt" => leaf(Value::Null),
            _ => return Ok(None),
        }))
    }

    /// Whether the caller gets the values of a config or a patch.
    fn may_decrypt(&self) -> bool {
        let allowed = match self.switches.decryption {
            Decryption::Everyone => true,
            Decryption::NotProjectTokens => !matches!(self.caller.kind(), Some(Kind::Project(_))),
            Decryption::Nobody => false,
        };
        allowed && self.caller.handles_variables()
    }

    /// A patch as the caller may see it.
    pub(super) fn shown_patch(&self, patch: &Value, arguments: &Arguments<'_>) -> Reply {
        if arguments.truth("decryptVariables") && self.may_decrypt() {
            leaf(patch.clone())
        } else {
            leaf(masked(patch, self.switches.masking))
        }
    }
}
