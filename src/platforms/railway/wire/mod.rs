//! The shapes of answers. Fields that we do not know are ignored; values go straight into
//! [`SecretValue`].

mod staged;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;

use jiff::Timestamp;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::SecretValue;

pub use staged::{Patch, ServicePatch, Staged, VariablePatch};
pub use values::{Values, VariablesAnswer};

/// A value on its way to the API: the one way to serialize a secret, to look at in review.
#[derive(Clone, Copy)]
pub struct Exposed<'a>(pub &'a SecretValue);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.expose())
    }
}

/// A text into a secret, or null. Its errors do not quote the text.
pub fn secret_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretValue>, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Option<SecretValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or null")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(SecretValue::new(text)))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    from.deserialize_any(Text)
}

/// [`secret_or_null`], for where a type is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretOrNull(pub Option<SecretValue>);

impl<'de> Deserialize<'de> for SecretOrNull {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        secret_or_null(from).map(Self)
    }
}

/// A time, or `None` where the text is none that we know: then nothing is concluded from it.
fn time_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection<T> {
    /// The items.
    pub edges: Vec<Edge<T>>,
    /// Whether there are more.
    pub page_info: PageInfo,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Edge<T> {
    /// The item.
    pub node: T,
}

/// Whether there are more items, and from where on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    /// More to come.
    pub has_next_page: bool,
    /// Where the next page begins.
    pub end_cursor: Option<String>,
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
    /// The last deployment.
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

/// What a project token says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectTokenNode<E = EnvironmentNode> {
    /// The one project.
    pub project_id: String,
    /// The one environment.
    pub environment_id: String,
    /// The project.
    pub project: Named,
    /// The environment.
    pub environment: E,
}

/// Answer to `PROJECT_TOKEN` and `PROJECT_TOKEN_ONLY`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectTokenAnswer<E = EnvironmentNode> {
    /// The token.
    pub project_token: ProjectTokenNode<E>,
}

/// The workspaces that a token reaches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WorkspacesNode {
    /// Id and name each.
    pub workspaces: Vec<Named>,
}

/// Answer to `API_TOKEN`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiTokenAnswer {
    /// The token's reach.
    pub api_token: WorkspacesNode,
}

/// Answer to `ME`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MeAnswer {
    /// The user's reach.
    pub me: WorkspacesNode,
}

/// Answer to `PROJECTS_PAGE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProjectsAnswer {
    /// One page.
    pub projects: Connection<Named>,
}

/// Answer to `PROJECT`, `ENVIRONMENTS_PAGE` and `SERVICES`, by what is in the project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProjectAnswer<P> {
    /// The project.
    pub project: P,
}

/// A project with its environments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectNode {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its workspace.
    pub workspace_id: Option<String>,
    /// Set where it is gone.
    pub deleted_at: Option<String>,
    /// The first ones.
    pub environments: Connection<EnvironmentEntry>,
}

/// The environments of a project, a page of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EnvironmentsOf {
    /// One page.
    pub environments: Connection<EnvironmentEntry>,
}

/// The services of a project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServicesOf {
    /// One page.
    pub services: Connection<Named>,
}

/// Answer to `ENVIRONMENT`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EnvironmentAnswer {
    /// The environment.
    pub environment: EnvironmentNode,
    /// Its project.
    pub project: Named,
}

/// Answer to the pages of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EnvironmentPage<E> {
    /// The environment.
    pub environment: E,
}

/// Service instances, a page of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstancesOf {
    /// One page.
    pub service_instances: Connection<InstanceNode>,
}

/// Names of variables, a page of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VariablesOf {
    /// One page.
    pub variables: Connection<VariableNode>,
}

/// Answer to `STAGED`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StagedAnswer {
    /// What is staged.
    #[serde(rename = "environmentStagedChanges")]
    pub staged: Staged,
}

/// Answer to `STAGE`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StageAnswer {
    /// All that is staged now.
    #[serde(rename = "environmentStageChanges")]
    pub staged: Staged,
}

/// Answer to `COMMIT_PATCH`, `COMMIT_PATCH_SKIPPING` and `COMMIT_STAGED`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommitAnswer {
    /// The workflow to poll.
    #[serde(
        alias = "environmentPatchCommit",
        alias = "environmentPatchCommitStaged"
    )]
    pub workflow_id: String,
}

/// Answer to `WORKFLOW`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WorkflowAnswer {
    /// The workflow.
    #[serde(rename = "workflowStatus")]
    pub workflow: WorkflowNode,
}

/// How far a workflow is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WorkflowNode {
    /// Its state.
    pub status: WorkflowStatus,
    /// Whether it says what went wrong. The text is dropped: it may quote values.
    #[serde(default, rename = "error", deserialize_with = "is_there")]
    pub has_error: bool,
}

/// The states of a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum WorkflowStatus {
    /// Done.
    Complete,
    /// Failed.
    Error,
    /// Not known, or not known yet.
    NotFound,
    /// Under way.
    Running,
    /// A state that was added later.
    #[serde(other)]
    Unknown,
}

fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(secret_or_null(from)?.is_some())
}

/// Answer to `MUTATION_ARGUMENTS`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MutationArguments {
    #[serde(rename = "__type")]
    mutation: Option<MutationType>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct MutationType {
    fields: Vec<FieldArguments>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct FieldArguments {
    name: String,
    args: Vec<ArgumentName>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ArgumentName {
    name: String,
}

impl MutationArguments {
    /// Whether the mutation takes the argument.
    pub fn has(&self, mutation: &str, argument: &str) -> bool {
        let fields = self.mutation.iter().flat_map(|mutation| &mutation.fields);
        fields
            .filter(|field| field.name == mutation)
            .flat_map(|field| &field.args)
            .any(|known| known.name == argument)
    }
}
