//! An environment as found: its services and the names of its variables, all pages of them.

use jiff::Timestamp;

use super::near;
use crate::platforms::railway::wire::{InstanceNode, VariableNode};

/// An environment that was found, and all that is known of it but the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The project's id.
    pub project_id: String,
    /// The project's name.
    pub project_name: String,
    /// The environment's id.
    pub environment_id: String,
    /// The environment's name.
    pub environment_name: String,
    /// The workspace's id.
    pub workspace_id: Option<String>,
    /// Whether the caller may enter it, in the words of the API. Never false with a token of an
    /// account or workspace: that is an error.
    pub can_access: bool,
    /// Whether it belongs to a pull request.
    pub is_ephemeral: bool,
    /// How many staged changes nobody committed yet, where the API says it.
    pub unmerged_changes: Option<u64>,
    /// The services that have an instance here.
    pub instances: Vec<Instance>,
    /// The names of all variables.
    pub variables: Vec<VariableMeta>,
}

/// A service in this environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The service's id.
    pub service_id: String,
    /// The service's name.
    pub service_name: String,
    /// The last deployment; `None` if there was none, or it could not be read.
    pub deployment: Option<Deployment>,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// For example `SUCCESS`.
    pub status: String,
    /// When it was made, where we understand the text.
    pub created_at: Option<Timestamp>,
    /// Whether it could be deployed again.
    pub can_redeploy: bool,
}

/// A variable without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableMeta {
    /// Its name.
    pub name: String,
    /// Its service; `None` for a shared one.
    pub service_id: Option<String>,
    /// Whether its value cannot be read by anyone.
    pub is_sealed: bool,
    /// When it was last changed, where we understand the text.
    pub updated_at: Option<Timestamp>,
}

/// Why a service is not one of those here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceMiss {
    /// None fits.
    None {
        /// Names here that look alike, or all if there are few.
        near: Vec<String>,
    },
    /// More than one fits, when upper and lower case are not told apart.
    Several {
        /// Their names.
        names: Vec<String>,
    },
}

impl Environment {
    /// The service of this id, else of this name, else the only one of this name in other letters'
    /// case. Only services with an instance here.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn service(&self, wanted: &str) -> Result<&Instance, ServiceMiss> {
        let all = || self.instances.iter();
        if let Some(found) = all().find(|one| one.service_id.eq_ignore_ascii_case(wanted)) {
            return Ok(found);
        }
        if let Some(found) = all().find(|one| one.service_name == wanted) {
            return Ok(found);
        }
        let alike: Vec<_> = all()
            .filter(|one| near::same_but_for_case(&one.service_name, wanted))
            .collect();
        match alike.as_slice() {
            [only] => Ok(only),
            [] => Err(ServiceMiss::None {
                near: near::names(wanted, all().map(|one| one.service_name.as_str())),
            }),
            several => Err(ServiceMiss::Several {
                names: several.iter().map(|one| one.service_name.clone()).collect(),
            }),
        }
    }

    /// The variables of a service, or the shared ones.
    pub fn variables_of(&self, service_id: Option<&str>) -> impl Iterator<Item = &VariableMeta> {
        let all = self.variables.iter();
        all.filter(move |variable| variable.service_id.as_deref() == service_id)
    }
}

impl From<InstanceNode> for Instance {
    fn from(node: InstanceNode) -> Self {
        Self {
            service_id: node.service_id,
            service_name: node.service_name,
            deployment: node.latest_deployment.map(|deployment| Deployment {
                id: deployment.id,
                status: deployment.status,
                created_at: deployment.created_at,
                can_redeploy: deployment.can_redeploy,
            }),
        }
    }
}

impl From<VariableNode> for VariableMeta {
    fn from(node: VariableNode) -> Self {
        Self {
            name: node.name,
            service_id: node.service_id,
            is_sealed: node.is_sealed,
            updated_at: node.updated_at,
        }
    }
}
