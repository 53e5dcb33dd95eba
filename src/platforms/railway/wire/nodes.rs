//! Things: projects, environments, services, deployments, names of variables.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::Connection;

/// A time, or `None` where the text is none that we know: then nothing is concluded from it.
pub(super) fn time_or_none<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// A project, a service, a workspace: id and name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name, which need not be unique.
    pub name: String,
    /// The workspace of a project.
    #[serde(default)]
    pub workspace_id: Option<String>,
    /// Set where it is gone.
    #[serde(default)]
    pub deleted_at: Option<String>,
}

/// An environment in a project's list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentEntry {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether the caller may enter it.
    pub can_access: bool,
    /// Set where it is gone.
    pub deleted_at: Option<String>,
}

/// An environment, everything but the values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentNode {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its project's id.
    pub project_id: String,
    /// Whether it belongs to a pull request.
    pub is_ephemeral: bool,
    /// Whether the caller may enter it.
    pub can_access: bool,
    /// Set where it is gone.
    pub deleted_at: Option<String>,
    /// Staged changes that nobody committed.
    pub unmerged_changes_count: Option<u64>,
    /// Its services.
    pub service_instances: Connection<InstanceNode>,
    /// The names of its variables.
    pub variables: Connection<VariableNode>,
}

/// A service in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceNode {
    /// The service's id.
    pub service_id: String,
    /// The service's name.
    pub service_name: String,
    /// Set where it is gone.
    pub deleted_at: Option<String>,
    /// The last deployment; null also where it could not be read.
    pub latest_deployment: Option<DeploymentNode>,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentNode {
    /// Its id.
    pub id: String,
    /// For example `SUCCESS`.
    pub status: String,
    /// When it was made, where we understand the text.
    #[serde(deserialize_with = "time_or_none")]
    pub created_at: Option<Timestamp>,
    /// Whether it could be deployed again.
    pub can_redeploy: bool,
}

/// A variable without its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableNode {
    /// Its name.
    pub name: String,
    /// Its service; `None` for a shared one.
    pub service_id: Option<String>,
    /// Whether its value cannot be read by anyone.
    pub is_sealed: bool,
    /// When it was last changed, where we understand the text.
    #[serde(deserialize_with = "time_or_none")]
    pub updated_at: Option<Timestamp>,
}
