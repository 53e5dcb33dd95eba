//! Every GraphQL text that is sent, in one place: a test holds each of them against the published
//! schema. `Variable.service`, `.environment` and `.plugin` are never selected: for a shared variable
//! they make the whole query fail.

use std::borrow::Cow;
use std::fmt::Write;

/// Most aliased fields in one request. Railway publishes no limit; 50 services and the shared
/// variables fit two requests.
pub const MAX_ALIASES: usize = 26;

/// One operation: what is sent, and what it is called in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The operation's name.
    pub name: &'static str,
    /// The text.
    pub text: Cow<'static, str>,
    /// How many root fields it has. They run in order: with more than one, an error does not mean
    /// that nothing was done.
    pub fields: usize,
}

impl Document {
    const fn fixed(name: &'static str, text: &'static str, fields: usize) -> Self {
        Self {
            name,
            text: Cow::Borrowed(text),
            fields,
        }
    }
}

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

/// Applies a patch at once. Variables: `environmentId`, `patch`, `message`.
pub const COMMIT_PATCH: Document = Document::fixed(
    "CommitPatch",
    "mutation CommitPatch($environmentId: String!, $patch: EnvironmentConfig!, $message: String) { \
     environmentPatchCommit(environmentId: $environmentId, patch: $patch, \
     commitMessage: $message) }",
    1,
);

/// The same, and says whether to deploy: only for servers that list the argument
/// ([`MUTATION_ARGUMENTS`]); the published schema does not. Variables as above, and `skipDeploys`.
pub const COMMIT_PATCH_SKIPPING: Document = Document::fixed(
    "CommitPatchSkipping",
    "mutation CommitPatchSkipping($environmentId: String!, $patch: EnvironmentConfig!, \
     $message: String, $skipDeploys: Boolean) { \
     environmentPatchCommit(environmentId: $environmentId, patch: $patch, \
     commitMessage: $message, skipDeploys: $skipDeploys) }",
    1,
);

/// Adds to what is staged. Variables: `environmentId`, `patch`.
pub const STAGE: Document = Document::fixed(
    "Stage",
    "mutation Stage($environmentId: String!, $patch: EnvironmentConfig!) { \
     environmentStageChanges(environmentId: $environmentId, input: $patch, merge: true) { \
     id status patch } }",
    1,
);

/// Commits everything that is staged, whoever staged it. Variables: `environmentId`, `message`,
/// `skipDeploys`.
pub const COMMIT_STAGED: Document = Document::fixed(
    "CommitStaged",
    "mutation CommitStaged($environmentId: String!, $message: String, $skipDeploys: Boolean) { \
     environmentPatchCommitStaged(environmentId: $environmentId, commitMessage: $message, \
     skipDeploys: $skipDeploys) }",
    1,
);

/// All documents that do not depend on a count.
pub const FIXED: [&Document; 18] = [
    &PROJECT_TOKEN,
    &PROJECT_TOKEN_ONLY,
    &API_TOKEN,
    &ME,
    &PROJECTS_PAGE,
    &PROJECT,
    &ENVIRONMENTS_PAGE,
    &SERVICES,
    &ENVIRONMENT,
    &INSTANCES_PAGE,
    &VARIABLES_META_PAGE,
    &STAGED,
    &WORKFLOW,
    &MUTATION_ARGUMENTS,
    &COMMIT_PATCH,
    &COMMIT_PATCH_SKIPPING,
    &STAGE,
    &COMMIT_STAGED,
];

/// Unrendered variables of the shared scope (alias `shared`) and of `services` services (aliases and
/// variables `s0`…), with what is staged (`staged`) beside them if asked for. Variables, too:
/// `projectId`, `environmentId`.
///
/// # Panics
/// When asked for nothing, or for more than [`MAX_ALIASES`] scopes.
pub fn variables(shared: bool, services: usize, staged: bool) -> Document {
    let scopes = services + usize::from(shared);
    assert!(
        (1..=MAX_ALIASES).contains(&scopes),
        "the caller splits scopes"
    );
    let mut text = String::from("query Variables($projectId: String!, $environmentId: String!");
    for at in 0..services {
        push(&mut text, format_args!(", $s{at}: String!"));
    }
    text.push_str(") {");
    let scope = "variables(projectId: $projectId, environmentId: $environmentId";
    if shared {
        push(
            &mut text,
            format_args!(" shared: {scope}, unrendered: true)"),
        );
    }
    for at in 0..services {
        push(
            &mut text,
            format_args!(" s{at}: {scope}, serviceId: $s{at}, unrendered: true)"),
        );
    }
    if staged {
        text.push_str(
            " staged: environmentStagedChanges(environmentId: $environmentId) { id status patch }",
        );
    }
    text.push_str(" }");
    Document {
        name: "Variables",
        text: text.into(),
        fields: scopes + usize::from(staged),
    }
}

/// The first projects of several workspaces: aliases and variables `w0`….
///
/// # Panics
/// When asked for none, or for more than [`MAX_ALIASES`].
pub fn projects(workspaces: usize) -> Document {
    let root = |at| {
        format!(
            "w{at}: projects(workspaceId: $w{at}, first: 500) {{ {} }}",
            projects!()
        )
    };
    aliased(
        "query",
        "Projects",
        workspaces,
        |at| format!("$w{at}: String!"),
        root,
    )
}

/// Sets variables of several scopes, each its own root field: aliases and variables `u0`…, of type
/// `VariableCollectionUpsertInput`, which must not hold `replace`.
///
/// # Panics
/// When asked for none, or for more than [`MAX_ALIASES`].
pub fn upserts(scopes: usize) -> Document {
    aliased(
        "mutation",
        "Upserts",
        scopes,
        |at| format!("$u{at}: VariableCollectionUpsertInput!"),
        |at| format!("u{at}: variableCollectionUpsert(input: $u{at})"),
    )
}

fn aliased(
    kind: &str,
    name: &'static str,
    count: usize,
    variable: impl Fn(usize) -> String,
    root: impl Fn(usize) -> String,
) -> Document {
    assert!(
        (1..=MAX_ALIASES).contains(&count),
        "the caller splits what it asks for"
    );
    let variables: Vec<_> = (0..count).map(variable).collect();
    let roots: Vec<_> = (0..count).map(root).collect();
    Document {
        name,
        text: format!(
            "{kind} {name}({}) {{ {} }}",
            variables.join(", "),
            roots.join(" ")
        )
        .into(),
        fields: count,
    }
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a String takes everything");
}
