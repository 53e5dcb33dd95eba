//! Deployments and patches.

use serde_json::{Value, json};

use super::super::execute::{Fail, Reply};
use super::connection::record;
use super::{Arguments, Call, entity, leaf};

impl Call<'_> {
    /// Each look at the status moves the deployment on.
    pub(super) fn deployment(&mut self, id: &str, field: &str) -> Result<Option<Reply>, Fail> {
        let found = self
            .world
            .deployments
            .iter_mut()
            .find(|known| known.id == id);
        let deployment = found.ok_or_else(Fail::problem)?;
        Ok(Some(match field {
            "id" => leaf(deployment.id.clone()),
            "status" => {
                let status = deployment.status();
                deployment.was_seen();
                leaf(status)
            }
            "canRedeploy" => leaf(deployment.can_redeploy()),
            "canRollback" | "suggestAddServiceDomain" => leaf(false),
            "deploymentStopped" => leaf(deployment.status() == "REMOVED"),
            "createdAt" | "updatedAt" | "statusUpdatedAt" => leaf(deployment.created.clone()),
            "environmentId" => leaf(deployment.environment.clone()),
            "environment" => entity("Environment", &deployment.environment),
            "serviceId" => leaf(deployment.service.clone()),
            "service" => entity("Service", &deployment.service),
            "snapshotId" => leaf(deployment.snapshot.then(|| deployment.id.clone())),
            "instances" => Reply::List(Vec::new()),
            "meta" => leaf(json!({ "commitHash": deployment.commit })),
            "projectId" => {
                let environment = deployment.environment.clone();
                leaf(
                    self.world
                        .environment(&environment)
                        .map(|known| known.project.clone()),
                )
            }
            _ => return Ok(None),
        }))
    }

    /// What is staged in an environment; a placeholder if nothing is.
    pub(super) fn staged(
        &self,
        environment: &str,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let known = self
            .world
            .environment(environment)
            .ok_or_else(Fail::problem)?;
        let staged = known.seen_staged();
        Ok(Some(match field {
            "id" => leaf(staged.map_or("<empty>", |staged| &staged.id)),
            "status" => {
                let applying = staged.is_some_and(|staged| staged.applying);
                leaf(if applying { "APPLYING" } else { "STAGED" })
            }
            "patch" => {
                let nothing = json!({});
                self.shown_patch(staged.map_or(&nothing, |staged| &staged.patch), arguments)
            }
            "createdAt" => leaf(
                staged
                    .map_or(&known.created, |staged| &staged.created)
                    .clone(),
            ),
            "updatedAt" => leaf(
                staged
                    .map_or(&known.created, |staged| &staged.updated)
                    .clone(),
            ),
            "environmentId" => leaf(environment),
            "environment" => entity("Environment", environment),
            "appliedAt" | "appliedBy" | "lastAppliedError" | "message" => leaf(Value::Null),
            _ => return Ok(None),
        }))
    }

    /// A patch of the past.
    pub(super) fn applied(
        &self,
        id: &str,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let found = self.world.patches.iter().find(|known| known.id == id);
        let patch = found.ok_or_else(Fail::problem)?;
        Ok(Some(match field {
            "id" => leaf(patch.id.clone()),
            "status" => leaf(patch.status),
            "patch" => self.shown_patch(&patch.patch, arguments),
            "message" => leaf(patch.message.clone()),
            "createdAt" | "updatedAt" => leaf(patch.created.clone()),
            "appliedAt" => leaf(patch.applied.clone()),
            "lastAppliedError" => leaf(patch.error.clone()),
            "environmentId" => leaf(patch.environment.clone()),
            "environment" => entity("Environment", &patch.environment),
            "appliedBy" => patch.by.as_ref().map_or(leaf(Value::Null), |name| {
                record(vec![
                    ("id", leaf("9a3c1f0e-5b7d-4c21-8e64-0d2f7b9a1c35")),
                    ("name", leaf(name.clone())),
                    ("username", leaf(name.to_lowercase())),
                    (
                        "email",
                        leaf(format!("{}@example.org", name.to_lowercase())),
                    ),
                    ("avatar", leaf(Value::Null)),
                ])
            }),
            _ => return Ok(None),
        }))
    }
}
