//! Deployments: which are made, of what, and which can be made again.

use std::collections::BTreeSet;

use super::super::execute::Fail;
use super::super::switches::Switches;
use super::{Deployment, World};

/// What a deployment builds.
#[derive(Debug, Clone)]
pub enum Build {
    /// The head of the branch.
    Head,
    /// What runs already.
    Running,
    Commit(String),
}

/// States in which something is still being made.
const UNDER_WAY: [&str; 5] = ["BUILDING", "DEPLOYING", "QUEUED", "INITIALIZING", "WAITING"];
/// Other states from which nothing can be deployed again.
const NOTHING_BUILT: [&str; 5] = ["NEEDS_APPROVAL", "SKIPPED", "FAILED", "REMOVED", "REMOVING"];

impl Deployment {
    pub fn status(&self) -> &'static str {
        self.course.front().copied().unwrap_or("SUCCESS")
    }

    /// Moves on to the next state, after somebody has looked at this one.
    pub fn was_seen(&mut self) {
        if self.course.len() > 1 {
            self.course.pop_front();
        }
    }

    pub fn can_redeploy(&self) -> bool {
        self.redeployable().is_ok()
    }

    pub fn redeployable(&self) -> Result<(), Fail> {
        if UNDER_WAY.contains(&self.status()) {
            return Err(still_building());
        }
        if !self.snapshot || NOTHING_BUILT.contains(&self.status()) {
            return Err(no_snapshot());
        }
        Ok(())
    }
}

pub fn still_building() -> Fail {
    Fail::new(
        "Cannot redeploy yet, please wait for the original deployment to finish building before \
         redeploying",
    )
}

pub fn no_snapshot() -> Fail {
    Fail::new("Cannot redeploy without a snapshot")
}

impl World {
    pub fn latest(&self, environment: &str, service: &str) -> Option<&Deployment> {
        self.deployments
            .iter()
            .rev()
            .find(|known| known.environment == environment && known.service == service)
    }

    /// Makes one deployment and returns its id.
    pub fn deploy(
        &mut self,
        switches: &Switches,
        environment: &str,
        service: &str,
        build: Build,
        cause: &'static str,
    ) -> String {
        let running = self
            .latest(environment, service)
            .and_then(|known| known.commit.clone());
        let head = self.service(service).and_then(|known| known.head.clone());
        let commit = match build {
            Build::Commit(commit) => Some(commit),
            Build::Running => running.or(head),
            Build::Head => head,
        };
        if let Some(last) = self
            .deployments
            .iter_mut()
            .rev()
            .find(|known| known.environment == environment && known.service == service)
        {
            last.served |= last.status() == "SUCCESS";
            last.course = ["REMOVED"].into();
        }
        let (id, created) = (self.ids.next(), self.clock.tick());
        self.unfreshen(environment, service);
        let variables = self.deployed_variables(environment, service);
        self.deployments.push(Deployment {
            id: id.clone(),
            environment: environment.to_owned(),
            service: service.to_owned(),
            created,
            course: switches.deployment_course.clone().into(),
            served: false,
            commit,
            snapshot: true,
            variables,
            cause,
        });
        id
    }

    /// A sealed value is no longer readable once the service was deployed with it.
    fn unfreshen(&mut self, environment: &str, service: &str) {
        for scope in [None, Some(service)] {
            let fresh: Vec<String> = self
                .environment(environment)
                .and_then(|known| known.scopes.get(&scope.map(str::to_owned)))
                .into_iter()
                .flat_map(|variables| variables.iter())
                .filter(|(_, variable)| variable.fresh)
                .map(|(name, _)| name.clone())
                .collect();
            for name in fresh {
                if let Some(variable) = self.scope_mut(environment, scope).get_mut(&name) {
                    variable.fresh = false;
                }
            }
        }
    }

    /// Deploys each of these services once, those that others refer to first.
    pub fn deploy_each(
        &mut self,
        switches: &Switches,
        environment: &str,
        services: &BTreeSet<String>,
        cause: &'static str,
    ) {
        let (mut ordered, mut seen) = (Vec::new(), BTreeSet::new());
        for service in services {
            self.order(environment, service, services, &mut seen, &mut ordered);
        }
        let build = |switches: &Switches| {
            if switches.writes_build_the_head {
                Build::Head
            } else {
                Build::Running
            }
        };
        for service in ordered {
            if self.lives_in(environment, &service) {
                self.deploy(switches, environment, &service, build(switches), cause);
            }
        }
    }

    fn order(
        &self,
        environment: &str,
        service: &str,
        wanted: &BTreeSet<String>,
        seen: &mut BTreeSet<String>,
        ordered: &mut Vec<String>,
    ) {
        if !seen.insert(service.to_owned()) {
            return;
        }
        for target in self.refers_to(environment, service) {
            if wanted.contains(&target) {
                self.order(environment, &target, wanted, seen, ordered);
            }
        }
        ordered.push(service.to_owned());
    }

    /// Before the first request every service runs what is stored, as if deployed just now.
    pub fn settle(&mut self) {
        self.settled = true;
        let now = self.clock.tick();
        for index in 0..self.deployments.len() {
            let known = &self.deployments[index];
            if known.cause.is_empty() {
                let variables = self.deployed_variables(&known.environment, &known.service);
                let known = &mut self.deployments[index];
                known.variables = variables;
                known.created.clone_from(&now);
            }
        }
    }
}
