//! What the fake holds: workspaces, projects, environments, services, variables, deployments,
//! patches and tokens, as plain data.

pub mod commit;
pub mod config;
pub mod deploys;
pub mod lag;
pub mod references;
pub mod tokens;
pub mod variables;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::ids::{Clock, Ids};
use lag::Past;
use tokens::Token;

/// The variables of one service in one environment, or the shared ones.
pub type Variables = BTreeMap<String, Variable>;

/// The scopes of one environment: a service id, or `None` for the shared variables.
pub type Scopes = BTreeMap<Option<String>, Arc<Variables>>;

#[derive(Debug, Default)]
pub struct World {
    pub ids: Ids,
    pub clock: Clock,
    pub workspaces: Vec<Workspace>,
    pub projects: Vec<Project>,
    pub environments: Vec<Environment>,
    pub services: Vec<Service>,
    pub instances: Vec<Instance>,
    pub deployments: Vec<Deployment>,
    pub patches: Vec<Applied>,
    pub audits: Vec<Audit>,
    pub workflows: BTreeMap<String, Workflow>,
    pub tokens: BTreeMap<String, Token>,
    /// Whether a request was served: from then on nothing is deployed by itself.
    pub settled: bool,
}

#[derive(Debug, Clone)]
pub struct Workspace {
    pub id: String,
    pub name: String,
    /// `FREE`, `HOBBY` or `PRO`.
    pub plan: &'static str,
    pub created: String,
}

#[derive(Debug, Clone)]
pub struct Project {
    pub id: String,
    pub name: String,
    pub workspace: String,
    pub created: String,
    pub deleted: Option<String>,
}

#[derive(Debug)]
pub struct Environment {
    pub id: String,
    pub name: String,
    pub project: String,
    pub created: String,
    pub deleted: Option<String>,
    pub ephemeral: bool,
    pub can_access: bool,
    pub scopes: Scopes,
    /// The configuration apart from variables: `services.<id>.deploy` and the like.
    pub rest: Value,
    pub staged: Option<Staged>,
    pub past: Vec<Past>,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub id: String,
    pub name: String,
    pub project: String,
    pub created: String,
    pub deleted: Option<String>,
    /// The head of the branch that is built; `None` for an image.
    pub head: Option<String>,
}

/// A service in an environment.
#[derive(Debug, Clone)]
pub struct Instance {
    pub id: String,
    pub environment: String,
    pub service: String,
    pub created: String,
    pub deleted: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Variable {
    pub id: String,
    /// The text as written, references and all. Sealed ones keep it for the deployments.
    pub raw: String,
    pub sealed: bool,
    /// Sealed, but readable until the next deployment.
    pub fresh: bool,
    pub created: String,
    pub updated: String,
}

#[derive(Debug, Clone)]
pub struct Staged {
    pub id: String,
    pub patch: Value,
    pub author: String,
    /// Being applied by a commit that is under way.
    pub applying: bool,
    pub created: String,
    pub updated: String,
}

/// A patch that was committed.
#[derive(Debug, Clone)]
pub struct Applied {
    pub id: String,
    pub environment: String,
    pub patch: Value,
    pub message: Option<String>,
    pub by: Option<String>,
    pub status: &'static str,
    pub error: Option<String>,
    pub created: String,
    pub applied: Option<String>,
    /// A write without a commit: an upsert, a delete, an edit of somebody.
    pub direct: bool,
}

/// An entry of a workspace's audit log.
#[derive(Debug, Clone)]
pub struct Audit {
    pub id: String,
    pub environment: String,
    pub kind: &'static str,
    pub by: Option<String>,
    pub created: String,
}

#[derive(Debug, Clone)]
pub struct Deployment {
    pub id: String,
    pub environment: String,
    pub service: String,
    pub created: String,
    /// What `status` says on one look after another; the last stays.
    pub course: VecDeque<&'static str>,
    /// Whether it was ever the one that runs.
    pub served: bool,
    /// The commit that was built; `None` for an image.
    pub commit: Option<String>,
    /// Whether something was built that can be deployed again.
    pub snapshot: bool,
    /// The rendered variables that the service got.
    pub variables: BTreeMap<String, String>,
    /// The mutation field that caused it; empty for those of the beginning.
    pub cause: &'static str,
}

/// The work that a commit started.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub polls: u32,
    pub not_found: u32,
    pub running: u32,
    pub error: Option<String>,
    /// What is still to be applied when it completes.
    pub pending: Option<Commit>,
}

#[derive(Debug, Clone)]
pub struct Commit {
    pub environment: String,
    pub patch: Value,
    pub skip_deploys: bool,
    pub clears_staged: bool,
    pub message: Option<String>,
    pub by: Option<String>,
    pub cause: &'static str,
}

impl World {
    pub fn workspace(&self, id: &str) -> Option<&Workspace> {
        self.workspaces.iter().find(|known| known.id == id)
    }

    pub fn project(&self, id: &str) -> Option<&Project> {
        self.projects.iter().find(|known| known.id == id)
    }

    pub fn environment(&self, id: &str) -> Option<&Environment> {
        self.environments.iter().find(|known| known.id == id)
    }

    pub fn environment_mut(&mut self, id: &str) -> &mut Environment {
        self.environments
            .iter_mut()
            .find(|known| known.id == id)
            .expect("ids of environments come from this world")
    }

    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|known| known.id == id)
    }

    pub fn instance(&self, environment: &str, service: &str) -> Option<&Instance> {
        self.instances
            .iter()
            .find(|known| known.environment == environment && known.service == service)
    }

    /// Whether the service can be written and deployed in the environment.
    pub fn lives_in(&self, environment: &str, service: &str) -> bool {
        self.service(service)
            .is_some_and(|known| known.deleted.is_none())
            && self
                .instance(environment, service)
                .is_some_and(|known| known.deleted.is_none())
    }

    /// The services that live in the environment, in the order of their making.
    pub fn services_in(&self, environment: &str) -> Vec<&Service> {
        self.services
            .iter()
            .filter(|service| self.lives_in(environment, &service.id))
            .collect()
    }
}
