//! Tokens, their headers, and what each may see.

use super::super::execute::Fail;
use super::{Environment, Project, World};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Account,
    /// Bound to a workspace, by id.
    Workspace(String),
    /// Bound to an environment, by id.
    Project(String),
    /// What `railway login` gets.
    OAuth,
    /// A member who may look, but not at variables.
    Viewer,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub kind: Kind,
    pub expired: bool,
    /// When it was made, and its id and name.
    pub created: String,
    pub id: String,
}

/// Whom the headers of a request stand for.
#[derive(Debug, Clone)]
pub enum Caller {
    Known { kind: Kind, token: Token },
    Refused(Fail),
}

impl World {
    /// Finds the caller: `Project-Access-Token` goes before `Authorization: Bearer`.
    pub fn caller(&self, bearer: Option<&str>, project: Option<&str>) -> Caller {
        let text = project.or(bearer).unwrap_or_default();
        let token = self.tokens.get(text);
        let live = token.filter(|token| !token.expired);
        let is_project = |token: &Token| matches!(token.kind, Kind::Project(_));
        match (live, project.is_some()) {
            (Some(token), header) if is_project(token) == header => Caller::Known {
                kind: token.kind.clone(),
                token: token.clone(),
            },
            (None, true) => Caller::Refused(Fail::not_found("Project Token")),
            _ => Caller::Refused(Fail::not_authorized()),
        }
    }
}

impl Caller {
    pub fn kind(&self) -> Option<&Kind> {
        match self {
            Self::Known { kind, .. } => Some(kind),
            Self::Refused(_) => None,
        }
    }

    pub fn sees_workspace(&self, id: &str) -> bool {
        match self.kind() {
            Some(Kind::Account | Kind::OAuth | Kind::Viewer) => true,
            Some(Kind::Workspace(own)) => own == id,
            Some(Kind::Project(_)) | None => false,
        }
    }

    pub fn sees_project(&self, world: &World, project: &Project) -> bool {
        match self.kind() {
            Some(Kind::Project(own)) => world
                .environment(own)
                .is_some_and(|environment| environment.project == project.id),
            _ => self.sees_workspace(&project.workspace),
        }
    }

    /// Whether the environment itself, its services and its variables' names may be looked at.
    pub fn enters(&self, world: &World, environment: &Environment) -> bool {
        let bound = match self.kind() {
            Some(Kind::Project(own)) => *own == environment.id,
            _ => true,
        };
        let project = world.project(&environment.project);
        bound
            && environment.can_access
            && project.is_some_and(|project| self.sees_project(world, project))
    }

    pub fn handles_variables(&self) -> bool {
        !matches!(self.kind(), Some(Kind::Viewer) | None)
    }

    /// Who a patch says applied it.
    pub fn name(&self) -> Option<String> {
        matches!(self.kind(), Some(Kind::Account | Kind::OAuth)).then(|| "Ada".to_owned())
    }
}
