//! Queries that do not depend on a count.

use super::Document;

macro_rules! page_info {
    () => {
        "pageInfo { hasNextPage endCursor }"
    };
}

macro_rules! instances {
    () => {
        concat!(
            "edges { node { serviceId serviceName deletedAt \
             latestDeployment { id status createdAt canRedeploy } } } ",
            page_info!()
        )
    };
}

macro_rules! variables_meta {
    () => {
        concat!(
            "edges { node { name serviceId environmentId isSealed updatedAt } } ",
            page_info!()
        )
    };
}

macro_rules! environment {
    () => {
        concat!(
            "id name projectId isEphemeral canAccess deletedAt unmergedChangesCount \
             serviceInstances(first: 500) { ",
            instances!(),
            " } variables(first: 10000) { ",
            variables_meta!(),
            " }"
        )
    };
}

macro_rules! projects {
    () => {
        concat!(
            "edges { node { id name deletedAt workspaceId } } ",
            page_info!()
        )
    };
}

macro_rules! environments {
    () => {
        concat!(
            "edges { node { id name isEphemeral canAccess deletedAt } } ",
            page_info!()
        )
    };
}

/// Who a project token is, and everything of its environment but the values.
pub const PROJECT_TOKEN: Document = Document::fixed(
    "ProjectToken",
    concat!(
        "query ProjectToken { projectToken { projectId environmentId \
         project { id name workspaceId deletedAt } environment { ",
        environment!(),
        " } } }"
    ),
    1,
);

/// Who a project token is, and no more: for when the rest is refused.
pub const PROJECT_TOKEN_ONLY: Document = Document::fixed(
    "ProjectTokenOnly",
    "query ProjectTokenOnly { projectToken { projectId environmentId \
     project { id name workspaceId deletedAt } environment { id name } } }",
    1,
);

/// Which workspaces a token of an account or a workspace reaches.
pub const API_TOKEN: Document = Document::fixed(
    "ApiToken",
    "query ApiToken { apiToken { workspaces { id name } } }",
    1,
);

/// The same for a token of `railway login`.
pub const ME: Document = Document::fixed("Me", "query Me { me { id workspaces { id name } } }", 1);

/// More projects of a workspace. Variables: `workspaceId`, `after`.
pub const PROJECTS_PAGE: Document = Document::fixed(
    "ProjectsPage",
    concat!(
        "query ProjectsPage($workspaceId: String!, $after: String!) { \
         projects(workspaceId: $workspaceId, first: 500, after: $after) { ",
        projects!(),
        " } }"
    ),
    1,
);

/// A project with its environments. Variables: `projectId`.
pub const PROJECT: Document = Document::fixed(
    "Project",
    concat!(
        "query Project($projectId: String!) { project(id: $projectId) { \
         id name workspaceId deletedAt environments(first: 500) { ",
        environments!(),
        " } } }"
    ),
    1,
);

/// More environments of a project. Variables: `projectId`, `after`.
pub const ENVIRONMENTS_PAGE: Document = Document::fixed(
    "EnvironmentsPage",
    concat!(
        "query EnvironmentsPage($projectId: String!, $after: String!) { \
         project(id: $projectId) { environments(first: 500, after: $after) { ",
        environments!(),
        " } } }"
    ),
    1,
);

/// All services of a project, also those without an instance in an environment: to explain a miss.
/// Variables: `projectId`.
pub const SERVICES: Document = Document::fixed(
    "Services",
    concat!(
        "query Services($projectId: String!) { project(id: $projectId) { \
         services(first: 1000) { edges { node { id name deletedAt } } ",
        page_info!(),
        " } } }"
    ),
    1,
);

/// An environment, everything but the values, and its project's name. Variables: `environmentId`,
/// `projectId`.
pub const ENVIRONMENT: Document = Document::fixed(
    "Environment",
    concat!(
        "query Environment($environmentId: String!, $projectId: String!) { \
         environment(id: $environmentId, projectId: $projectId) { ",
        environment!(),
        " } project(id: $projectId) { id name workspaceId deletedAt } }"
    ),
    2,
);

/// More service instances. Variables: `environmentId`, `projectId`, `after`.
pub const INSTANCES_PAGE: Document = Document::fixed(
    "InstancesPage",
    concat!(
        "query InstancesPage($environmentId: String!, $projectId: String!, $after: String!) { \
         environment(id: $environmentId, projectId: $projectId) { \
         serviceInstances(first: 500, after: $after) { ",
        instances!(),
        " } } }"
    ),
    1,
);

/// More variables' names. Variables: `environmentId`, `projectId`, `after`.
pub const VARIABLES_META_PAGE: Document = Document::fixed(
    "VariablesMetaPage",
    concat!(
        "query VariablesMetaPage($environmentId: String!, $projectId: String!, $after: String!) { \
         environment(id: $environmentId, projectId: $projectId) { \
         variables(first: 10000, after: $after) { ",
        variables_meta!(),
        " } } }"
    ),
    1,
);

/// What is staged in an environment. Variables: `environmentId`; `decrypt` where the values are
/// wanted.
pub const STAGED: Document = Document::fixed(
    "Staged",
    "query Staged($environmentId: String!, $decrypt: Boolean) { \
     environmentStagedChanges(environmentId: $environmentId) { \
     id status patch(decryptVariables: $decrypt) } }",
    1,
);

/// How far a commit is. Variables: `workflowId`.
pub const WORKFLOW: Document = Document::fixed(
    "Workflow",
    "query Workflow($workflowId: String!) { workflowStatus(workflowId: $workflowId) { \
     status error } }",
    1,
);

/// Which arguments the server's mutations have today.
pub const MUTATION_ARGUMENTS: Document = Document::fixed(
    "MutationArguments",
    "query MutationArguments { __type(name: \"Mutation\") { fields { name args { name } } } }",
    1,
);

/// For the built ones.
pub(super) const PROJECTS_SELECTION: &str = projects!();
