//! What a token is: found out by asking. Each wrong guess is answered like a wrong token, so it is
//! called wrong only after all three questions.

use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::documents::{API_TOKEN, Document, ME, PROJECT_TOKEN, PROJECT_TOKEN_ONLY};
use super::{Answer, Api, ApiError, Deadline};
use crate::platforms::railway::token::{Auth, Scheme, Token};
use crate::platforms::railway::wire::{
    ApiTokenAnswer, MeAnswer, Named, ProjectTokenAnswer, ProjectTokenNode,
};

/// What a token reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// One environment of one project.
    Project(ProjectAccess),
    /// Workspaces: a token of an account, of a workspace, or of `railway login`.
    Workspaces(Vec<Workspace>),
}

/// The one environment of a project token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectAccess {
    /// The project's id.
    pub project_id: String,
    /// The project's name.
    pub project_name: String,
    /// The environment's id.
    pub environment_id: String,
    /// The environment's name.
    pub environment_name: String,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A token, how it is shown, and what it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// For requests.
    pub auth: Auth,
    /// What it reaches.
    pub access: Access,
}

/// What asking came to. A project token's answer holds its whole environment; whoever asked first may
/// use it as a read of now.
#[derive(Debug)]
pub struct Identified {
    /// Kept for the run.
    pub identity: Arc<Identity>,
    /// Only if this call was the one that asked.
    pub fresh: Option<Box<ProjectTokenNode>>,
}

/// Why it is not known what a token is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The API said no to all three questions.
    #[error(
        "the token in {variable} is not accepted by Railway, neither as a project token nor as \
         one of an account or workspace"
    )]
    NotAccepted {
        /// Where it came from.
        variable: String,
    },
    /// No answer to be had.
    #[error("{0}")]
    Api(ApiError),
}

impl AccessError {
    /// The next thing to do, where there is one.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotAccepted { variable } => Some(format!(
                "expired, revoked or mistyped? Make a new one (one environment: the project's \
                 settings, Tokens; several projects: railway.com/account/tokens) and put it into \
                 {variable}"
            )),
            Self::Api(error) => error.fault.help(),
        }
    }
}

/// What is known already, by token.
pub(super) type Cache = Mutex<Vec<(Token, Arc<OnceCell<Arc<Identity>>>)>>;

enum Probe {
    Is(Access, Option<Box<ProjectTokenNode>>),
    /// The token was refused: it is not of this kind.
    IsNot,
    /// Something else was wrong.
    Unclear(ApiError),
}

impl Api {
    /// What a token is; asked once in a run.
    ///
    /// # Errors
    /// When it is nothing, or there is no answer.
    pub async fn identify(
        &self,
        token: &Token,
        limit: Deadline,
    ) -> Result<Identified, AccessError> {
        let cell = self.cell(token);
        let mut fresh = None;
        let identity = cell
            .get_or_try_init(|| async {
                let (identity, environment) = self.probe(token, limit).await?;
                fresh = environment;
                Ok::<_, AccessError>(Arc::new(identity))
            })
            .await?
            .clone();
        Ok(Identified { identity, fresh })
    }

    fn cell(&self, token: &Token) -> Arc<OnceCell<Arc<Identity>>> {
        let mut all = self.identities.lock().expect("no holder panics");
        if let Some((_, cell)) = all.iter().find(|(known, _)| known == token) {
            return cell.clone();
        }
        let cell = Arc::new(OnceCell::new());
        all.push((token.clone(), cell.clone()));
        cell
    }

    async fn probe(
        &self,
        token: &Token,
        limit: Deadline,
    ) -> Result<(Identity, Option<Box<ProjectTokenNode>>), AccessError> {
        let mut unclear = None;
        let questions = if token.is_probably_project() {
            [Question::ProjectToken, Question::ApiToken, Question::Me]
        } else {
            [Question::ApiToken, Question::ProjectToken, Question::Me]
        };
        for question in questions {
            let auth = Auth {
                token: token.clone(),
                scheme: question.scheme(),
            };
            let probe = match question {
                Question::ProjectToken => self.probe_project(&auth, limit).await,
                Question::ApiToken => {
                    self.probe_workspaces(&auth, &API_TOKEN, limit, |answer: ApiTokenAnswer| {
                        answer.api_token.workspaces
                    })
                    .await
                }
                Question::Me => {
                    self.probe_workspaces(&auth, &ME, limit, |answer: MeAnswer| {
                        answer.me.workspaces
                    })
                    .await
                }
            };
            match probe.map_err(AccessError::Api)? {
                Probe::Is(access, fresh) => return Ok((Identity { auth, access }, fresh)),
                Probe::IsNot => {}
                Probe::Unclear(error) => unclear = unclear.or(Some(error)),
            }
        }
        Err(match unclear {
            Some(error) => AccessError::Api(error),
            None => AccessError::NotAccepted {
                variable: token.variable().to_owned(),
            },
        })
    }

    /// With the whole environment; and if something of that is refused, without.
    async fn probe_project(&self, auth: &Auth, limit: Deadline) -> Result<Probe, ApiError> {
        let answer = self
            .query(auth, &PROJECT_TOKEN, &NoVariables {}, limit)
            .await?;
        let probe = judge(answer, &PROJECT_TOKEN, |answer: ProjectTokenAnswer| {
            let node = answer.project_token;
            let access = project_access(&node, &node.environment.name);
            Probe::Is(access, Some(Box::new(node)))
        });
        if !matches!(probe, Probe::Unclear(_)) {
            return Ok(probe);
        }
        let answer = self
            .query(auth, &PROJECT_TOKEN_ONLY, &NoVariables {}, limit)
            .await?;
        Ok(judge(
            answer,
            &PROJECT_TOKEN_ONLY,
            |answer: ProjectTokenAnswer<Named>| {
                let node = answer.project_token;
                Probe::Is(project_access(&node, &node.environment.name), None)
            },
        ))
    }

    async fn probe_workspaces<T: DeserializeOwned>(
        &self,
        auth: &Auth,
        document: &Document,
        limit: Deadline,
        pick: fn(T) -> Vec<Named>,
    ) -> Result<Probe, ApiError> {
        let answer = self.query(auth, document, &NoVariables {}, limit).await?;
        Ok(judge(answer, document, |answer| {
            let workspaces = pick(answer).into_iter();
            let workspace = |named: Named| Workspace {
                id: named.id,
                name: named.name,
            };
            Probe::Is(
                Access::Workspaces(workspaces.map(workspace).collect()),
                None,
            )
        }))
    }
}

#[derive(Clone, Copy)]
enum Question {
    ProjectToken,
    ApiToken,
    Me,
}

impl Question {
    fn scheme(self) -> Scheme {
        match self {
            Self::ProjectToken => Scheme::Project,
            Self::ApiToken | Self::Me => Scheme::Bearer,
        }
    }
}

#[derive(serde::Serialize)]
struct NoVariables {}

fn project_access<E>(node: &ProjectTokenNode<E>, environment_name: &str) -> Access {
    Access::Project(ProjectAccess {
        project_id: node.project_id.clone(),
        project_name: node.project.name.clone(),
        environment_id: node.environment_id.clone(),
        environment_name: environment_name.to_owned(),
    })
}

fn judge<T>(answer: Answer<T>, document: &Document, is: impl FnOnce(T) -> Probe) -> Probe {
    if answer.data.is_none() && answer.errors.iter().any(super::GraphError::refuses_token) {
        return Probe::IsNot;
    }
    match answer.into_essential(document) {
        Ok(data) => is(data),
        Err(error) => Probe::Unclear(error),
    }
}
