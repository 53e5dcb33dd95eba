//! Answers, one for each document.

use serde::{Deserialize, Deserializer};

use super::{
    Connection, EnvironmentEntry, EnvironmentNode, InstanceNode, Named, Staged, VariableNode,
    secret_or_null,
};

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
