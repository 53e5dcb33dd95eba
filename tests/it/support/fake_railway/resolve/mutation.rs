//! The root fields of mutations.

use serde_json::{Value, json};

use super::super::execute::{Fail, Reply};
use super::super::world::config::{is_empty, merge};
use super::super::world::deploys::{Build, no_snapshot};
use super::super::world::{Commit, Staged};
use super::{Arguments, Call, entity, leaf, well_formed};

impl Call<'_> {
    pub(super) fn mutation(
        &mut self,
        field: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Reply>, Fail> {
        let reply = match field {
            "variableCollectionUpsert" => self.upsert_collection(arguments)?,
            "variableUpsert" => self.upsert(arguments)?,
            "variableDelete" => self.delete(arguments)?,
            "environmentStageChanges" => self.stage(arguments)?,
            "environmentPatchCommitStaged" => self.commit_staged(arguments)?,
            "environmentPatchCommit" => self.commit_patch(arguments)?,
            "serviceInstanceDeploy" => {
                let build = if arguments.truth("latestCommit") {
                    Build::Head
                } else {
                    Build::Running
                };
                self.deploy_service(arguments, build, "serviceInstanceDeploy")?;
                leaf(true)
            }
            "serviceInstanceDeployV2" => {
                leaf(self.deploy_service(arguments, Build::Head, "serviceInstanceDeployV2")?)
            }
            "serviceInstanceRedeploy" => {
                self.redeploy_service(arguments)?;
                leaf(true)
            }
            "deploymentRedeploy" => self.redeploy(arguments)?,
            "deploymentRestart" => self.restart(arguments)?,
            _ => return Ok(None),
        };
        Ok(Some(reply))
    }

    fn stage(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let environment = arguments.required("environmentId")?;
        self.variables_of(&environment, None)?;
        let patch = arguments.0.get("input").cloned().unwrap_or(Value::Null);
        self.world
            .check_patch(self.switches, &environment, &patch)?;
        let author = self.caller.name().unwrap_or_else(|| "a token".to_owned());
        self.world.remember(&environment, self.switches.lag);
        self.world
            .stage(&environment, &patch, &author, arguments.truth("merge"));
        Ok(entity("Staged", &environment))
    }

    fn commit_staged(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let environment = arguments.required("environmentId")?;
        let known = self.variables_of(&environment, None)?;
        let staged = known.staged.as_ref().filter(|staged| !staged.applying);
        let patch = staged.map(|staged| staged.patch.clone());
        let patch = patch.ok_or_else(|| Fail::new("There are no staged changes to commit"))?;
        let commit = Commit {
            patch,
            clears_staged: true,
            skip_deploys: arguments.truth("skipDeploys"),
            ..self.commit_of(&environment, arguments, "environmentPatchCommitStaged")
        };
        Ok(leaf(self.world.commit(self.switches, commit)))
    }

    fn commit_patch(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let environment = arguments.required("environmentId")?;
        let known = self.variables_of(&environment, None)?;
        let staged = known.staged.as_ref().map(|staged| staged.patch.clone());
        let mut patch = arguments.0.get("patch").cloned().unwrap_or(Value::Null);
        if patch.is_null() {
            patch = json!({});
        }
        self.world
            .check_patch(self.switches, &environment, &patch)?;
        let swallowed = staged.filter(|_| self.switches.commit_swallows_staged);
        let clears_staged = swallowed.is_some();
        if let Some(mut whole) = swallowed {
            merge(&mut whole, &patch);
            patch = whole;
        }
        let commit = Commit {
            patch,
            clears_staged,
            skip_deploys: arguments.truth("skipDeploys"),
            ..self.commit_of(&environment, arguments, "environmentPatchCommit")
        };
        Ok(leaf(self.world.commit(self.switches, commit)))
    }

    fn commit_of(
        &self,
        environment: &str,
        arguments: &Arguments<'_>,
        cause: &'static str,
    ) -> Commit {
        Commit {
            environment: environment.to_owned(),
            patch: Value::Null,
            skip_deploys: false,
            clears_staged: false,
            message: arguments.text("commitMessage").map(str::to_owned),
            by: self.caller.name(),
            cause,
        }
    }

    fn deploy_service(
        &mut self,
        arguments: &Arguments<'_>,
        build: Build,
        cause: &'static str,
    ) -> Result<String, Fail> {
        let (environment, service) = self.instance_to_deploy(arguments)?;
        let commit = arguments.text("commitSha").map(str::to_owned);
        let build = commit.map_or(build, Build::Commit);
        Ok(self
            .world
            .deploy(self.switches, &environment, &service, build, cause))
    }

    fn redeploy_service(&mut self, arguments: &Arguments<'_>) -> Result<(), Fail> {
        let (environment, service) = self.instance_to_deploy(arguments)?;
        let latest = self.world.latest(&environment, &service);
        latest.ok_or_else(no_snapshot)?.redeployable()?;
        let cause = "serviceInstanceRedeploy";
        self.world
            .deploy(self.switches, &environment, &service, Build::Running, cause);
        Ok(())
    }

    fn instance_to_deploy(&self, arguments: &Arguments<'_>) -> Result<(String, String), Fail> {
        let environment = arguments.required("environmentId")?;
        let service = arguments.required("serviceId")?;
        self.variables_of(&environment, None)?;
        self.writable_service(&environment, &service)?;
        Ok((environment, service))
    }

    fn redeploy(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let (environment, service) = self.deployment_to_repeat(arguments)?;
        let cause = "deploymentRedeploy";
        let id = self
            .world
            .deploy(self.switches, &environment, &service, Build::Running, cause);
        Ok(entity("Deployment", &id))
    }

    /// The same image with the same configuration: nothing changes, nothing is deployed.
    fn restart(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        self.deployment_to_repeat(arguments)?;
        Ok(leaf(true))
    }

    fn deployment_to_repeat(&self, arguments: &Arguments<'_>) -> Result<(String, String), Fail> {
        let id = arguments.required("id")?;
        well_formed(&id)?;
        let found = self.world.deployments.iter().find(|known| known.id == id);
        let deployment = found.ok_or_else(|| self.absent("Deployment"))?;
        self.variables_of(&deployment.environment, None)?;
        self.writable_service(&deployment.environment, &deployment.service)?;
        deployment.redeployable()?;
        Ok((deployment.environment.clone(), deployment.service.clone()))
    }
}

impl super::super::world::World {
    /// Stages a patch: added to what is staged, or in its place.
    pub fn stage(&mut self, environment: &str, patch: &Value, author: &str, add: bool) {
        let (id, now) = (self.ids.next(), self.clock.tick());
        let known = self.environment_mut(environment);
        let mut whole = match &known.staged {
            // what is being applied is no longer anybody's draft
            Some(staged) if add && !staged.applying => staged.patch.clone(),
            _ => json!({}),
        };
        merge(&mut whole, patch);
        known.staged = (!is_empty(&whole)).then(|| Staged {
            id,
            patch: whole,
            author: author.to_owned(),
            applying: false,
            created: now.clone(),
            updated: now,
        });
    }
}
