//! Why a place was not found, and what to do about it.

use super::environment::ServiceMiss;
use super::near::listed;
use crate::platforms::ReadError;
use crate::platforms::railway::api::{AccessError, ApiError};
use crate::platforms::railway::token::TokenError;

/// Why what the manifest names was not found. Names and ids only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what the fields are")]
pub enum ResolveError {
    /// No token.
    #[error("{0}")]
    Token(TokenError),
    /// The token is nothing, or could not be asked about.
    #[error("{0}")]
    Access(AccessError),
    /// The API.
    #[error("{0}")]
    Api(ApiError),
    /// The token is for another place.
    #[error(
        "the token in {variable} is for the {what} `{name}` ({id}), and the manifest says `{wanted}`"
    )]
    OtherPlace {
        variable: String,
        what: &'static str,
        name: String,
        id: String,
        wanted: String,
    },
    /// No project of this name.
    #[error(
        "no project `{wanted}` in {}{}",
        workspaces_text(workspaces),
        failed_text(failed)
    )]
    NoProject {
        wanted: String,
        workspaces: Vec<String>,
        /// Workspaces that could not be read.
        failed: Vec<String>,
        near: Vec<String>,
    },
    /// Names of projects are not unique.
    #[error("more than one project is called `{wanted}`: {}", found.join(", "))]
    SeveralProjects {
        wanted: String,
        /// Ids, with their workspaces.
        found: Vec<String>,
    },
    /// No environment of this name.
    #[error("no environment `{wanted}` in the project `{project}`")]
    NoEnvironment {
        wanted: String,
        project: String,
        near: Vec<String>,
    },
    /// More than one, when upper and lower case are not told apart.
    #[error("`{wanted}` could be the {what}s {}", listed(names))]
    Ambiguous {
        what: &'static str,
        wanted: String,
        names: Vec<String>,
    },
    /// An id that is not there, or not for this token: the API does not say which.
    #[error("the {what} {id} is not there, or the token in {variable} does not reach it")]
    NotThere {
        what: &'static str,
        id: String,
        variable: String,
    },
    /// It was deleted.
    #[error("the {what} `{name}` ({id}) was deleted")]
    Deleted {
        what: &'static str,
        name: String,
        id: String,
    },
    /// The environment is another project's.
    #[error("the environment `{name}` ({id}) is not of the project {project}")]
    OtherProject {
        name: String,
        id: String,
        project: String,
    },
    /// The environment is restricted.
    #[error("the owner of the token in {variable} may not enter the environment `{name}` ({id})")]
    NoAccess {
        name: String,
        id: String,
        variable: String,
    },
    /// It is there, and what is in it is refused.
    #[error("the token in {variable} may not read what is in the environment {id}")]
    Restricted { id: String, variable: String },
    /// Not in this environment.
    #[error("no service `{wanted}` in the environment `{environment}` of `{project}`")]
    NoService {
        wanted: String,
        environment: String,
        project: String,
        near: Vec<String>,
    },
    /// In the project, and not in this environment.
    #[error(
        "the service `{name}` ({id}) of the project `{project}` has no instance in the environment \
         `{environment}`"
    )]
    NoInstance {
        name: String,
        id: String,
        environment: String,
        project: String,
    },
    /// A list that says that it goes on, and does not.
    #[error("the list of {what} could not be read to its end")]
    Endless { what: &'static str },
}

fn workspaces_text(workspaces: &[String]) -> String {
    match workspaces {
        [] => "any workspace: the token reaches none".to_owned(),
        [only] => format!("the workspace `{only}`"),
        several => format!("the workspaces {}", listed(several)),
    }
}

fn failed_text(failed: &[String]) -> String {
    match failed {
        [] => String::new(),
        some => format!("; not readable: {}", listed(some)),
    }
}

impl ResolveError {
    /// The next thing to do, where there is one.
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Token(error) => error.help(),
            Self::Access(error) => return error.help(),
            Self::Api(error) => return error.fault.help(),
            Self::OtherPlace { .. } => {
                "use the token of the environment that the manifest names; a target can name the \
                 variable of its own with `token: RAILWAY_TOKEN_…`"
                    .to_owned()
            }
            Self::NoProject { near, .. } => {
                const BY_ID: &str =
                    "a project of a workspace that is not listed is found by its id only";
                near_text(near).map_or_else(|| BY_ID.to_owned(), |near| format!("{near}; {BY_ID}"))
            }
            Self::NoEnvironment { near, .. } | Self::NoService { near, .. } => {
                return near_text(near);
            }
            Self::SeveralProjects { .. } => "write the id in place of the name".to_owned(),
            Self::Ambiguous { .. } => "write the name exactly, or the id".to_owned(),
            Self::NotThere { what, .. } => {
                format!("check the {what}'s id, or write its name, and what the token may reach")
            }
            Self::Deleted { .. } => "take the target out of the manifest, or name the one that \
                                     took its place"
                .to_owned(),
            Self::OtherProject { .. } => "check both ids in the manifest".to_owned(),
            Self::NoAccess { .. } => {
                "the environment is restricted: use a project token made in it, or the token of \
                 somebody who may enter it"
                    .to_owned()
            }
            Self::Restricted { .. } => {
                "its owner may be a viewer, or the environment restricted: use a project token made \
                 in it, or the token of a member who may see variables"
                    .to_owned()
            }
            Self::NoInstance { .. } => {
                "deploy the service to this environment first, or take the target out".to_owned()
            }
            Self::Endless { .. } => {
                "a part of a list is never taken for the whole: try again; if it stays so, report it"
                    .to_owned()
            }
        };
        Some(text)
    }
}

fn near_text(near: &[String]) -> Option<String> {
    match near {
        [] => None,
        [only] => Some(format!("there is `{only}`")),
        several => Some(format!("there are {}", listed(several))),
    }
}

impl From<ResolveError> for ReadError {
    fn from(error: ResolveError) -> Self {
        let retry_after = match &error {
            ResolveError::Api(api) | ResolveError::Access(AccessError::Api(api)) => {
                api.fault.retry_after()
            }
            _ => None,
        };
        Self {
            reason: error.to_string(),
            help: error.help(),
            retry_after,
        }
    }
}

impl From<ApiError> for ResolveError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<AccessError> for ResolveError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

impl From<TokenError> for ResolveError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl ServiceMiss {
    /// As an error, for where nothing more is known than this environment.
    pub(super) fn into_error(self, wanted: &str, environment: &str, project: &str) -> ResolveError {
        match self {
            Self::Several { names } => ResolveError::Ambiguous {
                what: "service",
                wanted: wanted.to_owned(),
                names,
            },
            Self::None { near } => ResolveError::NoService {
                wanted: wanted.to_owned(),
                environment: environment.to_owned(),
                project: project.to_owned(),
                near,
            },
        }
    }
}
